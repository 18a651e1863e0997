"""What a document's name, headings and age say about a question, beside its text.

The weights are small beside the differences of the scores: they decide between passages that
retrieval finds about equally good. Where no name or heading shares a word with the question, and
no time is asked for, nothing is added.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from morgan_core.retrieval.words import content_stems
from morgan_core.types import Passage

NAME_WEIGHT = 0.1
"""For a name and headings that hold all words of the question."""

NAMED_WEIGHT = 0.3
"""For a document that the question names by its file name."""

TIME_WEIGHT = 0.15
"""For the newest of the documents, or those of the year that is asked for."""

_newest = re.compile(
    r"\b(?:latest|newest|most recent|currently|(?:the|our|my) current|up[- ]to[- ]date"
    r"|neue?ste\w*|aktuell\w*|derzeit\w*|gegenwärtig\w*|derni[eè]re?s?|actuel\w*|plus récente?s?)\b",
    re.IGNORECASE,
)
_year = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def asks_for_newest(question: str) -> bool:
    """Whether ``question`` wants what is newest, so that the age of documents counts."""
    return _newest.search(question) is not None


def priors(
    question: str, passages: Sequence[Passage], modified: Mapping[str, float]
) -> list[float]:
    """What to add to the score of each passage.

    ``modified`` holds when documents were last changed (seconds since the epoch, by id); those
    without a time count as the oldest.
    """
    wanted = set(content_stems(question))
    years = set(_year.findall(question))
    recency = _recency(passages, modified) if asks_for_newest(question) else {}
    return [
        NAME_WEIGHT * _share(wanted, passage)
        + NAMED_WEIGHT * _is_named(question, passage)
        + TIME_WEIGHT * max(recency.get(passage.document, 0.0), _is_of(years, passage))
        for passage in passages
    ]


def _share(wanted: set[str], passage: Passage) -> float:
    """How many of the words stand in the file's name or the passage's headings."""
    if not wanted:
        return 0.0
    name = PurePath(passage.path).stem.replace("_", " ")
    return len(wanted & set(content_stems(f"{name} {passage.heading}"))) / len(wanted)


def _is_named(question: str, passage: Passage) -> bool:
    name = PurePath(passage.path).name.casefold()
    if "." not in name.strip("."):
        return False
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", question.casefold()) is not None


def _is_of(years: set[str], passage: Passage) -> bool:
    """Whether the file's name, its folder or the heading says one of the years."""
    path = PurePath(passage.path)
    return bool(years & set(_year.findall(f"{path.parent.name} {path.stem} {passage.heading}")))


def _recency(passages: Sequence[Passage], modified: Mapping[str, float]) -> dict[str, float]:
    """1 for the newest document of the passages down to 0 for the oldest, by rank; documents of
    the same time share theirs, and of one time nothing can be told."""
    times = {passage.document: modified.get(passage.document, 0.0) for passage in passages}
    order = sorted(set(times.values()))
    if len(order) < 2:
        return {}
    return {document: order.index(time) / (len(order) - 1) for document, time in times.items()}
