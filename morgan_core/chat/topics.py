"""Questions about several things at once: a comparison of two, or all that is known of some.

No passage holds all the words of such a question, and the passages about one thing crowd out those
about another, so that each is searched for by itself. The rules are of whole questions; what they
do not know is searched for as it stands.
"""

from __future__ import annotations

import re

from morgan_core.chat.wording import plainly
from morgan_core.retrieval.words import content_stems, tokens
from morgan_core.types import Record

MOST = 5
"""Things in one question."""

LONGEST = 6
"""Words of one thing; more are a clause."""


class Topics(Record, frozen=True, kw_only=True):
    """What is asked about, each to be searched for. With ``compared`` there are two, and both
    are needed however well the question is found as a whole."""

    texts: tuple[str, ...]
    compared: bool = False


_BETWEEN = r"(?:main |key |most important )?(?:differences?|similarit(?:y|ies)) between"
_A, _B = r"(?P<a>.+?)", r"(?P<b>.+)"
_COMPARISONS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:compare|contrast) {_A} (?:and|with|to|against|versus|vs\.?) {_B}",
        rf"(?:(?:what is|what's|what are|explain|describe|list|show) )?(?:the )?{_BETWEEN} {_A} and {_B}",
        rf"(?:a |the )?comparison (?:of|between) {_A} (?:and|with) {_B}",
        rf"how (?:does|do|did) {_A} (?:differ from|compare (?:to|with)) {_B}",
        rf"how (?:is|are|was|were) {_A} different from {_B}",
        rf"how (?:do|did|does) {_A} and {_B} (?:differ|compare)",
        rf"{_A} (?:vs\.?|versus) {_B}",
    )
]
_LIST = r"(?P<list>.+)"
_ABOUT = r"(?:about|on|of)"
_BROAD = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:describe|explain|discuss|present|tell)(?: me| us)?"
        rf"(?: (?:everything|all|anything|more|what you know)(?: (?:there is|you know|known))?(?: to know)? {_ABOUT}"
        rf"| about)? {_LIST}",
        rf"what (?:do|does) (?:you|they|it|(?:the|my|these) documents?) (?:say|know|tell)(?: us| me)? about {_LIST}",
        rf"what (?:is|are) (?:said|known|written|told) about {_LIST}",
        rf"about {_LIST}",
        rf"(?:give me )?(?:everything|all|all there is|an overview)(?: you know)? {_ABOUT} {_LIST}",
    )
]
_article = re.compile(r"^(?:(?:both|the|an?|my|our|your|these|those)\s+)+", re.IGNORECASE)
_no_thing = re.compile(
    r"^(?:that|who|whom|whose|what|how|when|why|where|whether|if|which|it|this|them|him|her|us|me"
    r"|you|i|we|they|he|she|each other|one another)\b",
    re.IGNORECASE,
)
_tail = re.compile(r"\s(?:of|in|for|at|on|from|during|under)\s.+$", re.IGNORECASE)


def topics(question: str) -> Topics | None:
    """The things that ``question`` is about; None when it is to be searched for as it stands."""
    text = plainly(question)
    for pattern in _COMPARISONS:
        if match := pattern.fullmatch(text):
            found = _things([match["a"], match["b"]])
            return Topics(texts=found, compared=True) if found else None
    for pattern in _BROAD:
        if match := pattern.fullmatch(text):
            parts = re.split(r"\s*,\s*(?:and\s+)?|\s+(?:and|as well as)\s+", match["list"])
            found = _things([part for part in parts if part])
            return Topics(texts=found) if found else None
    return None


def _things(parts: list[str]) -> tuple[str, ...]:
    """The parts without their articles; none when one of them is no thing, or all are the same.

    What follows a preposition in the last belongs to all where no other has one: "the opening and
    the closing of the dome".
    """
    things = [_article.sub("", part.strip()) for part in parts]
    if not 2 <= len(things) <= MOST:
        return ()
    for thing in things:
        if _no_thing.match(thing) or not content_stems(thing) or len(tokens(thing)) > LONGEST:
            return ()
    if (tail := _tail.search(things[-1])) and not any(_tail.search(one) for one in things[:-1]):
        things = [*(one + tail[0] for one in things[:-1]), things[-1]]
    return tuple(things) if len({one.casefold() for one in things}) == len(things) else ()
