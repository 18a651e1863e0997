"""The embedder in a child process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from morgan_core.embedding.base import EmbedderInfo, TextKind
from morgan_core.embedding.catalogue import locate
from morgan_core.errors import ModelError
from morgan_core.paths import Paths
from morgan_core.settings import Settings
from morgan_core.types import WorkerInfo
from morgan_core.worker import OnDemand, Worker

# Threads that spin while they wait take the processor from everyone else: measured with two
# cores in contention, waiting passively embeds 10-50 % more per second for 25 % less CPU time.
ENVIRONMENT = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
}

# The embedder stands back: the answer being written and the screen come first.
NICENESS = 5


class LocalEmbedder:
    """An ``Embedder`` that runs a sentence-transformers model under supervision.

    The model's files are looked for here, so a missing model is a ModelError of the
    constructor; loading them happens in the child. ``on_state`` sees the child's changes.
    """

    def __init__(
        self,
        settings: Settings,
        paths: Paths,
        *,
        on_state: Callable[[WorkerInfo], None] | None = None,
    ) -> None:
        self._settings = settings
        self._paths = paths
        self._info = locate(settings).info
        worker = Worker(
            "embedder",
            "morgan_core.embedding.process",
            config=self._config,
            handlers={"progress": self._on_progress},
            on_state=on_state,
            log_file=paths.logs / "embedder.log",
            env=ENVIRONMENT,
            niceness=NICENESS,
        )
        self._child = OnDemand(worker)
        self.progress = ""

    @property
    def info(self) -> EmbedderInfo:
        return self._info

    @property
    def ready(self) -> bool:
        return self._child.ready

    @property
    def worker(self) -> WorkerInfo | None:
        """The child, or None when it was never started."""
        return self._child.info

    async def start(self) -> None:
        """Spawn the child; returns before the model is loaded."""
        await self._child.start()

    async def stop(self) -> None:
        await self._child.stop()

    async def embed(self, texts: Sequence[str], kind: TextKind) -> bytes:
        """See ``Embedder.embed``. Starts the child when it was never started."""
        if not texts:
            return b""
        answer = await self._child.call("embed", texts=list(texts), kind=kind)
        vectors: bytes = answer["vectors"]
        if len(vectors) != 4 * len(texts) * self._info.dimension:
            raise ModelError(
                f"The embedder {self._info.name} answered with vectors of length "
                f"{answer['dimension']}, not {self._info.dimension}."
            )
        return vectors

    def _config(self) -> dict[str, Any]:
        files = locate(self._settings)
        return {
            "name": files.info.name,
            "directory": str(files.directory),
            "dimension": files.info.dimension,
            "max_tokens": files.info.max_tokens,
            "sha256": files.sha256,
            "prompts": files.prompts,
            "checked": str(self._paths.cache / "embedders.json"),
            "device": self._settings.embedding_device,
            "batch_size": self._settings.embedding_batch_size,
        }

    async def _on_progress(self, stage: str) -> None:
        self.progress = stage
