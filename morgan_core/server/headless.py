"""``morgan-tui --headless``: own the data directory and serve HTTP until told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from morgan_core.errors import MorganError, OwnerBusy
from morgan_core.observability.logging import set_up_logging
from morgan_core.paths import Paths
from morgan_core.server.owner import LocalCore, MakeLocal, Owner
from morgan_core.storage.lock import DataDirLock, make_directories, read_card

if TYPE_CHECKING:
    from morgan_core.settings import LoadedSettings

GRACE = 30.0
"""Seconds that running turns get to end after the first signal."""

LOCK_WAIT = 5.0
"""Seconds to wait for a lock that the children of a killed owner may still hold."""

log = logging.getLogger(__name__)


def run(
    paths: Paths,
    loaded: LoadedSettings,
    *,
    make_local: MakeLocal | None = None,
    grace: float = GRACE,
) -> int:
    """Serve until a signal; see ``serve``."""
    return asyncio.run(serve(paths, loaded, make_local=make_local, grace=grace))


async def serve(
    paths: Paths,
    loaded: LoadedSettings,
    *,
    make_local: MakeLocal | None = None,
    grace: float = GRACE,
) -> int:
    """Serve the socket and ``host:port`` of the settings; returns the exit code.

    SIGTERM and SIGINT: ``/ready`` is 503 at once, new requests are refused, running turns get
    ``grace`` seconds and are then journalled as interrupted. A second signal exits at once.
    The address is told on stderr; the log file gets JSON lines.
    """
    stop = _stop_signal()
    try:
        make_directories(paths)
        set_up_logging(paths, loaded.values, process="app")
        lock = await _take_lock(paths)
        owner = Owner(lock, loaded, paths, make_local or _make_local)
    except MorganError as error:
        return _fail(error)
    try:
        await owner.start()
        url = await owner.listen_tcp(loaded.values.host, loaded.values.port)
    except MorganError as error:
        await owner.close()
        return _fail(error)
    _say(f"Morgan serves {url} with the data in {paths.data}. Ctrl+C stops it.")
    log.info("serving %s", url)
    await stop.wait()
    await _leave(owner, grace)
    return 0


async def _leave(owner: Owner, grace: float) -> None:
    owner.leave()
    turns = owner.state.turns
    if turns:
        _say(f"Stopping; {turns} running turns get {grace:.0f} s. A second signal ends them now.")
    if not await owner.state.idle(grace):
        log.warning("%d turns are interrupted", owner.state.turns)
    await owner.close()
    _say("Stopped.")


async def _take_lock(paths: Paths) -> DataDirLock:
    lock = DataDirLock(paths.lock)
    deadline = time.monotonic() + LOCK_WAIT
    while not lock.acquire():
        card = read_card(paths.lock)
        if time.monotonic() > deadline or (card is not None and _is_alive(card.pid)):
            who = f"process {card.pid}" if card else "another process"
            raise OwnerBusy(
                f"Another Morgan ({who}) owns {paths.data}.",
                mend="Close it, or choose another directory with --data-dir.",
            )
        await asyncio.sleep(0.05)
    return lock


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _stop_signal() -> asyncio.Event:
    """Set by the first SIGTERM or SIGINT; the second ends the process on the spot."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, on_signal, number)
        except NotImplementedError:  # Windows
            signal.signal(number, lambda n, _: loop.call_soon_threadsafe(on_signal, n))
    return stop


def _make_local(loaded: LoadedSettings, paths: Paths, lock_fd: int) -> LocalCore:
    from morgan_core.local import LocalMorgan

    return LocalMorgan(loaded, paths, lock_fd=lock_fd)


def _fail(error: MorganError) -> int:
    log.error("%s", error)
    _say(str(error))
    return 1


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
