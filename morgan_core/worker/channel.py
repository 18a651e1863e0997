"""Symmetric request/response calls between two processes over a pair of byte streams.

Frames are a 4-byte big-endian length followed by a msgpack map, never pickle:
``{"id", "method", "params"}``, ``{"id", "result"}``, ``{"id", "error": [code, message, details]}``
or ``{"event", "params"}``. Either side may call the other. A closed stream fails every call in
flight with ``WorkerDied``.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import msgspec

from morgan_core.errors import MorganError, WorkerDied, error_from

Handler = Callable[..., Awaitable[Any]]
MAX_FRAME = 256 * 1024 * 1024

log = logging.getLogger(__name__)
_length = struct.Struct(">I")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


class ByteWriter(Protocol):
    """What the channel needs of an asyncio.StreamWriter."""

    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None: ...

    def close(self) -> None: ...


class Channel:
    """One end of the connection. ``handlers`` maps method and event names to coroutines."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: ByteWriter,
        handlers: Mapping[str, Handler],
        *,
        name: str = "worker",
    ) -> None:
        self.name = name
        self._reader = reader
        self._writer = writer
        self._handlers = handlers
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    async def call(self, method: str, /, timeout: float | None = None, **params: Any) -> Any:
        """Call ``method`` on the other side and return its result.

        Raises the MorganError that the handler raised, WorkerDied when the connection ends
        first, TimeoutError after ``timeout`` seconds.
        """
        if self._closed:
            raise WorkerDied(f"The {self.name} process is not running.")
        number = next(self._ids)
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            await self._send({"id": number, "method": method, "params": params})
            async with asyncio.timeout(timeout):
                return await future
        except asyncio.CancelledError:
            if not self._closed:
                await self._send({"event": "$cancel", "params": {"id": number}})
            raise
        finally:
            self._waiting.pop(number, None)

    async def notify(self, event: str, /, **params: Any) -> None:
        """Send an event; nothing is returned, and nothing fails when the other side is gone."""
        if not self._closed:
            await self._send({"event": event, "params": params})

    async def run(self) -> None:
        """Serve until the stream ends; then fail what waits and cancel what runs."""
        running: dict[int, asyncio.Task[None]] = {}
        try:
            while True:
                try:
                    header = await self._reader.readexactly(_length.size)
                    size = _length.unpack(header)[0]
                    if size > MAX_FRAME:
                        raise ValueError(f"frame of {size} bytes from {self.name}")
                    frame = _decode(await self._reader.readexactly(size))
                except (asyncio.IncompleteReadError, ConnectionError):
                    return
                if "method" in frame:
                    task = asyncio.create_task(self._serve(frame))
                    running[frame["id"]] = task
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
                    task.add_done_callback(
                        lambda _, number=frame["id"]: running.pop(number, None)  # type: ignore[misc]
                    )
                elif "event" in frame:
                    if frame["event"] == "$cancel":
                        if task_to_cancel := running.get(frame["params"]["id"]):
                            task_to_cancel.cancel()
                        continue
                    task = asyncio.create_task(self._on_event(frame))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
                elif (future := self._waiting.get(frame["id"])) and not future.done():
                    if "error" in frame:
                        code, message, details = frame["error"]
                        future.set_exception(error_from(code, message, details))
                    else:
                        future.set_result(frame["result"])
        finally:
            self.close()

    def close(self) -> None:
        """Close this end; calls in flight fail with WorkerDied."""
        self._closed = True
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(
                    WorkerDied(f"The {self.name} process ended while it was working.")
                )
        for task in self._tasks:
            task.cancel()
        self._writer.close()

    async def _send(self, frame: dict[str, Any]) -> None:
        data = _encode(frame)
        self._writer.write(_length.pack(len(data)) + data)
        try:
            await self._writer.drain()
        except ConnectionError as error:
            raise WorkerDied(f"The {self.name} process is gone.") from error

    async def _serve(self, frame: dict[str, Any]) -> None:
        number, method = frame["id"], frame["method"]
        answer: dict[str, Any]
        try:
            handler = self._handlers.get(method)
            if handler is None:
                raise MorganError(f"The {self.name} process knows no method {method!r}.")
            answer = {"id": number, "result": await handler(**frame["params"])}
            _encode(answer)
        except MorganError as error:
            details = {k: v for k, v in error.details.items() if _plain(v)}
            if error.mend:
                details["mend"] = error.mend
            answer = {"id": number, "error": [error.code, error.message, details]}
        except Exception as error:
            log.exception("%s failed", method)
            answer = {"id": number, "error": ["error", f"{type(error).__name__}: {error}", {}]}
        if not self._closed:
            await self._send(answer)

    async def _on_event(self, frame: dict[str, Any]) -> None:
        handler = self._handlers.get(frame["event"])
        if handler is None:
            log.warning("event %r of %s has no handler", frame["event"], self.name)
            return
        try:
            await handler(**frame["params"])
        except Exception:
            log.exception("handling event %s of %s failed", frame["event"], self.name)


def _plain(value: Any) -> bool:
    return isinstance(value, (str, int, float, bool, type(None), list, tuple, dict))
