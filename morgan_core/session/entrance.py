"""The two ways in: ``open_morgan`` owns or attaches, ``attach`` never starts a core."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from morgan_core.paths import Paths, find_paths
from morgan_core.session.election import AddressElection, DataDirElection, Election, NotRunning
from morgan_core.session.session import Session
from morgan_core.storage.lock import make_directories

if TYPE_CHECKING:
    from morgan_core.server.owner import LocalCore, MakeLocal
    from morgan_core.settings import LoadedSettings

WAIT = 60.0


@asynccontextmanager
async def open_morgan(
    *,
    paths: Paths | None = None,
    loaded: LoadedSettings | None = None,
    connect: str | None = None,
    wait: float = WAIT,
    preload: bool = True,
    make_local: MakeLocal | None = None,
) -> AsyncIterator[Session]:
    """Morgan, for as long as the context lasts.

    Takes the lock of ``paths.data`` and runs the core here, or attaches to the process that
    does; ``wait`` is how many seconds it may start, leave or be silent. ``connect`` is the
    address of a server (``http://host:port``) to attach to instead. ``loaded`` are the settings,
    read when first needed if absent. ``preload`` false loads models on first use. ``make_local``
    makes the core in place of LocalMorgan. The process that runs the core logs to
    ``paths.logs``.

    Raises OwnerBusy when another process owns the directory and does not answer or has another
    version, Disconnected when nothing answers at ``connect``, and what starting a core raises.
    """
    found = paths or find_paths()
    load = _once(found, loaded)
    election: Election
    if connect:
        election = AddressElection(connect, lambda: _api_key(load()), wait=wait)
    else:
        make_directories(found)
        make = make_local or _local_maker(preload)
        election = DataDirElection(found, load, make, wait=wait)
    session = Session(election, await election.settle())
    try:
        yield session
    finally:
        await session.close()


async def attach(paths: Paths, *, wait: float = 5.0) -> Session | None:
    """A session of the core that runs now; None when none does. The caller closes it.

    It never becomes the owner: when the core goes away its calls raise Unavailable. Raises
    OwnerBusy when an owner is there and does not answer within ``wait`` seconds.
    """
    if not paths.lock.exists():
        return None
    election = DataDirElection(paths, _never, _never_made, wait=wait, may_own=False)
    try:
        backend = await election.settle()
    except NotRunning:
        return None
    return Session(election, backend)


def _local_maker(preload: bool) -> MakeLocal:
    def make(loaded: LoadedSettings, paths: Paths, lock_fd: int) -> LocalCore:
        from morgan_core.local import LocalMorgan
        from morgan_core.observability.logging import set_up_logging

        set_up_logging(paths, loaded.values, process="app")
        return LocalMorgan(loaded, paths, lock_fd=lock_fd, preload=preload)

    return make


def _once(paths: Paths, loaded: LoadedSettings | None) -> Callable[[], LoadedSettings]:
    """Reads the settings when they are first needed; pydantic is not cheap to import."""
    held = loaded

    def load() -> LoadedSettings:
        nonlocal held
        if held is None:
            from morgan_core.settings import load_settings

            held = load_settings(paths)
        return held

    return load


def _api_key(loaded: LoadedSettings) -> str:
    key = loaded.values.api_key
    return key.get_secret_value() if key else ""


def _never() -> LoadedSettings:
    raise AssertionError("a session that only attaches needs no settings")


def _never_made(loaded: LoadedSettings, paths: Paths, lock_fd: int) -> LocalCore:
    raise AssertionError("a session that only attaches makes no core")
