"""Passages that say the same in the same words: copies, quotes, other editions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

import msgspec

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
        not enough, however long the texts are.
        """
        if not other.words or not other.words <= self.words:
            return False
        return len(other.shingles & self.shingles) >= CONTAINED * len(other.shingles)


def wording(text: str) -> Wording:
    words = [word.casefold() for word in tokens(text)]
    size = min(SHINGLE, len(words)) or 1
    runs = zip(*(islice(words, at, None) for at in range(size)), strict=False)
    return Wording(Counter(words), frozenset(runs))


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
