"""Choosing the sources of an answer among the passages that were found.

In the order of their scores, corrected by ``prior``: a passage that only repeats a better one is
dropped, one that continues a chosen one of its document is joined to it, and where several
documents are about as good, none gets more than its share.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from morgan_core.errors import MorganError
from morgan_core.retrieval.duplicates import Wording, also_in, wording
from morgan_core.retrieval.prior import asks_for_newest, priors
from morgan_core.types import Considered, DocumentText, Fate, Passage, Record, Scores, Source

CONSIDERED = 24
"""Passages that are looked at; of more, only their number of tokens would grow."""

WINDOW = 2700
"""Most characters of joined passages: about three chunks."""

GAP = 80
"""Most white space between two chunks that follow each other."""

PER_DOCUMENT = 2
"""Sources of one document where others are about as good ..."""

BROAD_DOCUMENTS = 3
"""... which is where so many documents have a passage that scores ..."""

BROAD_SHARE = 0.9
"""... at least this share of the best one."""

DIGITS = 3
"""Of the scores that are kept with an answer."""

log = logging.getLogger(__name__)


class Texts(Protocol):
    """What of the library is needed to join passages and to know their age."""

    async def text(
        self, document: str, *, start: int = 0, end: int | None = None, context: int = 2000
    ) -> DocumentText: ...

    async def modified(self, documents: Sequence[str]) -> dict[str, float]:
        """When these documents were last changed, in seconds since the epoch, by id."""
        ...


class Chosen(Record, frozen=True, kw_only=True):
    """The sources, and what became of every passage that was looked at, best first."""

    sources: tuple[Source, ...]
    considered: tuple[Considered, ...]


async def choose_sources(
    question: str, passages: Sequence[Passage], texts: Texts | None, *, limit: int
) -> Chosen:
    """At most ``limit`` sources among ``passages``, which are best first. Without ``texts``
    neighbours stay apart and the age of documents is not known."""
    passages = passages[:CONSIDERED]
    modified: dict[str, float] = {}
    if texts is not None and asks_for_newest(question):
        modified = await texts.modified(list({passage.document for passage in passages}))
    choice = await asyncio.to_thread(
        _choose, question, passages, modified, limit, joins=texts is not None
    )
    sources = [
        Source(n=n, passage=parts[0] if texts is None else await _joined(parts, texts))
        for n, parts in enumerate(choice.groups, 1)
    ]
    considered = [_as_sent(one, sources) for one in choice.considered()]
    return Chosen(sources=tuple(sources), considered=tuple(considered))


def in_turn(parts: Sequence[Chosen], limit: int) -> Chosen:
    """The sources of several choices as one of at most ``limit``: the best of each, then the second
    of each. One that overlaps an earlier one is left out; what was looked at more than once is
    told as it fared best."""
    places: dict[tuple[int, int], int] = {}
    sources: list[Source] = []
    depth = max((len(part.sources) for part in parts), default=0)
    for rank in range(depth):
        for at, part in enumerate(parts):
            if rank >= len(part.sources):
                continue
            passage = part.sources[rank].passage
            same = next((s.n for s in sources if _overlap(s.passage, passage)), None)
            if same is None and len(sources) < limit:
                same = len(sources) + 1
                sources.append(Source(n=same, passage=passage))
            if same is not None:
                places[at, part.sources[rank].n] = same
    looked_at: dict[tuple[str, int], Considered] = {}
    for at, part in enumerate(parts):
        for one in part.considered:
            n = places.get((at, one.n)) if one.n is not None else None
            fate: Fate = "beyond" if one.n is not None and n is None else one.fate
            told = msgspec.structs.replace(one, n=n, fate=fate)
            key = one.document, one.start
            if key not in looked_at or (looked_at[key].n is None and n is not None):
                looked_at[key] = told
    considered = sorted(looked_at.values(), key=lambda one: -one.score)
    return Chosen(sources=tuple(sources), considered=tuple(considered))


def _overlap(one: Passage, other: Passage) -> bool:
    return one.document == other.document and one.start < other.end and other.start < one.end


def _as_sent(one: Considered, sources: Sequence[Source]) -> Considered:
    """A passage that could not be joined to its neighbour after all is in no source."""
    if one.fate != "merged" or one.n is None:
        return one
    source = sources[one.n - 1].passage
    if source.start <= one.start and one.end <= source.end:
        return one
    return msgspec.structs.replace(one, fate="beyond", n=None)


def _choose(
    question: str,
    passages: Sequence[Passage],
    modified: Mapping[str, float],
    limit: int,
    *,
    joins: bool,
) -> _Choice:
    added = [0.0] * len(passages)
    if not _is_reranked(passages):
        added = priors(question, passages, modified)
    order = list(range(len(passages)))
    if any(added):
        order.sort(key=lambda at: -(passages[at].score + added[at]))
    ranked = [_Ranked(passages[at], added[at]) for at in order]
    choice = _Choice(ranked, limit, joins=joins)
    for one in ranked:
        choice.take(one)
    choice.fill()
    return choice


def _is_reranked(passages: Sequence[Passage]) -> bool:
    """Whether a reranker has read them: its order stands, and its scores have a scale of their
    own, on which nothing can be added."""
    return any(passage.scores.rerank is not None for passage in passages)


class _Ranked:
    """A passage on its way: its prior, what becomes of it, and in which group it ends."""

    def __init__(self, passage: Passage, prior: float) -> None:
        self.passage = passage
        self.prior = prior
        self.score = passage.score + prior
        reranked = passage.scores.rerank is not None
        self.closeness = passage.scores.fused if reranked else self.score
        self.wording: Wording = wording(passage.text)
        self.fate: Fate = "beyond"
        self.group: int | None = None


class _Choice:
    """Groups of passages, each to become one source; its first passage is the best."""

    def __init__(self, ranked: Sequence[_Ranked], limit: int, *, joins: bool) -> None:
        self._ranked = ranked
        self._joins = joins
        self._limit = limit
        self._kept: list[_Ranked] = []
        best = max((one.closeness for one in ranked), default=0.0)
        near = {one.passage.document for one in ranked if one.closeness >= BROAD_SHARE * best}
        self._is_broad = len(near) >= BROAD_DOCUMENTS
        self.groups: list[list[Passage]] = []

    def take(self, one: _Ranked) -> None:
        twin = next((kept for kept in self._kept if kept.wording.holds(one.wording)), None)
        if twin is not None and twin.group is not None:
            group = self.groups[twin.group]
            at = group.index(twin.passage)
            twin.passage = group[at] = also_in(twin.passage, one.passage)
            one.fate, one.group = "duplicate", twin.group
            return
        if self._full:
            return
        if (group_at := self._neighbours(one.passage)) is not None:
            self.groups[group_at].append(one.passage)
            self._keep(one, "merged", group_at)
        elif self._is_broad and self._count(one.passage.document) >= PER_DOCUMENT:
            one.fate = "crowded"
        else:
            self._begin(one)

    def fill(self) -> None:
        """Give places that are left to those that were crowded out."""
        for one in self._ranked:
            if one.fate == "crowded" and not self._full:
                self._begin(one)

    def considered(self) -> list[Considered]:
        return [
            Considered(
                document=one.passage.document,
                path=one.passage.path,
                page=one.passage.page,
                place=one.passage.place,
                start=one.passage.start,
                end=one.passage.end,
                score=round(one.score, DIGITS),
                scores=_rounded(one.passage.scores),
                prior=round(one.prior, DIGITS),
                fate=one.fate,
                n=None if one.group is None else one.group + 1,
            )
            for one in self._ranked
        ]

    @property
    def _full(self) -> bool:
        return len(self.groups) >= self._limit

    def _begin(self, one: _Ranked) -> None:
        self.groups.append([one.passage])
        self._keep(one, "source", len(self.groups) - 1)

    def _keep(self, one: _Ranked, fate: Fate, group: int) -> None:
        one.fate, one.group = fate, group
        self._kept.append(one)

    def _count(self, document: str) -> int:
        return sum(group[0].document == document for group in self.groups)

    def _neighbours(self, passage: Passage) -> int | None:
        """The group that ``passage`` directly continues, or that continues it."""
        for at, group in enumerate(self.groups if self._joins else ()):
            first, last = min(p.start for p in group), max(p.end for p in group)
            touches = 0 <= passage.start - last <= GAP or 0 <= first - passage.end <= GAP
            whole = max(last, passage.end) - min(first, passage.start)
            if _is_alongside(group[0], passage) and touches and whole <= WINDOW:
                return at
        return None


def _rounded(scores: Scores) -> Scores:
    seen = {n: v for n, v in msgspec.structs.asdict(scores).items() if v is not None}
    return Scores(**{name: round(value, DIGITS) for name, value in seen.items()})


def _is_alongside(one: Passage, other: Passage) -> bool:
    """Whether both stand in the same section of the same page, so that one source can name the
    place of either."""
    if (one.document, one.revision) != (other.document, other.revision):
        return False
    if (one.page, one.heading) != (other.page, other.heading):
        return False
    return one.place == other.place or (_is_lines(one.place) and _is_lines(other.place))


def _is_lines(place: str) -> bool:
    return place.startswith(("line ", "lines "))


async def _joined(parts: Sequence[Passage], texts: Texts) -> Passage:
    """The passages as one, with the text between them; the best alone when that text is not
    there any more or is other than white space."""
    best = parts[0]
    if len(parts) == 1:
        return best
    parts = sorted(parts, key=lambda part: part.start)
    start, end = parts[0].start, parts[-1].end
    try:
        found = await texts.text(best.document, start=start, end=end, context=0)
    except MorganError as error:
        log.info("passages of %s are not joined: %s", best.path, error)
        return best
    text = found.text[start - found.offset : end - found.offset]
    if "".join(text.split()) != "".join("".join(part.text.split()) for part in parts):
        return best
    elsewhere = best
    for part in parts:
        for other in part.also_in:
            elsewhere = also_in(elsewhere, _at(part, other.document, other.path))
    return msgspec.structs.replace(
        best,
        place=found.place or best.place,
        text=text,
        start=start,
        end=end,
        also_in=elsewhere.also_in,
    )


def _at(part: Passage, document: str, path: str) -> Passage:
    return msgspec.structs.replace(part, document=document, path=path, also_in=())
