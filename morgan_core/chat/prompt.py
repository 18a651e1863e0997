"""The prompt: append-only, within the context window, sources within a measured budget."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from morgan_core.llm.base import ChatMessage, ChatModel
from morgan_core.types import ModelInfo, Passage, Source

_ROLE = "You are Morgan, an assistant that answers from the user's own documents."
_CITING = (
    f"{_ROLE} Answer the question in a few sentences, using only facts from the numbered "
    "sources. After each fact write the number of its source in brackets, like [1]. If the "
    "sources do not hold the answer, say that they do not."
)
# A model of a hundred million weights never writes citations and is led astray by being asked
# to (tried with SmolLM2-135M); the grounding after it finds them all the same.
_PLAIN = (
    "You are a helpful AI assistant. Answer the question with one or two sentences taken from "
    "the sources. If the sources do not say, answer that they do not say."
)
SMALL_MODEL_BYTES = 500_000_000
SMALL_MODEL_SOURCES = 3

# Past this share of the window, the sources of all earlier turns go in one cut, so that the
# engine re-reads the transcript once and not at every turn.
CUT_AT = 0.75


def system_prompt(info: ModelInfo) -> str:
    """The system message for a model; a remote one, of unknown size, counts as large."""
    return _PLAIN if _is_small(info) else _CITING


def _is_small(info: ModelInfo) -> bool:
    return 0 < info.size < SMALL_MODEL_BYTES


def describe(source: Source) -> str:
    """The line that introduces a source: number, file name, place, heading."""
    passage = source.passage
    parts = [PurePath(passage.path).name or passage.document]
    if passage.place:
        parts.append(passage.place)
    elif passage.page is not None:
        parts.append(f"page {passage.page}")
    if passage.heading:
        parts.append(passage.heading)
    return f"[{source.n}] {', '.join(parts)}"


def question_prompt(question: str, sources: Sequence[Source], context: str = "") -> str:
    """The user message as the model reads it: the best source last, next to the question,
    where models read best. ``context`` was given with the question."""
    parts = []
    if sources:
        listed = "\n\n".join(f"{describe(s)}\n{s.passage.text}" for s in reversed(sources))
        parts.append(f"Sources:\n\n{listed}")
    if context:
        parts.append(f"Given with the question:\n\n{context}")
    parts.append(f"Question: {question}")
    return "\n\n".join(parts)


async def choose_sources(
    model: ChatModel,
    history: Sequence[ChatMessage],
    question: str,
    passages: Sequence[Passage],
    *,
    context: str,
    max_sources: int,
    max_response_tokens: int,
    first_token_seconds: float,
) -> tuple[Source, ...]:
    """As many of the best passages as fit the window and the time to the first token.

    The time limit counts where ``model.prefill_rate`` was measured; the best passage is always
    in, if the window holds it at all. The transcript costs no time: the engine has read it.
    A small model gets few, since more confuse it.
    """
    if _is_small(model.info):
        max_sources = min(max_sources, SMALL_MODEL_SOURCES)
    bare = await _tokens(model, history, question, (), context)
    room = model.context_tokens - max_response_tokens - bare
    rate = model.prefill_rate
    quick = room if rate is None else int(rate * first_token_seconds)
    chosen: tuple[Source, ...] = ()
    for passage in passages[:max_sources]:
        candidate = (*chosen, Source(n=len(chosen) + 1, passage=passage))
        added = await _tokens(model, history, question, candidate, context) - bare
        if added > room or (chosen and added > quick):
            break
        chosen = candidate
    return chosen


def messages(model: ChatModel, history: Sequence[ChatMessage], prompt: str) -> list[ChatMessage]:
    """System message, transcript, and the new question."""
    return [
        ChatMessage(role="system", content=system_prompt(model.info)),
        *history,
        ChatMessage(role="user", content=prompt),
    ]


async def _tokens(
    model: ChatModel,
    history: Sequence[ChatMessage],
    question: str,
    sources: Sequence[Source],
    context: str,
) -> int:
    prompt = question_prompt(question, sources, context)
    return await model.count_tokens(messages(model, history, prompt))
