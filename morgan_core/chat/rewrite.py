"""Making a follow-up question stand alone, so that it can be searched for.

Rules tell whether a question leans on the ones before it, and what it then lacks; a model that
is strong enough words it better.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from typing import Literal

from morgan_core.errors import MorganError
from morgan_core.llm.base import ChatMessage, ChatModel, Delta
from morgan_core.retrieval.words import content_stems
from morgan_core.sanitise import sanitise
from morgan_core.types import Record

MIN_STEMS = 2
LONGEST_QUERY = 300
"""Characters of what a model may make of a question."""

MODEL_SECONDS = 4.0
MODEL_TOKENS = 48

_ASK = (
    "Write the question below so that it can be understood without this conversation: put names "
    "in the place of pronouns, add what it leaves out. Change nothing else, do not answer it, "
    "write only the question.\n\nQuestion: {}"
)

# Words that are empty without what came before them.
_pronoun = re.compile(
    r"\b(?:it|its|itself|they|them|their|theirs|he|him|his|she|hers?|former|latter"
    r"|the (?:same|others?|first|second|last) (?:ones?|thing)|the same\b(?! \w)|ones|which one"
    r"|that one|this one)\b",
    re.IGNORECASE,
)
_demonstrative = re.compile(r"(?:^|\b(\w+)[ ,]+)(?:this|that|these|those|there)\b", re.IGNORECASE)
_existential = re.compile(
    r"\b(?:is|are|was|were|be|been|has|have|had|exists?) there\b|\bthere(?:'s| is| are| was| were"
    r"| has| have)\b",
    re.IGNORECASE,
)
# Beginnings of a question that goes on with the one before it.
_ellipsis = re.compile(
    r"^(?:and|but|or|so|also|then|why|what about|how about|what if|same for|und|aber|oder"
    r"|was ist mit|wie (?:ist|sieht) es mit|et|mais|et pour|y|pero|y qué hay de|e per)\b[\s,:]*",
    re.IGNORECASE,
)
_parallel = re.compile(
    r"^(?:(?:and|but|or|so|und|et)\s+)?(?:(?:what|how) about|for|in|und|was ist mit|et pour)?\s*"
    r"(?:for |in |the year )*(?P<year>(?:19|20)\d\d)\s*\?*$",
    re.IGNORECASE,
)
_ASKING = ("?", "？", "؟")
_year = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")

log = logging.getLogger(__name__)


class Query(Record, frozen=True, kw_only=True):
    """What is searched for, and by what the question was rewritten to it, if it was."""

    text: str
    rewritten: Literal["", "rule", "model"] = ""


def stands_alone(question: str) -> bool:
    """Whether ``question`` can be understood without the ones before it, as far as its words
    tell."""
    question = question.strip()
    if _ellipsis.match(question) or _pronoun.search(question) or _points_back(question):
        return False
    return _weight(question) >= MIN_STEMS


def search_query(question: str, earlier: Sequence[str]) -> Query:
    """The question, below what it leans on: the last one that stands alone, and the one before
    it if that is another. ``earlier`` are the conversation's questions, oldest first.

    "What about 2023?" after a question that names another year is that question with this year.
    """
    if not earlier or stands_alone(question):
        return Query(text=question)
    topic_at = max((at for at, text in enumerate(earlier) if stands_alone(text)), default=0)
    parallel = _parallel.match(question.strip())
    for text in reversed(earlier[topic_at:]):
        if parallel and _year.search(text):
            return Query(text=_year.sub(parallel["year"], text), rewritten="rule")
    leaned_on = dict.fromkeys([earlier[topic_at], earlier[-1]])
    return Query(text="\n".join([*leaned_on, question]), rewritten="rule")


async def query_by_model(
    model: ChatModel, conversation: Sequence[ChatMessage], question: str
) -> Query | None:
    """The question as ``model`` rewrites it; None when it takes too long, fails, or writes
    something else than a question.

    ``conversation`` is what the model has read already, so that only the request is new to it and
    its prefix cache stays good.
    """
    request = ChatMessage(role="user", content=_ASK.format(question))
    text = ""
    try:
        async with asyncio.timeout(MODEL_SECONDS):
            async for part in model.generate(
                [*conversation, request], max_tokens=MODEL_TOKENS, temperature=0.0
            ):
                text += part.text if isinstance(part, Delta) else ""
    except (MorganError, TimeoutError) as error:
        log.info("the question is rewritten by rule: %s", error or "the model took too long")
        return None
    return _as_query(text, question)


def _as_query(text: str, question: str) -> Query | None:
    """What the model wrote, if it can be the question: one line that has most of the question's
    own words in it, and asks where that does. An answer is searched for by its inventions."""
    line = sanitise(text).strip().splitlines()[0] if text.strip() else ""
    line = re.sub(r"^(?:question|rewritten question)\s*:\s*", "", line.strip(' "'), flags=re.I)
    own, kept = set(content_stems(question)), set(content_stems(line))
    if not line or len(line) > LONGEST_QUERY or 2 * len(own & kept) < len(own):
        return None
    if question.rstrip().endswith(_ASKING) and not line.endswith(_ASKING):
        return None
    return Query(text=line, rewritten="model")


def _points_back(question: str) -> bool:
    """Whether a this, that or there means something said before: not "there is", and not the
    "that" which follows a noun or a verb of its own ("the fee that tenants pay")."""
    text = _existential.sub(" ", question)
    return any(
        match[1] is None or not content_stems(match[1]) for match in _demonstrative.finditer(text)
    )


def _weight(question: str) -> int:
    """How many words carry something; writing without spaces counts by its length."""
    return sum(1 if stem.isascii() else 1 + len(stem) // 8 for stem in content_stems(question)) + (
        sum("\u3040" <= char <= "\u9fff" for char in question) >= 4
    )
