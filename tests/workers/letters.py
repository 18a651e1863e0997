"""An embedder child without torch: a text's vector counts its letters."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

from morgan_core.worker.main import Parent

SECONDS_PER_TEXT = 0.005


class LetterService:
    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self.handlers = {"embed": self._embed}

    async def close(self) -> None: ...

    async def _embed(self, texts: list[str], kind: str) -> dict[str, Any]:
        await asyncio.sleep(SECONDS_PER_TEXT * len(texts))
        vectors = b"".join(_vector(text, self._dimension) for text in texts)
        return {"vectors": vectors, "dimension": self._dimension}


def _vector(text: str, dimension: int) -> bytes:
    counts = [1.0 + text.lower().count(chr(ord("a") + n)) for n in range(26)]
    length = sum(count * count for count in counts) ** 0.5
    padded = [count / length for count in counts] + [0.0] * (dimension - 26)
    return struct.pack(f"<{dimension}f", *padded)


async def start(config: dict[str, Any], parent: Parent) -> LetterService:
    return LetterService(config["dimension"])
