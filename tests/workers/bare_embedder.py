"""The bare embedder to measure ours against: SentenceTransformer.encode and nothing else."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from morgan_core.embedding.model import computes_bfloat16
from morgan_core.worker.main import Parent


class Bare:
    def __init__(self, model: Any) -> None:
        self._model = model
        self.handlers = {"encode": self.encode, "computes_bfloat16": self.computes_bfloat16}

    async def close(self) -> None:
        pass

    async def computes_bfloat16(self) -> bool:
        """Whether Morgan's embedder computes passages in bfloat16 here."""
        return computes_bfloat16()

    async def encode(self, texts: list[str], bfloat16: bool = False) -> float:
        """Seconds that ``encode`` takes with its own defaults, or in ``bfloat16``."""
        began = time.perf_counter()
        await asyncio.to_thread(self._encode, texts, bfloat16)
        return time.perf_counter() - began

    def _encode(self, texts: list[str], bfloat16: bool) -> None:
        import torch

        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bfloat16):
            self._model.encode(texts, normalize_embeddings=True, show_progress_bar=False)


async def start(config: dict[str, Any], parent: Parent) -> Bare:
    def load() -> Any:
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(config["directory"], device="cpu", local_files_only=True)

    return Bare(await asyncio.to_thread(load))
