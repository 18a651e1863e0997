"""The vector index: one collection per embedder, named vectors ``dense`` and ``bm25``.

Implementations: ``edge`` (embedded Qdrant engine) and ``qdrant`` (remote server or cluster).
Both pass the same contract tests. All methods are coroutines; an implementation whose engine
blocks does the work on its own thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from morgan_core.index.context import in_context
from morgan_core.types import Record, Scope


class Chunk(Record, frozen=True, kw_only=True, gc=False):
    """What is stored of a chunk: the point's payload. ``id`` is the point id (UUID string)."""

    id: str
    document_id: str
    revision: int
    ordinal: int
    text: str
    page: int | None
    heading: str
    place: str = ""
    title: str = ""
    start: int
    end: int
    paths: tuple[str, ...]
    folders: tuple[str, ...]
    language: str = "en"

    @property
    def indexed_text(self) -> str:
        """What its words are found by and what its vector is of."""
        return in_context(self.title, self.heading, self.text)


class Candidate(Record, frozen=True, array_like=True, gc=False):
    """A chunk by name, and the score that one half gave it (cosine for dense, BM25 for words).

    It carries what ranking needs and no text: of the hundreds that a query finds, a few are
    shown, and only these are fetched by ``VectorIndex.chunks``.
    """

    id: str
    document_id: str
    revision: int
    ordinal: int
    score: float


class Candidates(Record, frozen=True, kw_only=True):
    """The two result lists of one hybrid query, best first. ``dense_ready`` is false when the
    query had no vector, ``empty_scope`` true when no document lies within its scope."""

    dense: tuple[Candidate, ...]
    bm25: tuple[Candidate, ...]
    dense_ready: bool
    empty_scope: bool = False


class VectorIndex(Protocol):
    """Storage and search of chunks. Writes are durable when the call returns: a kill -9
    afterwards loses nothing."""

    async def open(self) -> None:
        """Create or load the collection. Raises Unavailable with the mend."""
        ...

    async def close(self) -> None: ...

    async def upsert_words(self, chunks: Sequence[Chunk]) -> None:
        """Write the chunks with their BM25 vectors; findable by words when this returns.
        A point that exists keeps no dense vector from before."""
        ...

    async def upsert_vectors(self, ids: Sequence[str], vectors: bytes) -> None:
        """Add dense vectors to existing points: ``vectors`` is float32, shape (len(ids), dim)."""
        ...

    async def set_paths(
        self, document_id: str, paths: Sequence[str], folders: Sequence[str]
    ) -> None:
        """Change where a document's chunks say they are (rename, move, duplicate)."""
        ...

    async def delete_document(self, document_id: str, *, keep_revision: int | None = None) -> None:
        """Delete the document's points, all or all but those of ``keep_revision``."""
        ...

    async def query(
        self,
        text: str,
        vector: bytes | None,
        *,
        limit: int,
        scope: Scope | None = None,
        exclude: Sequence[str] = (),
    ) -> Candidates:
        """The best ``limit`` by cosine and the best ``limit`` by BM25 in one round trip.

        Of ``scope`` the documents and folders count: the other filters are facts of the
        catalogue, which the library turns into documents. ``exclude`` are document ids that must
        not appear.
        """
        ...

    async def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        """The chunks with these point ids, in their order; those that are gone are left out."""
        ...

    async def vectors(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The dense vectors of these points by id, float32; those without one are left out."""
        ...

    async def count(self, document_id: str | None = None) -> int: ...

    async def count_at(self, path: str) -> int:
        """The points of documents at ``path``, or anywhere below it."""
        ...

    async def other_collections(self) -> list[str]:
        """The collections of other embedders beside this one."""
        ...

    async def documents(self) -> dict[str, dict[int, int]]:
        """Points per document and revision, for checking against the catalogue."""
        ...

    async def embedded(self) -> dict[str, dict[int, int]]:
        """As ``documents``, of the points that have a dense vector."""
        ...
