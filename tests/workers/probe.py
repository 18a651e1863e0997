# ruff: noqa: ASYNC221, ASYNC230, PTH110, PTH115, PTH123, PTH208, S605
"""A child that does whatever a test of the supervision asks for."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from typing import Any

from morgan_core.errors import BadInput, Unavailable
from morgan_core.worker import Worker
from morgan_core.worker.main import Parent


class Probe:
    def __init__(self, config: dict[str, Any], parent: Parent) -> None:
        self.config = config
        self.parent = parent
        self.sleeping = 0
        self.cancelled = 0
        self.grandchild: Worker | None = None
        self.handlers = {
            name: getattr(self, name)
            for name in (
                "echo",
                "pid",
                "settings",
                "refuse",
                "crash",
                "noise",
                "sleep",
                "count_sleeping",
                "count_cancelled",
                "ask_parent",
                "burn",
                "die",
                "die_first_time",
                "spawn_grandchild",
                "descriptors",
                "inheritable",
                "eat_memory",
                "events",
                "modules",
                "log",
            )
        }

    async def close(self) -> None:
        if path := self.config.get("closed_file"):
            with open(path, "a") as file:
                file.write("closed\n")
        if self.grandchild is not None:
            await self.grandchild.stop()

    async def echo(self, value: Any) -> Any:
        return value

    async def pid(self) -> int:
        return os.getpid()

    async def settings(self) -> dict[str, Any]:
        return self.config

    async def refuse(self) -> None:
        raise BadInput("No such day.", mend="Name a weekday.", day="Blursday", odd=object())

    async def crash(self) -> None:
        raise ZeroDivisionError("the plain kind")

    async def noise(self) -> str:
        print("this would corrupt the frames")
        os.write(1, b"and so would this\n")
        os.system("echo and a grandchild too")
        sys.stdout.flush()
        return sys.stdin.read()

    async def sleep(self, seconds: float) -> None:
        self.sleeping += 1
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise

    async def count_sleeping(self) -> int:
        return self.sleeping

    async def count_cancelled(self) -> int:
        return self.cancelled

    async def ask_parent(self, question: str) -> Any:
        return await self.parent.call("answer", question=question)

    async def burn(self, seconds: float) -> None:
        """Keep the event loop busy, as no service should."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pass

    async def die(self, last_words: str = "") -> None:
        print(last_words, file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

    async def die_first_time(self, mark: str) -> str:
        if not os.path.exists(mark):
            open(mark, "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return "second time"

    async def spawn_grandchild(self) -> int:
        self.grandchild = Worker("grandchild", __name__, config={})
        await self.grandchild.start()
        await self.grandchild.ready(20)
        return int(await self.grandchild.call("pid"))

    async def descriptors(self) -> list[str]:
        return [
            os.readlink(f"/proc/self/fd/{fd}")
            for fd in os.listdir("/proc/self/fd")
            if os.path.lexists(f"/proc/self/fd/{fd}")
        ]

    async def inheritable(self, fd: int) -> bool:
        return os.get_inheritable(fd)

    async def eat_memory(self, size: int) -> int:
        return len(bytearray(size))

    async def events(self, count: int) -> None:
        for number in range(count):
            await self.parent.notify("tick", number=number)

    async def log(self, message: str) -> None:
        logging.getLogger("probe").warning("seen: %s", message)

    async def modules(self) -> list[str]:
        return sorted(sys.modules)


async def start(config: dict[str, Any], parent: Parent) -> Probe:
    await parent.notify("progress", share=0.5)
    if message := config.get("refuse"):
        raise BadInput(message)
    if message := config.get("unavailable"):
        raise Unavailable(message)
    if message := config.get("explode"):
        raise RuntimeError(message)
    if seconds := config.get("block"):
        await asyncio.to_thread(time.sleep, seconds)
    return Probe(config, parent)
