"""A summary of the turns that no longer fit, by the model or taken from their own words."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence

from morgan_core.errors import MorganError
from morgan_core.llm.base import ChatMessage, ChatModel, Delta, Finished
from morgan_core.retrieval.sentences import sentences
from morgan_core.sanitise import sanitise
from morgan_core.storage.conversations import Transcript

MODEL_SECONDS = 30.0
MODEL_TOKENS = 200

EXTRACT_SHARE = 0.1
"""Of the window, at most, for an extract."""

QUESTION_LENGTH = 200

_ASK = (
    "Before we go on: summarise this conversation in at most eight short sentences, for yourself. "
    "Keep names, numbers, dates and what I asked for; leave out source numbers. Write only the "
    "summary."
)
_marks = re.compile(r"\s*\[\d+(?:\s*,\s*\d+)*\]")

log = logging.getLogger(__name__)


async def summarise(model: ChatModel, conversation: Sequence[ChatMessage]) -> str | None:
    """What the model makes of ``conversation``, which it has read already; None when there is no
    room for it in the window, when it takes too long, fails, or does not come to an end."""
    asked = [*conversation, ChatMessage(role="user", content=_ASK)]
    if await model.count_tokens(asked) + MODEL_TOKENS > model.context_tokens:
        return None
    text, ended = "", False
    try:
        async with asyncio.timeout(MODEL_SECONDS):
            async for part in model.generate(asked, max_tokens=MODEL_TOKENS, temperature=0.0):
                if isinstance(part, Delta):
                    text += part.text
                elif isinstance(part, Finished):
                    ended = part.reason == "end"
    except (MorganError, TimeoutError) as error:
        log.info("earlier turns are kept as an extract: %s", error or "the model took too long")
        return None
    text = " ".join(_marks.sub("", sanitise(text)).split())
    return text if ended and text else None


async def extract(model: ChatModel, summary: str, dropped: Transcript) -> str:
    """``summary`` and a line for each dropped turn, its question and the first sentence of its
    answer; the oldest lines go when it gets too long."""
    lines = [*summary.splitlines()]
    for question, answer in zip(dropped[::2], dropped[1::2], strict=True):
        lines.append(_line(question.text, answer.text))
    while lines and await _tokens(model, lines) > EXTRACT_SHARE * model.context_tokens:
        del lines[0]
    return "\n".join(lines)


def _line(question: str, answer: str) -> str:
    asked = " ".join(question.split())
    if len(asked) > QUESTION_LENGTH:
        asked = asked[:QUESTION_LENGTH].rsplit(" ", 1)[0] + "…"
    plain = " ".join(_marks.sub("", answer).split())
    start, end = next(iter(sentences(plain)), (0, 0))
    return f"- {asked} {plain[start:end]}".rstrip()


async def _tokens(model: ChatModel, lines: Sequence[str]) -> int:
    return await model.count_tokens([ChatMessage(role="system", content="\n".join(lines))])
