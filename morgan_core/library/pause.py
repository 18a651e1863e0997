"""Pausing the work of the library, over restarts too."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path


class Pause:
    """While it is ``on``, no document is read and nothing is embedded; what is under way is
    brought to its end. The file ``marker`` is there exactly while it is on.
    """

    def __init__(self, marker: Path) -> None:
        self._marker = marker
        self._off = asyncio.Event()
        if not marker.exists():
            self._off.set()

    @property
    def on(self) -> bool:
        return not self._off.is_set()

    def set(self, on: bool) -> None:
        """Pause or go on; it is on the disk when this returns. Raises OSError when it cannot be."""
        if on:
            descriptor = os.open(self._marker, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            os.close(descriptor)
            self._off.clear()
        else:
            self._marker.unlink(missing_ok=True)
            self._off.set()

    async def over(self) -> None:
        """Wait until it is not on."""
        await self._off.wait()
