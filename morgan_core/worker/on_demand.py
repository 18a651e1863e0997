"""A child process that is started when it is first needed."""

from __future__ import annotations

import asyncio
from typing import Any

from morgan_core.errors import Unavailable
from morgan_core.types import WorkerInfo
from morgan_core.worker.supervisor import Worker


class OnDemand:
    """Starts ``worker`` at the first call; once stopped, only ``start`` brings it back."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._starting = asyncio.Lock()
        self._stopped = False

    @property
    def ready(self) -> bool:
        return self._worker.info.state == "ready"

    @property
    def info(self) -> WorkerInfo | None:
        """The child, or None when it was never started."""
        info = self._worker.info
        return None if info.state == "stopped" and not self._stopped else info

    async def start(self) -> None:
        """Spawn the child; returns before it is ready."""
        async with self._starting:
            self._stopped = False
            await self._worker.start()

    async def stop(self) -> None:
        self._stopped = True
        async with self._starting:
            await self._worker.stop()

    async def call(self, method: str, **arguments: Any) -> Any:
        """See ``Worker.call``. Raises Unavailable after ``stop``."""
        if self._stopped:
            raise Unavailable(f"The {self._worker.info.name} is stopped.")
        if self._worker.info.state == "stopped":
            await self.start()
        return await self._worker.call(method, **arguments)
