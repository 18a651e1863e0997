"""An embedded index in a child process, without a library around it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from morgan_core.embedding.base import EmbedderInfo
from morgan_core.index.edge import EdgeIndex
from morgan_core.worker.main import Parent


class IndexChild:
    def __init__(self, index: EdgeIndex) -> None:
        self._index = index
        self.handlers = {"query": self.query, "chunks": self.chunks, "vectors": self.vectors}

    async def close(self) -> None:
        await self._index.close()

    async def query(self, text: str, vector: bytes | None, limit: int, scope: None) -> Any:
        return await self._index.query(text, vector, limit=limit, scope=scope)

    async def chunks(self, ids: list[str]) -> Any:
        return await self._index.chunks(ids)

    async def vectors(self, ids: list[str]) -> Any:
        return await self._index.vectors(ids)


async def start(config: dict[str, Any], parent: Parent) -> IndexChild:
    index = EdgeIndex(Path(config["directory"]), msgspec.convert(config["embedder"], EmbedderInfo))
    await index.open()
    return IndexChild(index)
