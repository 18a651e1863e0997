"""Two sentences laid side by side."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

from morgan_core.retrieval.reading import Reading, read
from morgan_core.retrieval.stop_words import word_set
from morgan_core.retrieval.terms import Term
from morgan_core.retrieval.words import stem

# What says no more than "is", and adverbs that limit nothing.
_LIGHT = frozenset(
    map(
        stem,
        word_set(
            """
            amount amounts last lasts run runs equal equals total totals stand stands remain remains
            set sets fixed now currently today presently still exactly normally usually generally
            officially
            """
        ),
    )
)


class Hunk(NamedTuple):
    """Terms at ``i``..``j`` of one sentence that stand where ``k``..``l`` of the other do."""

    i: int
    j: int
    k: int
    l: int  # noqa: E741


class Aligned(NamedTuple):
    """Two sentences laid side by side, as they are read and as they are written."""

    one: Reading
    other: Reading
    texts: tuple[str, str]
    same: tuple[tuple[int, int], ...]
    replaced: tuple[Hunk, ...]
    extra: tuple[Hunk, ...]


def align(first: str, second: str) -> Aligned:
    """The terms that two sentences have in common, in order, and what stands between them. A date
    is one thing: in no part of it are two dates the same unless they are in all."""
    one, other = read(first), read(second)
    a, b = _units(one.terms), _units(other.terms)
    matcher = SequenceMatcher(None, _signs(one.terms, a), _signs(other.terms, b), autojunk=False)
    same: list[tuple[int, int]] = []
    replaced: list[Hunk] = []
    extra: list[Hunk] = []
    for tag, *bounds in matcher.get_opcodes():
        hunk = Hunk(a[bounds[0]], a[bounds[1]], b[bounds[2]], b[bounds[3]])
        alike = _equal(one.terms[hunk.i : hunk.j], other.terms[hunk.k : hunk.l])
        if tag == "equal" or (tag == "replace" and alike):
            same += zip(range(hunk.i, hunk.j), range(hunk.k, hunk.l), strict=True)
        elif _is_light(one.terms[hunk.i : hunk.j]) and _is_light(other.terms[hunk.k : hunk.l]):
            continue
        elif tag == "replace":
            replaced.append(hunk)
        else:
            extra.append(hunk)
    return Aligned(one, other, (first, second), tuple(same), tuple(replaced), tuple(extra))


def _units(items: Sequence[Term]) -> list[int]:
    """Where terms begin that do not belong to the date before them, and the end."""
    starts = [at for at, term in enumerate(items) if not at or term.start != items[at - 1].start]
    return [*starts, len(items)]


def _signs(items: Sequence[Term], units: Sequence[int]) -> list[tuple[str, ...]]:
    return [tuple(min(t.keys) for t in items[i:j]) for i, j in pairwise(units)]


def _is_light(items: Sequence[Term]) -> bool:
    return all(term.kind == "word" and not term.keys.isdisjoint(_LIGHT) for term in items)


def _equal(one: Sequence[Term], other: Sequence[Term]) -> bool:
    return len(one) == len(other) and all(a.same(b) for a, b in zip(one, other, strict=True))
