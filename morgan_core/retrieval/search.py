"""Hybrid search: the query's vector and its words in one round trip, then fusion."""

from __future__ import annotations

import logging
import time

from morgan_core.embedding.base import Embedder
from morgan_core.errors import BadInput, MorganError
from morgan_core.retrieval.base import CandidateSource
from morgan_core.retrieval.fusion import fuse, passages
from morgan_core.types import Scope, SearchResponse

# Each half returns this many candidates; the figures of ``fusion`` were measured with 100.
CANDIDATES = 100

log = logging.getLogger(__name__)


class Searcher:
    """Search over the library. While the embedder is loading, words alone decide; a
    ``patient`` searcher waits for it instead."""

    def __init__(
        self, library: CandidateSource, embedder: Embedder, *, patient: bool = False
    ) -> None:
        self._library = library
        self._embedder = embedder
        self._patient = patient

    async def search(
        self,
        query: str,
        *,
        limit: int,
        scope: Scope | None = None,
        wait_for_embedder: bool = False,
    ) -> SearchResponse:
        """The best ``limit`` passages for ``query``, which must not be blank (BadInput)."""
        if not query.strip():
            raise BadInput("The query is empty.", mend="Give some words to search for.")
        began = time.perf_counter()
        vector = await self._vector(query, wait=wait_for_embedder)
        candidates = await self._library.query(
            query, vector, limit=max(limit, CANDIDATES), scope=scope
        )
        best = fuse(candidates, limit=limit)
        chunks = await self._library.chunks([one.id for one in best])
        return SearchResponse(
            query=query,
            results=passages(best, chunks),
            took_ms=(time.perf_counter() - began) * 1000,
            words_only=not candidates.dense_ready,
        )

    async def _vector(self, query: str, *, wait: bool) -> bytes | None:
        if not (wait or self._patient or self._embedder.ready):
            return None
        try:
            return await self._embedder.embed([query], "query")
        except MorganError as error:
            log.warning("searching by words alone: %s", error)
            return None
