"""The lock that makes one process the owner of a data directory.

It is taken before any store is touched. ``flock`` locks the open file description, so a child
that inherits the descriptor keeps the lock alive: a new owner cannot open the stores while an
orphan of the old one still holds them. The locked file carries the owner's card, which tells the
others where to attach.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Literal

import msgspec

from morgan_core.errors import Unavailable
from morgan_core.paths import Paths
from morgan_core.types import Record

OwnerState = Literal["starting", "ready", "leaving"]
CARD_SIZE = 2048
"""Bytes that a card fills. Every card has the same size, so that one write replaces it whole."""

_LOCK_OFFSET = 1 << 30  # Windows locks byte ranges and makes them unreadable: lock past the card.


class OwnerCard(Record, frozen=True, kw_only=True):
    """Who owns the data directory, and where it listens: ``socket`` (a path) or ``url``.

    ``started`` is in seconds since the epoch.
    """

    pid: int
    version: str
    state: OwnerState
    socket: str = ""
    url: str = ""
    started: float = 0.0


class DataDirLock:
    """The lock file at ``path``. One object holds it at most once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    @property
    def held(self) -> bool:
        return self._fd is not None

    @property
    def fd(self) -> int:
        """The locked descriptor. It is closed on exec unless given in ``pass_fds``."""
        if self._fd is None:
            raise RuntimeError("the data directory is not locked")
        return self._fd

    def acquire(self) -> bool:
        """Take the lock without waiting; False when another process holds it.

        Raises Unavailable when the file system has no locks or the file cannot be opened.
        """
        if self._fd is not None:
            return True
        while True:
            try:
                fd = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
            except OSError as error:
                raise Unavailable(
                    f"The data directory {self.path.parent} cannot be used: {error.strerror}.",
                    mend="Make it writable, or choose another with --data-dir.",
                ) from error
            try:
                if not _try_lock(fd):
                    os.close(fd)
                    return False
            except OSError as error:
                os.close(fd)
                raise Unavailable(
                    f"The file system of {self.path.parent} has no file locks: {error.strerror}.",
                    mend="Put the data directory on a local disk with --data-dir.",
                ) from error
            if _is_file_at(self.path, fd):
                self._fd = fd
                return True
            os.close(fd)

    def write_card(self, card: OwnerCard) -> None:
        """Replace the owner's card."""
        data = msgspec.json.encode(card)
        if len(data) >= CARD_SIZE:
            raise ValueError(f"the card of {len(data)} bytes is too long")
        os.lseek(self.fd, 0, os.SEEK_SET)
        os.write(self.fd, data.ljust(CARD_SIZE - 1) + b"\n")

    def release(self) -> None:
        """Give the lock up. It stays taken while a child holds the inherited descriptor."""
        if self._fd is not None:
            fd, self._fd = self._fd, None
            os.close(fd)


def make_directories(paths: Paths) -> None:
    """``paths.create()``, with an error that says what to do."""
    try:
        paths.create()
    except OSError as error:
        raise Unavailable(
            f"The directory {error.filename} cannot be made: {error.strerror}.",
            mend="Choose another data directory with --data-dir.",
        ) from error


def read_card(path: Path) -> OwnerCard | None:
    """The card in the lock file at ``path``; None when there is none that can be read."""
    for _ in range(3):
        try:
            data = path.read_bytes()
        except OSError:
            return None
        if not data.strip():
            return None
        with contextlib.suppress(msgspec.DecodeError):
            return msgspec.json.decode(data, type=OwnerCard)
        time.sleep(0.001)  # caught in the middle of a write
    return None


def _is_file_at(path: Path, fd: int) -> bool:
    """Whether ``fd`` is still the file at ``path`` (not one that was removed meanwhile)."""
    if sys.platform == "win32":
        return True
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":  # untested

    def _try_lock(fd: int) -> bool:
        import msvcrt

        os.lseek(fd, _LOCK_OFFSET, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

else:

    def _try_lock(fd: int) -> bool:
        import fcntl

        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
