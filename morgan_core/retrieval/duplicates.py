"""Passages that say the same in the same words: copies, quotes, other editions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

import msgspec

from morgan_core.retrieval.stop_words import NEGATIONS
from morgan_core.retrieval.words import tokens
from morgan_core.types import Elsewhere, Passage

SHINGLE = 4
"""Words of a shingle (Broder 1997, "On the resemblance and containment of documents")."""

CONTAINED = 0.85
"""The share of a passage's shingles that another must hold."""


class Wording(NamedTuple):
    """The words of a text, and the runs of ``SHINGLE`` of them."""

    words: Counter[str]
    shingles: frozenset[tuple[str, ...]]

    def holds(self, other: Wording) -> bool:
        """Whether ``other`` adds no word of its own and stands here in nearly the same order.

        One word more can be another fact ("three months", "six months"), so likeness alone is
        not enough, however long the texts are; nor is it when a "not" or a number stands here in
        the middle of what the other says without it.
        """
        if not other.words or not other.words <= self.words:
            return False
        missing = len(other.shingles - self.shingles)
        if missing and any(map(_turns, self.words - other.words)):
            return False
        return missing <= (1 - CONTAINED) * len(other.shingles)


def _turns(word: str) -> bool:
    return word in NEGATIONS or word.endswith(("n't", "n’t")) or word[:1].isdigit()


def wording(text: str) -> Wording:
    words = [word.casefold() for word in tokens(text)]
    size = min(SHINGLE, len(words)) or 1
    runs = zip(*(islice(words, at, None) for at in range(size)), strict=False)
    return Wording(Counter(words), frozenset(runs))


def alike(one: Wording, other: Wording) -> float:
    """The share of their shingles that two texts have in common, of the one that has fewer."""
    least = min(len(one.shingles), len(other.shingles))
    return len(one.shingles & other.shingles) / least if least else 0.0


def same_text(passages: Sequence[Passage]) -> list[Passage]:
    """The passages, each text once, where it ranks best; ``also_in`` names the other documents."""
    kept: dict[str, Passage] = {}
    for passage in passages:
        text = " ".join(passage.text.split())
        kept[text] = also_in(kept[text], passage) if text in kept else passage
    return list(kept.values())


def also_in(kept: Passage, dropped: Passage) -> Passage:
    """``kept``, which says also where ``dropped`` stands."""
    known = {kept.document, *(one.document for one in kept.also_in)}
    found = (Elsewhere(document=dropped.document, path=dropped.path), *dropped.also_in)
    fresh = tuple(one for one in found if one.document not in known)
    return msgspec.structs.replace(kept, also_in=(*kept.also_in, *fresh)) if fresh else kept
