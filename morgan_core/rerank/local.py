"""A cross-encoder in a child process of its own.

It is apart from the embedder's, so that it is there beside a remote embedder, too, and so that its
death takes no search with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from morgan_core.embedding.local import ENVIRONMENT, NICENESS
from morgan_core.errors import ModelError
from morgan_core.paths import Paths
from morgan_core.rerank.files import locate
from morgan_core.settings import Settings
from morgan_core.types import WorkerInfo
from morgan_core.worker import OnDemand, Worker


class LocalReranker:
    """A ``Reranker``. A missing model is a ModelError of the constructor; loading happens in the
    child. ``on_state`` sees the child's changes."""

    def __init__(
        self,
        settings: Settings,
        paths: Paths,
        *,
        on_state: Callable[[WorkerInfo], None] | None = None,
    ) -> None:
        directory = locate(settings.reranker_model)
        self._name = settings.reranker_model
        worker = Worker(
            "reranker",
            "morgan_core.embedding.rerank_process",
            config={"directory": str(directory), "device": settings.embedding_device},
            on_state=on_state,
            log_file=paths.logs / "reranker.log",
            env=ENVIRONMENT,
            niceness=NICENESS,
        )
        self._child = OnDemand(worker)

    @property
    def ready(self) -> bool:
        return self._child.ready

    @property
    def worker(self) -> WorkerInfo | None:
        """The child, or None when it was never started."""
        return self._child.info

    async def start(self) -> None:
        await self._child.start()

    async def stop(self) -> None:
        await self._child.stop()

    async def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """See ``Reranker.scores``. Waits for loading."""
        if not texts:
            return []
        found: Any = await self._child.call("scores", query=query, texts=list(texts))
        if len(found) != len(texts):
            raise ModelError(f"The reranker {self._name} gave {len(found)} scores.")
        return [float(score) for score in found]
