"""What the HTTP application knows of its owner: starting, ready or leaving."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from morgan_core.errors import Leaving, MorganError, Unavailable
from morgan_core.storage.lock import OwnerState


class ServerState:
    """Shared by every application that serves the same core."""

    def __init__(self, phase: OwnerState = "ready") -> None:
        self.turns = 0
        """Streams of turns that are open now."""
        self._phase: OwnerState = phase
        self._failure: MorganError | None = None
        self._settled = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._gone = asyncio.Event()
        if phase != "starting":
            self._settled.set()

    @property
    def phase(self) -> OwnerState:
        return self._phase

    def ready(self) -> None:
        if self._phase == "starting":
            self._phase = "ready"
            self._settled.set()

    def fail(self, error: MorganError) -> None:
        """The core could not start; requests that wait for it get ``error``."""
        self._failure = error
        self._settled.set()

    def leave(self) -> None:
        """Refuse new requests from now on."""
        self._phase = "leaving"
        self._settled.set()

    def end(self) -> None:
        """Tell the faces that attached that this owner is gone."""
        self.leave()
        self._gone.set()

    async def wait_gone(self) -> None:
        await self._gone.wait()

    async def wait_ready(self, timeout: float = 60.0, *, leaving_too: bool = False) -> None:
        """Return when requests can be served; raise Leaving, or why the core did not start.

        ``leaving_too`` is for what may still be done while running turns end.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._settled.wait()
        except TimeoutError:
            raise Unavailable("Morgan is still starting.", mend="Try again in a moment.") from None
        if self._failure is not None:
            raise self._failure
        if self._phase == "leaving" and not leaving_too:
            raise Leaving("Morgan is quitting.", mend="Start it again, or try again in a moment.")

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Count a turn's stream while it is open."""
        self.turns += 1
        self._idle.clear()
        try:
            yield
        finally:
            self.turns -= 1
            if not self.turns:
                self._idle.set()

    async def idle(self, timeout: float) -> bool:
        """Wait until no turn streams; False when some still do after ``timeout`` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True
