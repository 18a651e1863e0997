"""The bare embedder to measure ours against: SentenceTransformer.encode and nothing else."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from morgan_core.worker.main import Parent


class Bare:
    def __init__(self, model: Any) -> None:
        self._model = model
        self.handlers = {"encode": self.encode}

    async def close(self) -> None:
        pass

    async def encode(self, texts: list[str]) -> float:
        """Seconds that ``encode`` takes with its own defaults."""
        began = time.perf_counter()
        await asyncio.to_thread(
            self._model.encode, texts, normalize_embeddings=True, show_progress_bar=False
        )
        return time.perf_counter() - began


async def start(config: dict[str, Any], parent: Parent) -> Bare:
    def load() -> Any:
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(config["directory"], device="cpu", local_files_only=True)

    return Bare(await asyncio.to_thread(load))
