"""The garbage collector walks through everything only while nobody waits.

A full collection holds every thread up for as long as it walks through all that the program
knows: 80 ms of processor time once the core is imported, and 0.7 s beside other work (measured).
By itself it comes at any time, also between a key and its echo.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable

LOOK_EVERY = 3.0
QUIET = 1.0
"""Seconds since the last key from which nobody is taken to be typing."""

ENOUGH, TOO_MUCH = 10, 500
"""Collections of the younger objects since the last full one: from ``ENOUGH`` on a quiet moment is
used, from ``TOO_MUCH`` on (3.5 million objects have stayed) there is no more waiting for one."""

_BY_ITSELF = gc.get_threshold()
_NEVER = 1_000_000_000


class QuietCollector:
    """Full collections of this process, from ``start`` to ``close``; ``busy`` says whether the
    app has something to show that does not wait for a key."""

    def __init__(
        self, busy: Callable[[], bool], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._busy = busy
        self._clock = clock
        self.last_key = 0.0
        """On the clock."""
        self._kept = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """From now on there are full collections in quiet moments only."""
        gc.set_threshold(*_BY_ITSELF[:2], _NEVER)
        self._look_later()

    def close(self) -> None:
        """Let Python decide again."""
        if self._timer is not None:
            self._timer.cancel()
        gc.set_threshold(*_BY_ITSELF)

    def typed(self) -> None:
        """A key arrived."""
        self.last_key = self._clock()

    def keep(self) -> None:
        """What was imported and loaded by now stays: no collection looks at it again. Once; next
        to nothing of it is garbage (1,500 of 144,000 objects, measured)."""
        if not self._kept:
            self._kept = True
            gc.freeze()

    def look(self) -> None:
        """Collect, if there is enough to look at and nobody waits."""
        waiting = gc.get_count()[2]
        quiet = self._clock() - self.last_key >= QUIET and not self._busy()
        if waiting >= TOO_MUCH or (waiting >= ENOUGH and self._kept and quiet):
            gc.collect()

    def _look_later(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(LOOK_EVERY, self._look_again)

    def _look_again(self) -> None:
        self.look()
        self._look_later()
