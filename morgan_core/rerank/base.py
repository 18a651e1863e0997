"""What a reranker does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from morgan_core.errors import MorganError
from morgan_core.types import WorkerInfo


class Reranker(Protocol):
    """Reads the query and a passage together, as a cross-encoder does, and scores the pair."""

    @property
    def ready(self) -> bool:
        """False while the model is still loading."""
        ...

    @property
    def worker(self) -> WorkerInfo | None:
        """The child process that scores; None for a remote reranker."""
        ...

    async def start(self) -> None:
        """Begin to load the model; returns before it is loaded. ``scores`` starts it, too."""
        ...

    async def stop(self) -> None: ...

    async def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """A score for each text, in their order; a higher one is better, and only those of one
        call compare. Raises MorganError when there are none."""
        ...


class AbsentReranker:
    """Stands where the settings name a reranker that cannot be had: it says why."""

    ready = True
    worker: WorkerInfo | None = None

    def __init__(self, reason: MorganError) -> None:
        self.reason = reason

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        raise self.reason
