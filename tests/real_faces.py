"""Faces over the real core as a test sees them: processes, their children, what they print."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil

from morgan_core.events import AnyTurnEvent, Token, turn_event_decoder

CHILDREN = {
    "library": ("morgan_core.library.process", "tests.workers.lingering_library"),
    "embedder": ("morgan_core.embedding.process", "tests.workers.word_embedder"),
    "reader": ("morgan_core.library.reader_process",),
}


class Face:
    """A ``tests.real_node``; the arguments after ``root`` are handed to it."""

    def __init__(self, root: Path, *arguments: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.real_node", str(root), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def role(self) -> str:
        """``owner``, ``attached``, or empty while it is neither yet."""
        told = [line for line in self.lines if line in ("owner", "attached")]
        return told[-1] if told else ""

    @property
    def events(self) -> list[AnyTurnEvent]:
        """The events of its turn so far."""
        told = [line for line in self.lines if line.startswith("event ")]
        return [turn_event_decoder.decode(line.removeprefix("event ")) for line in told]

    @property
    def text(self) -> str:
        """What it saw of the answer."""
        return text_of(self.events)

    def children(self, kind: str) -> list[int]:
        """The process ids of its living children of a kind of ``CHILDREN``."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return [
                child.pid
                for child in psutil.Process(self.pid).children(recursive=True)
                if _runs(child, CHILDREN[kind])
            ]
        return []

    def kill(self) -> None:
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def quit(self) -> None:
        """Ask it to leave."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def end(self) -> None:
        """Whatever it does, it and all its children are gone afterwards."""
        family = [self.pid]
        with contextlib.suppress(psutil.NoSuchProcess):
            family += [c.pid for c in psutil.Process(self.pid).children(recursive=True)]
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self._reading.join(timeout=10)

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))


def text_of(events: list[AnyTurnEvent]) -> str:
    """The answer that the tokens make; fails unless they follow one another."""
    text = ""
    for event in events:
        if isinstance(event, Token):
            assert event.start == len(text), f"a token for {event.start} after {len(text)}"
            text += event.text
    return text


def assert_gapless(events: list[AnyTurnEvent]) -> None:
    assert [event.seq for event in events] == list(range(1, len(events) + 1))


def is_alive(pid: int) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def has_chat_model(pid: int) -> bool:
    """Whether the process has the weights of a GGUF mapped into its memory (Linux)."""
    return ".gguf" in Path(f"/proc/{pid}/maps").read_text()


def _runs(process: psutil.Process, modules: tuple[str, ...]) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE and process.cmdline()[-1] in modules
    return False
