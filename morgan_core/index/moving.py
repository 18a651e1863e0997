"""The index while it moves from one embedder's collection to another's.

The collection of the embedder that the settings name is the *wanted* one; the one that
``morgan_knowledge`` points at *answers*. Normally they are the same. After a change of the
embedder they are two, until the wanted one is complete: words go to both, vectors to the wanted
one, queries to the one that answers. Nothing but the pointer says which is which, so that a crash
at any moment, or a change of mind, is found as it is at the next opening.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol

from morgan_core.embedding.base import EmbedderInfo
from morgan_core.errors import MorganError
from morgan_core.index.base import Candidates, Chunk, VectorIndex
from morgan_core.types import Scope

log = logging.getLogger(__name__)


class Collection(VectorIndex, Protocol):
    """A VectorIndex that knows of the collections beside it."""

    collection: str
    info: EmbedderInfo

    async def current(self) -> str:
        """The collection that ``morgan_knowledge`` points at."""
        ...

    async def make_current(self) -> None:
        """Point ``morgan_knowledge`` at this one, in one step."""
        ...

    def sibling(self, collection: str) -> Collection | None:
        """The other collection, not yet opened; None when there is none of this name."""
        ...

    async def drop(self) -> None:
        """Close and delete this collection."""
        ...

    async def sweep(self) -> None:
        """Delete what moves that were given up left here: every collection but this one, if
        nobody else can use them."""
        ...

    def pages(self, document_id: str) -> AsyncIterator[list[Chunk]]:
        """The document's chunks of every revision."""
        ...


class MovingIndex:
    """A VectorIndex over the wanted collection and, during a move, the one that answers."""

    def __init__(self, wanted: Collection) -> None:
        self._wanted = wanted
        self._answering = wanted
        self._writing = asyncio.Lock()

    @property
    def moving(self) -> bool:
        return self._answering is not self._wanted

    @property
    def answering(self) -> str:
        """The collection that queries go to."""
        return self._answering.collection

    def takes(self, vector: bytes, collection: str) -> bool:
        """Whether queries may bring this vector, made for ``collection`` (empty: not known)."""
        fits = len(vector) == 4 * self._answering.info.dimension
        return fits and collection in ("", self.answering)

    async def open(self) -> None:
        await self._wanted.open()
        current = await self._wanted.current()
        if current == self._wanted.collection:
            await self._wanted.sweep()
            return
        earlier = self._wanted.sibling(current)
        try:
            if earlier is not None:
                await earlier.open()
                self._answering = earlier
                log.info("%s answers until %s is complete", current, self._wanted.collection)
                return
        except MorganError as error:
            log.error("%s cannot answer: %s", current, error)
        await self._wanted.make_current()

    async def close(self) -> None:
        if self.moving:
            await self._answering.close()
        await self._wanted.close()

    async def refill(self, document_id: str) -> None:
        """Bring the document's words from the collection that answers to the wanted one.

        What is there already is left alone: it may have its vector, which writing it would cost.
        """
        if not self.moving:
            return
        async with self._writing:
            async for chunks in self._answering.pages(document_id):
                there = {one.id for one in await self._wanted.chunks([one.id for one in chunks])}
                await self._wanted.upsert_words([one for one in chunks if one.id not in there])

    async def switch(self, tell: Callable[[str], Awaitable[None]]) -> None:
        """The wanted collection is complete: it answers from now on, of which ``tell`` tells
        those who ask; then the other one is deleted."""
        async with self._writing:
            if not self.moving:
                return
            await self._wanted.make_current()
            earlier, self._answering = self._answering, self._wanted
        log.info("%s answers; %s goes", self.answering, earlier.collection)
        await tell(self.answering)
        await earlier.drop()

    # --- writing ---------------------------------------------------------------------------

    async def upsert_words(self, chunks: Sequence[Chunk]) -> None:
        async with self._writing:
            await self._wanted.upsert_words(chunks)
            if self.moving:
                await self._upsert_where_queries_go(chunks)

    async def _upsert_where_queries_go(self, chunks: Sequence[Chunk]) -> None:
        """Nothing embeds for the old collection any more, so a chunk that is written again (its
        id says that its text is the same) is given back the vector that writing it takes."""
        vectors = await self._answering.vectors([chunk.id for chunk in chunks])
        await self._answering.upsert_words(chunks)
        if vectors:
            await self._answering.upsert_vectors(list(vectors), b"".join(vectors.values()))

    async def upsert_vectors(self, ids: Sequence[str], vectors: bytes) -> None:
        await self._wanted.upsert_vectors(ids, vectors)

    async def set_paths(
        self, document_id: str, paths: Sequence[str], folders: Sequence[str]
    ) -> None:
        async with self._writing:
            await self._wanted.set_paths(document_id, paths, folders)
            if self.moving:
                await self._answering.set_paths(document_id, paths, folders)

    async def delete_document(self, document_id: str, *, keep_revision: int | None = None) -> None:
        async with self._writing:
            await self._wanted.delete_document(document_id, keep_revision=keep_revision)
            if self.moving:
                await self._answering.delete_document(document_id, keep_revision=keep_revision)

    # --- reading ---------------------------------------------------------------------------

    async def query(
        self,
        text: str,
        vector: bytes | None,
        *,
        limit: int,
        scope: Scope | None = None,
        exclude: Sequence[str] = (),
    ) -> Candidates:
        return await self._answering.query(text, vector, limit=limit, scope=scope, exclude=exclude)

    async def vectors(self, ids: Sequence[str]) -> dict[str, bytes]:
        return await self._answering.vectors(ids)

    async def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        return await self._answering.chunks(ids)

    async def count(self, document_id: str | None = None) -> int:
        return await self._wanted.count(document_id)

    async def count_at(self, path: str) -> int:
        count = await self._wanted.count_at(path)
        return count + (await self._answering.count_at(path) if self.moving else 0)

    async def other_collections(self) -> list[str]:
        others = await self._wanted.other_collections()
        return [name for name in others if name != self.answering]

    async def documents(self) -> dict[str, dict[int, int]]:
        return await self._wanted.documents()

    async def embedded(self) -> dict[str, dict[int, int]]:
        return await self._wanted.embedded()
