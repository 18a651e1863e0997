"""A program in a terminal of its own, watched from outside."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Mapping, Sequence

import psutil

COLUMNS, ROWS = 120, 36


class Terminal:
    """Runs ``command`` on a pseudo-terminal and notes when which output arrived.

    Times are those of ``time.perf_counter``. A thread reads all the time, so the program never
    waits for us.
    """

    def __init__(self, command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._master = master
        self._output = bytearray()
        self._arrivals: list[tuple[int, float]] = []
        self._news = threading.Condition()
        self._ended = False
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})},
            start_new_session=True,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def length(self) -> int:
        """Bytes of output so far."""
        with self._news:
            return len(self._output)

    @property
    def text(self) -> str:
        with self._news:
            return self._output.decode("utf-8", "replace")

    def send(self, text: str) -> float:
        """Type ``text``; returns when."""
        at = time.perf_counter()
        os.write(self._master, text.encode())
        return at

    def wait_for(self, text: str, *, since: int = 0, timeout: float = 60.0) -> float:
        """When the first output after byte ``since`` that completes ``text`` arrived.

        Raises TimeoutError, or EOFError when the program ends before.
        """
        wanted = text.encode()
        deadline = time.perf_counter() + timeout
        with self._news:
            searched = since
            while True:
                found = self._output.find(wanted, searched)
                if found >= 0:
                    return self._arrival_of(found + len(wanted))
                searched = max(since, len(self._output) - len(wanted) + 1)
                if self._ended:
                    raise EOFError(f"the program ended without printing {text!r}: {self._tail()}")
                left = deadline - time.perf_counter()
                if left <= 0:
                    raise TimeoutError(f"no {text!r} within {timeout} s: {self._tail()}")
                self._news.wait(left)

    def family(self) -> list[psutil.Process]:
        """The program and all its descendants."""
        try:
            program = psutil.Process(self.process.pid)
            return [program, *program.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """End the program and its children at once. Safe to repeat."""
        family = self.family()
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        self.process.wait()
        psutil.wait_procs(family[1:], timeout=10)
        self._reader.join(timeout=10)
        with contextlib.suppress(OSError):
            os.close(self._master)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:
                data = b""
            at = time.perf_counter()
            with self._news:
                self._output += data
                self._arrivals.append((len(self._output), at))
                self._ended = not data
                self._news.notify_all()
            if not data:
                return

    def _arrival_of(self, position: int) -> float:
        return next(at for end, at in self._arrivals if end >= position)

    def _tail(self) -> str:
        return repr(bytes(self._output[-300:]))
