"""Weighing chunks again, in the background, after the corpus's average length has moved."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from morgan_core.errors import MorganError

log = logging.getLogger(__name__)


class Reweighing:
    """Repeats ``step``, which returns how many outdated chunks it found, until there is none."""

    def __init__(self, step: Callable[[], Awaitable[int]]) -> None:
        self._step = step
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._all(), name="weigh words again")

    async def settled(self) -> None:
        """Wait until no chunk is being weighed again."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await self.settled()

    async def _all(self) -> None:
        try:
            while await self._step():
                pass
        except MorganError as error:
            log.warning("Weighing words again stopped: %s", error)
