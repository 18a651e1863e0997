"""A query whose candidates come with their chunks, as most tests want to see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from morgan_core.index.base import Candidate, Candidates, Chunk


class Source(Protocol):
    """An index, a library room or a library service."""

    async def query(self, text: str, vector: bytes | None, **options: Any) -> Candidates: ...

    async def chunks(self, ids: Sequence[str]) -> list[Chunk]: ...


class Hit(NamedTuple):
    chunk: Chunk
    score: float


class Hits(NamedTuple):
    dense: tuple[Hit, ...]
    bm25: tuple[Hit, ...]
    dense_ready: bool


async def ask(source: Source, text: str, vector: bytes | None, **options: Any) -> Hits:
    """Query ``source`` and fetch every chunk that it found and that is still there."""
    found = await source.query(text, vector, **options)

    async def hits(candidates: Sequence[Candidate]) -> tuple[Hit, ...]:
        chunks = {chunk.id: chunk for chunk in await source.chunks([one.id for one in candidates])}
        return tuple(Hit(chunks[one.id], one.score) for one in candidates if one.id in chunks)

    return Hits(await hits(found.dense), await hits(found.bm25), found.dense_ready)
