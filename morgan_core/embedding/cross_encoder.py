"""A cross-encoder under torch. Used in the reranker child only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from morgan_core.embedding.model import GPU_SHARE, load_on_first
from morgan_core.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

LONGEST = 512
"""Tokens of a query and its passage at most: what nearly all rerankers were trained with."""

BATCH = 16


class Judge:
    """A loaded cross-encoder with one output."""

    def __init__(self, model: CrossEncoder) -> None:
        self._model = model

    def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """The score of each text, in order."""
        import numpy as np

        found = self._model.predict(
            [(query, text) for text in texts],
            batch_size=BATCH,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        rows = np.asarray(found, dtype=np.float64)
        if rows.shape != (len(texts),) or not np.isfinite(rows).all():
            raise ModelError(
                "The reranker does not give one number for each passage.",
                mend="Set reranker_model to a cross-encoder that was trained to rank.",
            )
        return [float(score) for score in rows]


def load_judge(directory: Path, device: str, threads: int) -> Judge:
    """Load the cross-encoder in ``directory``, from safetensors only, and run it once.

    ``device`` and ``threads`` as for the embedder. Raises ModelError when it cannot be loaded.
    """
    return load_on_first("reranker", directory, device, threads, _load_on)


def _load_on(directory: Path, device: str) -> Judge:
    import torch
    from sentence_transformers import CrossEncoder

    if device == "cuda":
        torch.cuda.set_per_process_memory_fraction(GPU_SHARE)
    model: Any = CrossEncoder(
        str(directory),
        device=device,
        local_files_only=True,
        trust_remote_code=False,
        model_kwargs={"use_safetensors": True},
        max_length=_longest(directory),
    )
    judge = Judge(model)
    judge.scores("ready", ["as long as any text may be " * LONGEST])
    return judge


def _longest(directory: Path) -> int:
    """Tokens at most, for a model that may have fewer positions than is usual."""
    config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    positions = config.get("max_position_embeddings")
    return min(LONGEST, positions) if isinstance(positions, int) and positions > 0 else LONGEST
