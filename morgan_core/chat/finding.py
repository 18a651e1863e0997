"""The first half of a turn: searching, deciding whether it is about the question, sources."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from morgan_core.chat.rewrite import Query
from morgan_core.chat.topics import Topics, topics
from morgan_core.errors import MorganError
from morgan_core.retrieval.conflicts import Conflicts, find_conflicts
from morgan_core.retrieval.relevance import relevance, threshold
from morgan_core.retrieval.search import Searcher
from morgan_core.retrieval.sources import CONSIDERED, Chosen, Texts, choose_sources, in_turn
from morgan_core.types import Record, Retrieval, Scope, SearchResponse, Source, Topic

NEAREST_SHOWN = 3

log = logging.getLogger(__name__)


class Found(Record, frozen=True, kw_only=True):
    """The sources of an answer; with ``relevant`` false only the nearest passages."""

    sources: tuple[Source, ...]
    relevant: bool
    retrieval: Retrieval


def _was_pointed_at(found: SearchResponse, scope: Scope | None) -> bool:
    """Whether the person named the very documents: "summarise @lease.pdf" shares no word with it."""
    return bool(found.results and scope is not None and scope.documents)


class Finder:
    """Finds the sources of at most ``max_sources`` places for a question."""

    def __init__(self, searcher: Searcher, texts: Texts | None, max_sources: int) -> None:
        self._searcher = searcher
        self._texts = texts
        self._max_sources = max_sources

    async def find(self, query: Query, scope: Scope | None, *, one_by_one: bool = False) -> Found:
        """Search by words alone while the embedder is loading, unless that finds nothing: before
        refusing, the other half of the evidence is waited for.

        The things that a question is about are searched for each by itself when they are
        compared, when they are not found together, or when that is wished for (``one_by_one``).
        """
        found = await self._search(query.text, scope, wait=False)
        signal = self._signal(query.text, found)
        least = threshold(words_only=found.words_only)
        if found.words_only and signal < least and not found.empty_scope:
            found = await self._search(query.text, scope, wait=True)
            signal = self._signal(query.text, found)
            least = threshold(words_only=found.words_only)
        relevant = signal >= least or _was_pointed_at(found, scope)
        wanted = topics(query.text) if not query.rewritten else None
        split = one_by_one or not relevant or (wanted is not None and wanted.compared)
        if wanted is not None and split and not found.empty_scope:
            return await self._find_each(query, wanted, scope, found)
        chosen = await choose_sources(
            query.text,
            found.results,
            self._texts,
            limit=self._max_sources if relevant else NEAREST_SHOWN,
        )
        retrieval = Retrieval(
            query=query.text,
            rewritten=query.rewritten,
            signal=signal,
            threshold=least,
            words_only=found.words_only,
            not_reranked=found.not_reranked,
            considered=chosen.considered,
        )
        return Found(sources=chosen.sources, relevant=relevant, retrieval=retrieval)

    async def conflicts(self, sources: Sequence[Source], query: str) -> Conflicts:
        """Where the sources contradict each other, newest first."""
        found = await asyncio.to_thread(find_conflicts, sources, query)
        modified: dict[str, float] = {}
        conflicts = (*found.asked, *found.others)
        documents = {side.document for conflict in conflicts for side in conflict.sides}
        try:
            if documents and self._texts is not None:
                modified = await self._texts.modified(sorted(documents))
        except MorganError as error:
            log.warning("the age of documents that disagree is not known: %s", error)
        return found.newest_first(modified)

    async def _find_each(
        self, query: Query, wanted: Topics, scope: Scope | None, whole: SearchResponse
    ) -> Found:
        """Sources for each topic in turn, as many for one as for another. They are relevant when
        every topic is found: an answer about the others would pass for one about all."""
        told: list[Topic] = []
        chosen: list[Chosen] = []
        each = max(1, -(-self._max_sources // len(wanted.texts)))
        words_only = False
        for text in wanted.texts:
            found = await self._search(text, scope, wait=True)
            signal, words_only = self._signal(text, found), words_only or found.words_only
            enough = signal >= threshold(words_only=found.words_only)
            told.append(Topic(text=text, signal=signal, found=enough))
            chosen.append(await choose_sources(text, found.results, self._texts, limit=each))
        relevant = all(topic.found for topic in told) or _was_pointed_at(whole, scope)
        merged = in_turn(chosen, self._max_sources if relevant else NEAREST_SHOWN)
        retrieval = Retrieval(
            query=query.text,
            signal=min(topic.signal for topic in told),
            threshold=threshold(words_only=words_only),
            words_only=words_only,
            not_reranked=whole.not_reranked,
            topics=tuple(told),
            considered=merged.considered,
        )
        return Found(sources=merged.sources, relevant=relevant, retrieval=retrieval)

    async def _search(self, query: str, scope: Scope | None, *, wait: bool) -> SearchResponse:
        return await self._searcher.search(
            query,
            limit=max(CONSIDERED, self._max_sources),
            scope=scope,
            wait_for_embedder=wait,
        )

    def _signal(self, question: str, found: SearchResponse) -> float:
        """The relevance of the best passages, as many as there may be sources: the threshold was
        set with so many."""
        return relevance(question, found.results[: self._max_sources])
