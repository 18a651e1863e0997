"""An embedder without a model: texts that share words are near each other."""

from __future__ import annotations

import math
import re
import struct
import zlib
from collections.abc import Sequence

from morgan_core.embedding.base import EmbedderInfo, TextKind
from morgan_core.errors import Unavailable
from morgan_core.types import WorkerInfo

DIMENSION = 256


class WordEmbedder:
    """Adds up a direction per word. ``texts`` are those that it was asked for; it is gone after
    ``calls_left`` calls."""

    info = EmbedderInfo(name="words", dimension=DIMENSION, max_tokens=256)
    ready = True
    worker: WorkerInfo | None = None

    def __init__(self, calls_left: int = 1_000_000) -> None:
        self.texts: list[str] = []
        self.calls_left = calls_left

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def embed(self, texts: Sequence[str], kind: TextKind) -> bytes:
        if not self.calls_left:
            raise Unavailable("The embedder is gone.")
        self.calls_left -= 1
        self.texts += texts
        return b"".join(_vector(text) for text in texts)


def _vector(text: str) -> bytes:
    values = [0.001] * DIMENSION
    for word in re.findall(r"\w+", text.casefold()):
        values[zlib.crc32(word.encode()) % DIMENSION] += 1.0
    length = math.sqrt(sum(value * value for value in values))
    return struct.pack(f"<{DIMENSION}f", *(value / length for value in values))
