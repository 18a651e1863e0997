"""The entry point of every child process: ``python -m morgan_core.worker.main <dotted.module>``.

The module offers ``async def start(config, parent) -> Service``. Standard input and output are
the channel to the parent; whatever a library prints goes to standard error, which the parent
points at a log file. The first frame from the parent is the start order.

A child ends when its parent does: the kernel kills it (PDEATHSIG, Linux), and the end of
standard input makes it leave within ``EOF_GRACE`` seconds even if its threads are busy.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from typing import Any, NoReturn, Protocol

from morgan_core.errors import MorganError
from morgan_core.sanitise import sanitise
from morgan_core.worker.channel import Channel, Handler, error_triple, read_frame
from morgan_core.worker.priority import stand_back

EOF_GRACE = 1.0
_PR_SET_PDEATHSIG = 1  # linux/prctl.h

log = logging.getLogger("morgan_core.worker")


class Service(Protocol):
    """What a child does. ``close`` is called once, before an orderly end."""

    @property
    def handlers(self) -> Mapping[str, Handler]: ...

    async def close(self) -> None: ...


class Parent(Protocol):
    """The other side, as the child sees it."""

    async def call(self, method: str, /, timeout: float | None = None, **params: Any) -> Any: ...

    async def notify(self, event: str, /, **params: Any) -> None: ...


def main() -> NoReturn:
    """Serve until the parent is gone; never returns."""
    module = sys.argv[1]
    for name in ("SIGINT", "SIGTSTP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    _die_with_parent()
    source, sink = _take_standard_streams()
    _leave_when_hung_up(source)
    try:
        asyncio.run(_run(module, source, sink))
    except BaseException:
        logging.exception("the %s child failed", module)
    _leave(1)


async def _run(module: str, source: int, sink: int) -> NoReturn:
    reader, writer = await _open_streams(source, sink)
    try:
        order = await read_frame(reader)
    except asyncio.IncompleteReadError:
        _leave(0)
    _obey(order)
    child = _Child(module, order["config"])
    channel = Channel(reader, writer, child.handlers, name="parent")
    serving = asyncio.create_task(channel.run())
    starting = asyncio.create_task(child.start(channel))
    await asyncio.wait((serving, starting), return_when=asyncio.FIRST_COMPLETED)
    if not serving.done() and not starting.result():
        _leave(1)
    await serving
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(EOF_GRACE):
            await child.close()
    _leave(0)


class _Child:
    """The life of one service."""

    def __init__(self, module: str, config: dict[str, Any]) -> None:
        self.module = module
        self.config = config
        self.handlers: dict[str, Handler] = {"$close": self.close}
        self._service: Service | None = None
        self._closing: asyncio.Task[None] | None = None

    async def start(self, channel: Channel) -> bool:
        """Start the service and tell the parent ``$ready``, or ``$failed`` with the reason."""
        gc.disable()
        try:
            self._service = await importlib.import_module(self.module).start(self.config, channel)
        except MorganError as error:
            log.error("%s could not start: %s", self.module, error)
            await channel.notify("$failed", error=error_triple(error))
            return False
        except Exception:
            log.exception("%s could not start", self.module)
            return False
        finally:
            # What a child imports and loads stays. Looking through it again and again would hold
            # everything up: torch alone takes the collector 0.1 s.
            gc.freeze()
            gc.enable()
        self.handlers.update(self._service.handlers)
        await channel.notify("$ready")
        return True

    async def close(self) -> None:
        if self._service is None:
            return
        if self._closing is None:
            self._closing = asyncio.create_task(self._service.close())
        await asyncio.shield(self._closing)


class _OneLine(logging.Formatter):
    """Keeps what documents and file names put into a message from forging lines of the log or
    steering the terminal that shows it."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return sanitise(super().formatMessage(record)).replace("\n", "\\n")

    def formatException(self, ei: Any) -> str:
        return sanitise(super().formatException(ei))


def _obey(order: dict[str, Any]) -> None:
    """Apply the start order, after checking that the one who gave it still lives."""
    if hasattr(os, "getppid") and os.getppid() != order["parent"]:
        _leave(0)
    for descriptor in order["fds"]:
        os.set_inheritable(descriptor, False)
    if order["memory_limit"]:
        import resource

        limit = order["memory_limit"]
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    stand_back(order["niceness"])
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _OneLine(f"%(asctime)s %(levelname)s {order['name']} %(name)s: %(message)s")
    )
    logging.basicConfig(level=order["log_level"], handlers=[handler])


def _die_with_parent() -> None:
    """Ask the kernel for SIGKILL when the thread that spawned this process ends."""
    if sys.platform != "linux":
        return
    import ctypes

    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        log.warning("prctl(PR_SET_PDEATHSIG) failed: %s", os.strerror(ctypes.get_errno()))


def _take_standard_streams() -> tuple[int, int]:
    """Move the channel away from 0 and 1, so that no library reads or prints into it."""
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return source, sink


def _leave_when_hung_up(source: int) -> None:
    """End the process soon after the parent's end of ``source`` closed, whatever it is doing."""
    import select

    if not hasattr(select, "poll"):
        return

    def watch() -> None:
        poll = select.poll()
        poll.register(source, 0)
        poll.poll()
        # Longer than the loop's own grace: this is for a loop that does not get to run.
        threading.Event().wait(EOF_GRACE + 0.5)
        _leave(1)

    threading.Thread(target=watch, name="hang-up", daemon=True).start()


async def _open_streams(
    source: int, sink: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**20)
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(source, "rb", 0)
    )
    transport, protocol = await loop.connect_write_pipe(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader()), os.fdopen(sink, "wb", 0)
    )
    return reader, asyncio.StreamWriter(transport, protocol, None, loop)


def _leave(code: int) -> NoReturn:
    """Exit without waiting for threads."""
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
