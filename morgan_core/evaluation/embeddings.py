"""Embedding nothing twice: a second run, or one that goes on after a break, finds its vectors."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from morgan_core.embedding.base import Embedder, EmbedderInfo, TextKind
from morgan_core.embedding.cache import VectorCache, text_hash
from morgan_core.types import WorkerInfo


class RememberingEmbedder:
    """An ``Embedder`` that asks ``behind`` only for texts that no cache knows. New vectors go
    into ``cache``; ``borrowed`` is only read."""

    def __init__(
        self,
        behind: Embedder,
        *,
        cache: VectorCache | None = None,
        borrowed: VectorCache | None = None,
    ) -> None:
        self._behind = behind
        self._cache = cache
        self._known = [one for one in (cache, borrowed) if one is not None]
        self.reused = 0
        self.embedded = 0

    @property
    def info(self) -> EmbedderInfo:
        return self._behind.info

    @property
    def ready(self) -> bool:
        return self._behind.ready

    @property
    def worker(self) -> WorkerInfo | None:
        return self._behind.worker

    async def start(self) -> None:
        await self._behind.start()

    async def stop(self) -> None:
        await self._behind.stop()
        for one in self._known:
            one.close()

    async def embed(self, texts: Sequence[str], kind: TextKind) -> bytes:
        """See ``Embedder.embed``."""
        keys = [_key(text, kind) for text in texts]
        vectors = await asyncio.to_thread(self._look_up, keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in vectors}
        self.reused += len(vectors)
        self.embedded += len(missing)
        if missing:
            found = await self._behind.embed(list(missing.values()), kind)
            width = 4 * self.info.dimension
            new = {key: found[i * width : (i + 1) * width] for i, key in enumerate(missing)}
            if self._cache is not None:
                await asyncio.to_thread(self._cache.put_many, new)
            vectors |= new
        return b"".join(vectors[key] for key in keys)

    def _look_up(self, keys: Sequence[str]) -> dict[str, bytes]:
        vectors: dict[str, bytes] = {}
        for cache in self._known:
            vectors |= cache.get_many(set(keys) - set(vectors))
        return vectors


def _key(text: str, kind: TextKind) -> str:
    """A passage has the key that the library gives it. Some models embed the same words
    otherwise when they are a query."""
    return text_hash(text if kind == "passage" else f"query\n{text}")
