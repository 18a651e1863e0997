"""Hybrid search: the query's vector and its words in one round trip, then fusion."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

from morgan_core.embedding.base import Embedder
from morgan_core.errors import BadInput, MorganError
from morgan_core.retrieval.base import CandidateSource
from morgan_core.retrieval.fusion import Fused, fuse
from morgan_core.retrieval.ranking import POOL, rank
from morgan_core.retrieval.reranking import Reranking
from morgan_core.types import Passage, Scope, SearchResponse

# Each half returns this many candidates; the figures of ``fusion`` were measured with 100.
CANDIDATES = 100

log = logging.getLogger(__name__)


class Searcher:
    """Search over the library. While the embedder is loading, words alone decide; a
    ``patient`` searcher waits for it instead. ``reranking`` has the last word on the order."""

    def __init__(
        self,
        library: CandidateSource,
        embedder: Embedder,
        *,
        reranking: Reranking | None = None,
        patient: bool = False,
    ) -> None:
        self._library = library
        self._embedder = embedder
        self._reranking = reranking
        self._patient = patient

    @property
    def embedder(self) -> Embedder:
        return self._embedder

    async def search(
        self,
        query: str,
        *,
        limit: int,
        scope: Scope | None = None,
        wait_for_embedder: bool = False,
    ) -> SearchResponse:
        """The best ``limit`` passages for ``query``, which must not be blank (BadInput), nor the
        scope the model's own knowledge (BadInput)."""
        if scope is not None and scope.own_knowledge:
            raise BadInput(
                "The model's own knowledge cannot be searched.",
                mend="Ask a question with this scope, or search without own_knowledge.",
            )
        if not query.strip():
            raise BadInput("The query is empty.", mend="Give some words to search for.")
        began = time.perf_counter()
        vector = await self._vector(query, wait=wait_for_embedder)
        candidates = await self._library.query(
            query, vector, limit=max(limit, CANDIDATES), scope=scope
        )
        fused = fuse(candidates)
        words_only = not candidates.dense_ready
        results = await self._rank(query, fused[: max(POOL, limit)], words_only=words_only)
        not_reranked = ""
        if self._reranking is not None:
            results, not_reranked = await self._reranking.order(query, results)
        return SearchResponse(
            query=query,
            results=results[:limit],
            took_ms=(time.perf_counter() - began) * 1000,
            words_only=words_only,
            empty_scope=candidates.empty_scope,
            not_reranked=not_reranked,
        )

    async def _rank(
        self, query: str, fused: Sequence[Fused], *, words_only: bool
    ) -> tuple[Passage, ...]:
        """The pool in its own order, then the others as they were fused."""
        ids = [one.id for one in fused]
        chunks = await self._library.chunks(ids)
        vectors = {} if words_only else await self._library.vectors(ids[:POOL])

        def in_order() -> tuple[Passage, ...]:
            parts = (fused[:POOL], fused[POOL:])
            ranked = [rank(query, p, chunks, vectors, words_only=words_only) for p in parts]
            return ranked[0] + ranked[1]

        return await asyncio.to_thread(in_order)

    async def _vector(self, query: str, *, wait: bool) -> bytes | None:
        if not (wait or self._patient or self._embedder.ready):
            return None
        try:
            return await self._embedder.embed([query], "query")
        except MorganError as error:
            log.warning("searching by words alone: %s", error)
            return None
