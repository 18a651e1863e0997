"""The owner of a data directory: it holds the lock, runs the core, and serves it."""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import morgan_core
from morgan_core.assistant import Morgan
from morgan_core.errors import MorganError, Unavailable
from morgan_core.paths import Paths
from morgan_core.server.state import ServerState
from morgan_core.storage.lock import DataDirLock, OwnerCard, OwnerState

if TYPE_CHECKING:
    from morgan_core.server.listen import Listener
    from morgan_core.settings import LoadedSettings

log = logging.getLogger(__name__)


class LocalCore(Morgan, Protocol):
    """A core that runs in this process. ``close`` interrupts running turns: their streams end
    with Leaving, and they continue when they are resumed on the next core."""

    async def start(self) -> None: ...


MakeLocal = Callable[["LoadedSettings", Paths, int], LocalCore]
"""Makes the core from the settings, the directories and the lock's descriptor."""


class Owner:
    """Runs the core of ``paths.data``. ``lock`` must be held; ``close`` releases it."""

    def __init__(
        self, lock: DataDirLock, loaded: LoadedSettings, paths: Paths, make_local: MakeLocal
    ) -> None:
        self.state = ServerState("starting")
        self.morgan = make_local(loaded, paths, lock.fd)
        self._lock = lock
        self._loaded = loaded
        self._paths = paths
        self._began = time.time()
        self._listeners: list[Listener] = []
        self._closing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve the private address, then start the core; requests wait until it is ready.

        When either fails everything is given back and the error is raised.
        """
        try:
            self._write_card("starting")
            listening = asyncio.create_task(self._listen_private())
            try:
                await self.morgan.start()
            finally:
                await listening
        except BaseException as error:
            self.state.fail(_as_morgan_error(error))
            await self.close()
            raise
        self.state.ready()
        self._write_card("ready")

    async def listen_tcp(self, host: str, port: int) -> str:
        """Serve HTTP clients too; returns the URL."""
        listen = await _import_listen()
        listener = await listen.listen_tcp(
            self.morgan, self._loaded.values, self._paths, self.state, host, port
        )
        self._listeners.append(listener)
        return str(listener.url)

    def leave(self) -> None:
        """Refuse new requests; running turns go on until ``close``."""
        self.state.leave()
        self._write_card("leaving")

    async def close(self) -> None:
        """Interrupt running turns, stop the core, and give the data directory up."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        try:
            self.leave()
            for listener in self._listeners:
                await listener.stop_accepting()
            await self.morgan.close()
        finally:
            self.state.end()
            for listener in self._listeners:
                try:
                    await listener.close()
                except Exception:
                    log.exception("closing a listener failed")
            self._lock.release()

    async def _listen_private(self) -> None:
        listen = await _import_listen()
        listener = await listen.listen_private(
            self.morgan, self._loaded.values, self._paths, self.state
        )
        self._listeners.append(listener)
        if self.state.phase == "starting":
            self._write_card("starting")

    def _write_card(self, state: OwnerState) -> None:
        private = self._listeners[0] if self._listeners else None
        if not self._lock.held:
            return
        self._lock.write_card(
            OwnerCard(
                pid=os.getpid(),
                version=morgan_core.__version__,
                state=state,
                socket=private.socket if private else "",
                url=private.url if private else "",
                started=self._began,
            )
        )


async def _import_listen() -> Any:
    """aiohttp takes a third of a second to import: not on the event loop."""
    return await asyncio.to_thread(importlib.import_module, "morgan_core.server.listen")


def _as_morgan_error(error: BaseException) -> MorganError:
    if isinstance(error, MorganError):
        return error
    return Unavailable(f"Morgan could not start: {error or type(error).__name__}")
