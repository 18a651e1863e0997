"""An embedder child without torch: a text's vector counts its words."""

from __future__ import annotations

import asyncio
import re
import struct
import zlib
from typing import Any

from morgan_core.worker.main import Parent

SECONDS_PER_TEXT = 0.005


class WordService:
    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self.handlers = {"embed": self._embed}

    async def close(self) -> None: ...

    async def _embed(self, texts: list[str], kind: str) -> dict[str, Any]:
        await asyncio.sleep(SECONDS_PER_TEXT * len(texts))
        vectors = b"".join(_vector(text, self._dimension) for text in texts)
        return {"vectors": vectors, "dimension": self._dimension}


def _vector(text: str, dimension: int) -> bytes:
    counts = [0.01] * dimension
    for word in re.findall(r"\w+", text.lower()):
        counts[zlib.crc32(word.encode()) % dimension] += 1.0
    length = sum(count * count for count in counts) ** 0.5
    return struct.pack(f"<{dimension}f", *(count / length for count in counts))


async def start(config: dict[str, Any], parent: Parent) -> WordService:
    return WordService(config["dimension"])
