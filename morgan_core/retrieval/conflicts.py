"""Sources of an answer that contradict each other, the newest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from morgan_core.retrieval.editions import edition
from morgan_core.retrieval.reading import read
from morgan_core.retrieval.slots import Slot
from morgan_core.retrieval.statements import Disagreement, Statement, disagreements
from morgan_core.retrieval.stop_words import FILLER_WORDS
from morgan_core.types import Conflict, ConflictSide, Source

_LAST_VERSION = 1000
"""Versions have smaller numbers than years."""


class Conflicts(NamedTuple):
    """Conflicts that the question is about, and all others."""

    asked: tuple[Conflict, ...] = ()
    others: tuple[Conflict, ...] = ()

    def newest_first(self, modified: Mapping[str, float]) -> Conflicts:
        """The same, the newest side of each first; see ``newest_first``."""
        return Conflicts(newest_first(self.asked, modified), newest_first(self.others, modified))


def find_conflicts(sources: Sequence[Source], question: str) -> Conflicts:
    """Where ``sources`` contradict each other, in the order of the sources, and so their sides.

    A question is about a conflict when the sentences hold most of its words.
    """
    found = disagreements(sources)
    asked = [one for one in found if _is_about(one, question)]
    return Conflicts(
        tuple(_grouped(asked)), tuple(_grouped([one for one in found if one not in asked]))
    )


def newest_first(
    conflicts: Sequence[Conflict], modified: Mapping[str, float]
) -> tuple[Conflict, ...]:
    """The conflicts with the newest side of each first. ``modified`` holds when documents were
    last changed (seconds since the epoch, by id). Years or versions in the names go before that,
    since a copied file looks new."""
    return tuple(replace(one, sides=_ordered(one.sides, modified)) for one in conflicts)


def in_answer(
    conflicts: Conflicts, rests: Sequence[tuple[int, int, int] | None]
) -> tuple[Conflict, ...]:
    """The conflicts that the question or the answer is about, each side with the sentences of the
    answer that rest on it. ``rests`` tells of each sentence the source and the span of its
    document that support it."""

    def follow(side: ConflictSide) -> ConflictSide:
        found = tuple(
            at
            for at, rest in enumerate(rests)
            if rest and rest[0] == side.n and rest[1] < side.end and side.start < rest[2]
        )
        return replace(side, sentences=found)

    every = (*conflicts.asked, *conflicts.others)
    told = [replace(one, sides=tuple(map(follow, one.sides))) for one in every]
    return tuple(
        one
        for at, one in enumerate(told)
        if at < len(conflicts.asked) or any(side.sentences for side in one.sides)
    )


def _ordered(
    sides: Sequence[ConflictSide], modified: Mapping[str, float]
) -> tuple[ConflictSide, ...]:
    dated = [replace(side, modified=modified.get(side.document, 0.0)) for side in sides]
    editions = {side.path: edition(side.path) for side in sides}
    # A year cannot be told from a version, nor either from nothing.
    told = len({bool(one) and one[0] > _LAST_VERSION for one in editions.values()}) == 1
    told = told and all(editions.values())
    return tuple(
        sorted(dated, key=lambda s: (editions[s.path] if told else (), s.modified), reverse=True)
    )


def _is_about(found: Disagreement, question: str) -> bool:
    wanted = [t for t in read(question).terms if t.surface.casefold() not in FILLER_WORDS]
    held = set().union(*(s.keys | s.about | s.heading for s in (found.one, found.other)))
    return 2 * sum(not t.keys.isdisjoint(held) for t in wanted) > len(wanted)


def _grouped(found: Sequence[Disagreement]) -> Iterator[Conflict]:
    """One conflict of all the sentences that disagree with each other about one thing."""
    groups: list[dict[tuple[int, int], ConflictSide]] = []
    kinds: list[Slot] = []
    for one in found:
        sides = {
            (s.source.n, s.start): _side(s, span)
            for s, span in ((one.one, one.slot.one), (one.other, one.slot.other))
        }
        group = next((g for g in groups if not g.keys().isdisjoint(sides)), None)
        if group is None:
            groups.append(sides)
            kinds.append(one.slot)
        else:
            group.update({at: side for at, side in sides.items() if at not in group})
    for slot, group in zip(kinds, groups, strict=True):
        yield Conflict(kind=slot.kind, sides=tuple(group[at] for at in sorted(group)))


def _side(statement: Statement, span: tuple[int, int]) -> ConflictSide:
    passage = statement.source.passage
    text = statement.text
    return ConflictSide(
        n=statement.source.n,
        document=passage.document,
        path=passage.path,
        page=passage.page,
        place=passage.place,
        start=passage.start + statement.start,
        end=passage.start + statement.end,
        quote=text,
        value=text[slice(*span)],
    )
