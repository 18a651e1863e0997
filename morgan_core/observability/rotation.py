"""A log file that several processes append to and any of them rotates."""

from __future__ import annotations

import contextlib
import io
import logging
import logging.handlers
import os
import sys
from collections.abc import Iterator
from pathlib import Path

if sys.platform != "win32":
    import fcntl


class SharedRotatingFile(logging.handlers.RotatingFileHandler):
    """A rotating file readable by its owner only.

    Two terminals on one data directory log to the same file: before each line the file is
    opened again if another process has rotated it, and rotation happens under a lock.
    """

    def _open(self) -> io.TextIOWrapper:
        stream = super()._open()
        if sys.platform != "win32":
            os.fchmod(stream.fileno(), 0o600)
        return stream

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        if self.stream is not None and not self._current():
            self._reopen()
        return bool(super().shouldRollover(record))

    def doRollover(self) -> None:
        with self._rotation_lock():
            if self._current():
                super().doRollover()
            else:
                self._reopen()

    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk must not draw over the screen: the record is lost, not the screen."""

    def _current(self) -> bool:
        """Whether the open file is still the one at our path."""
        if self.stream is None:
            return False
        try:
            at_path = Path(self.baseFilename).stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(os.fstat(self.stream.fileno()), at_path)

    def _reopen(self) -> None:
        if self.stream is not None:
            self.stream.close()
        self.stream = self._open()

    @contextlib.contextmanager
    def _rotation_lock(self) -> Iterator[None]:
        if sys.platform == "win32":
            yield
            return
        with Path(f"{self.baseFilename}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
