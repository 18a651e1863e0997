"""Who owns the data directory: this process, or another that it attaches to."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import morgan_core
from morgan_core.assistant import Morgan
from morgan_core.client import MorganClient
from morgan_core.errors import Disconnected, OwnerBusy, Unavailable
from morgan_core.paths import Paths
from morgan_core.storage.lock import DataDirLock, OwnerCard, read_card

if TYPE_CHECKING:
    from morgan_core.server.owner import MakeLocal, Owner
    from morgan_core.settings import LoadedSettings


class Backend:
    """The Morgan that a session talks to now: its own core, or a client of another's."""

    def __init__(self, morgan: Morgan, owner: Owner | None = None) -> None:
        self.morgan = morgan
        self.owner = owner

    async def gone(self) -> None:
        """Return when the other process is gone; never for our own core."""
        if isinstance(self.morgan, MorganClient):
            await self.morgan.presence()
        else:
            await asyncio.Event().wait()

    async def close(self) -> None:
        if self.owner is not None:
            await self.owner.close()
        else:
            await self.morgan.close()


class NotRunning(Unavailable):
    """No process owns the data directory."""

    code = "not_running"


class Election(Protocol):
    """Finds the backend of a session, at first and whenever it is lost."""

    async def settle(self) -> Backend:
        """Raises OwnerBusy or Disconnected when there is none within the election's time."""
        ...


class DataDirElection:
    """Take the lock and own the core, or attach to the owner.

    A loser waits while the owner starts or leaves, and while an orphaned child of a killed
    owner still holds the lock, ``wait`` seconds at most. With ``may_own`` false it only
    attaches.
    """

    def __init__(
        self,
        paths: Paths,
        load: Callable[[], LoadedSettings],
        make_local: MakeLocal,
        *,
        wait: float,
        may_own: bool = True,
    ) -> None:
        self._paths = paths
        self._load = load
        self._make_local = make_local
        self._wait = wait
        self._may_own = may_own

    async def settle(self) -> Backend:
        lock = DataDirLock(self._paths.lock)
        deadline = time.monotonic() + self._wait
        while True:
            if self._may_own and lock.acquire():
                return await self._own(lock)
            card = read_card(self._paths.lock)
            if card is not None and (client := await self._attach(card)):
                return Backend(client)
            if not self._may_own and not self._is_owned(lock):
                raise NotRunning("Morgan is not running.", mend="Start it with morgan-tui.")
            if time.monotonic() > deadline:
                raise _busy(card, self._paths)
            await asyncio.sleep(_jitter(0.02, 0.1))

    async def _own(self, lock: DataDirLock) -> Backend:
        try:
            # What an owner imports is slow, and the face types meanwhile.
            owner = await asyncio.to_thread(self._make_owner, lock)
        except BaseException:
            lock.release()
            raise
        await owner.start()
        return Backend(owner.morgan, owner)

    def _make_owner(self, lock: DataDirLock) -> Owner:
        from morgan_core.server.owner import Owner

        return Owner(lock, self._load(), self._paths, self._make_local)

    async def _attach(self, card: OwnerCard) -> MorganClient | None:
        """A client of the owner; None while it does not listen, or not any more."""
        if card.state == "leaving" or not (card.socket or card.url):
            return None
        client = MorganClient(
            f"unix:{card.socket}" if card.socket else card.url,
            api_key="" if card.socket else self._token(),
        )
        try:
            hello = await client.handshake(timeout=min(5.0, max(self._wait, 0.1)))
        except Disconnected:
            return None
        check_version(hello.version, f"process {hello.pid}")
        return None if hello.state == "leaving" else client

    def _token(self) -> str:
        try:
            return self._paths.token.read_text()
        except OSError:
            return ""

    @staticmethod
    def _is_owned(lock: DataDirLock) -> bool:
        if not lock.path.exists():
            return False
        if lock.acquire():
            lock.release()
            return False
        return True


class AddressElection:
    """Attach to the Morgan at ``url``; after a loss, wait for it to come back."""

    def __init__(self, url: str, key: Callable[[], str], *, wait: float) -> None:
        self._url = url
        self._key = key
        self._wait = wait
        self._was_there = False

    async def settle(self) -> Backend:
        client = MorganClient(self._url, api_key=self._key())
        deadline = time.monotonic() + (self._wait if self._was_there else 0.0)
        while True:
            try:
                hello = await client.handshake()
            except Disconnected:
                if time.monotonic() >= deadline:
                    raise
            else:
                check_version(hello.version, self._url)
                if hello.state != "leaving" or time.monotonic() >= deadline:
                    self._was_there = True
                    return Backend(client)
            await asyncio.sleep(_jitter(0.1, 0.5))


def _jitter(least: float, most: float) -> float:
    """Seconds between the two, so that losers do not try in step. ``random`` is slow to import."""
    return least + (most - least) * os.urandom(1)[0] / 255


def check_version(theirs: str, where: str) -> None:
    """Raise OwnerBusy unless both have the same major and minor version."""
    ours = morgan_core.__version__
    if theirs.split(".")[:2] != ours.split(".")[:2]:
        raise OwnerBusy(
            f"Morgan {theirs} is running ({where}), and this is Morgan {ours}.",
            mend="Close the other one first.",
        )


def _busy(card: OwnerCard | None, paths: Paths) -> OwnerBusy:
    who = f"process {card.pid}" if card else "another process"
    return OwnerBusy(
        f"Another Morgan ({who}) owns {paths.data} and does not answer.",
        mend="Close it, or end that process and the children it left.",
    )
