"""The first half of a turn: searching, deciding whether it is about the question, sources."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from morgan_core.chat.rewrite import Query
from morgan_core.errors import MorganError
from morgan_core.retrieval.conflicts import Conflicts, find_conflicts
from morgan_core.retrieval.relevance import relevance, threshold
from morgan_core.retrieval.search import Searcher
from morgan_core.retrieval.sources import CONSIDERED, Texts, choose_sources
from morgan_core.types import Record, Retrieval, Scope, SearchResponse, Source

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

    async def find(self, query: Query, scope: Scope | None) -> Found:
        """Search by words alone while the embedder is loading, unless that finds nothing: before
        refusing, the other half of the evidence is waited for."""
        found = await self._search(query.text, scope, wait=False)
        signal = self._signal(found)
        least = threshold(words_only=found.words_only)
        if found.words_only and signal < least and not found.empty_scope:
            found = await self._search(query.text, scope, wait=True)
            signal = self._signal(found)
            least = threshold(words_only=found.words_only)
        relevant = signal >= least or _was_pointed_at(found, scope)
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

    async def _search(self, query: str, scope: Scope | None, *, wait: bool) -> SearchResponse:
        return await self._searcher.search(
            query,
            limit=max(CONSIDERED, self._max_sources),
            scope=scope,
            wait_for_embedder=wait,
        )

    def _signal(self, found: SearchResponse) -> float:
        """The relevance of the best passages, as many as there may be sources: the threshold was
        set with so many."""
        return relevance(found.results[: self._max_sources])
