"""Embedders turn texts into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from morgan_core.types import Record, WorkerInfo

TextKind = Literal["query", "passage"]


class EmbedderInfo(Record, frozen=True, kw_only=True):
    """``name`` identifies the model in collection names and cache keys; ``dimension`` is the
    length of its vectors; ``max_tokens`` is where it cuts a text off."""

    name: str
    dimension: int
    max_tokens: int


class Embedder(Protocol):
    @property
    def info(self) -> EmbedderInfo: ...

    @property
    def ready(self) -> bool:
        """False while the model is still loading: search then goes by words alone."""
        ...

    @property
    def worker(self) -> WorkerInfo | None:
        """The child process that embeds; None for a remote embedder."""
        ...

    async def start(self) -> None:
        """Begin to load the model; returns before it is loaded. ``embed`` starts it, too."""
        ...

    async def stop(self) -> None: ...

    async def embed(self, texts: Sequence[str], kind: TextKind) -> bytes:
        """Normalised float32 vectors, row-major, shape (len(texts), dimension).

        Queries go ahead of passages. Waits for loading. Raises Unavailable when the embedder
        is gone for good, WorkerDied when it died twice on this call.
        """
        ...
