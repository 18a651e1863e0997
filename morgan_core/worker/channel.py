"""Symmetric request/response calls between two processes over a pair of byte streams.

Frames are a 4-byte big-endian length followed by a msgpack map, never pickle:
``{"id", "method", "params"}``, ``{"id", "result"}``, ``{"id", "error": [code, message, details]}``
or ``{"event", "params"}``. Either side may call the other. Calls run side by side; events are
handled one after another, in the order they were sent. A closed stream fails every call in
flight with ``WorkerDied``.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import struct
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import msgspec

from morgan_core.errors import MorganError, WorkerDied, error_from

Handler = Callable[..., Awaitable[Any]]
MAX_FRAME = 256 * 1024 * 1024
EVENTS_GRACE = 0.5  # seconds that handlers of events get after the stream has ended

log = logging.getLogger(__name__)
_length = struct.Struct(">I")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


class ByteWriter(Protocol):
    """What the channel needs of an asyncio.StreamWriter."""

    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None: ...

    def close(self) -> None: ...


class BadFrame(MorganError):
    """The other side sent what is no frame; the connection cannot go on."""

    code = "bad_frame"


def pack(frame: dict[str, Any]) -> bytes:
    """The bytes of a frame. Raises BadFrame when it is too large or holds what msgpack cannot."""
    try:
        data = _encode(frame)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise BadFrame(f"A message cannot be sent to another process: {error}.") from error
    if len(data) > MAX_FRAME:
        raise BadFrame(f"A message of {len(data)} bytes is more than the {MAX_FRAME} allowed.")
    return _length.pack(len(data)) + data


async def read_frame(reader: asyncio.StreamReader) -> dict[str, Any]:
    """The next frame. Raises IncompleteReadError at the end, BadFrame on what is no frame."""
    size = _length.unpack(await reader.readexactly(_length.size))[0]
    if size > MAX_FRAME:
        raise BadFrame(f"A frame of {size} bytes is more than the {MAX_FRAME} allowed.")
    data = await reader.readexactly(size)
    try:
        frame = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadFrame(f"A frame of {size} bytes is no msgpack: {error}.") from error
    if not isinstance(frame, dict):
        raise BadFrame(f"A frame holds a {type(frame).__name__} in place of a map.")
    return frame


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
        self._running: dict[int, asyncio.Task[None]] = {}
        self._events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    async def call(self, method: str, /, timeout: float | None = None, **params: Any) -> Any:
        """Call ``method`` on the other side and return its result.

        Raises the MorganError that the handler raised, WorkerDied when the connection ends
        first, TimeoutError after ``timeout`` seconds. A call that times out or is cancelled is
        cancelled on the other side too.
        """
        if self._closed:
            raise WorkerDied(f"The {self.name} process is not running.")
        number = next(self._ids)
        data = pack({"id": number, "method": method, "params": params})
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            async with asyncio.timeout(timeout):
                await self._send(data)
                return await future
        except (asyncio.CancelledError, TimeoutError):
            if not self._closed:
                self._writer.write(pack({"event": "$cancel", "params": {"id": number}}))
            raise
        finally:
            self._waiting.pop(number, None)
            if future.done() and not future.cancelled():
                future.exception()

    async def notify(self, event: str, /, **params: Any) -> None:
        """Send an event; nothing is returned, and nothing fails when the other side is gone."""
        if self._closed:
            return
        with contextlib.suppress(WorkerDied):
            await self._send(pack({"event": event, "params": params}))

    async def run(self) -> None:
        """Serve until the stream ends; then fail what waits and cancel what runs.

        Raises BadFrame when the other side breaks the protocol.
        """
        events = asyncio.create_task(self._handle_events())
        try:
            while True:
                self._take(await read_frame(self._reader))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.close()
            self._events.put_nowait(None)
            await asyncio.wait((events,), timeout=EVENTS_GRACE)
            events.cancel()

    def close(self) -> None:
        """Close this end; calls in flight fail with WorkerDied."""
        self._closed = True
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(
                    WorkerDied(f"The {self.name} process ended while it was working.")
                )
        for task in self._running.values():
            if task is not _current_task():
                task.cancel()
        self._writer.close()

    def _take(self, frame: dict[str, Any]) -> None:
        match frame:
            case {"event": "$cancel", "params": {"id": int(number)}}:
                if task := self._running.get(number):
                    task.cancel()
            case {"event": str(), "params": dict()}:
                self._events.put_nowait(frame)
            case {"id": int(number), "method": str(method), "params": dict(params)}:
                task = asyncio.create_task(self._serve(number, method, params))
                self._running[number] = task
                task.add_done_callback(lambda _: self._running.pop(number, None))
            case {"id": int(number), "result": result}:
                if (future := self._waiting.get(number)) and not future.done():
                    future.set_result(result)
            case {"id": int(number), "error": [str(code), str(message), dict(details)]}:
                if (future := self._waiting.get(number)) and not future.done():
                    future.set_exception(_error_from(code, message, details))
            case _:
                raise BadFrame(f"The {self.name} process sent a frame of unknown kind.")

    async def _send(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except (ConnectionError, RuntimeError) as error:
            raise WorkerDied(f"The {self.name} process is gone.") from error

    async def _serve(self, number: int, method: str, params: dict[str, Any]) -> None:
        try:
            handler = self._handlers.get(method)
            if handler is None:
                raise MorganError(f"The {self.name} process knows no method {method!r}.")
            answer = pack({"id": number, "result": await handler(**params)})
        except asyncio.CancelledError:
            answer = _error_frame(number, MorganError(f"{method} was cancelled."))
        except MorganError as error:
            answer = _error_frame(number, error)
        except Exception as error:
            log.exception("%s failed", method)
            answer = _error_frame(number, MorganError(f"{type(error).__name__}: {error}"))
        if not self._closed:
            with contextlib.suppress(WorkerDied):
                await self._send(answer)

    async def _handle_events(self) -> None:
        while (frame := await self._events.get()) is not None:
            handler = self._handlers.get(frame["event"])
            if handler is None:
                log.warning("event %r of %s has no handler", frame["event"], self.name)
                continue
            try:
                await handler(**frame["params"])
            except Exception:
                log.exception("handling event %s of %s failed", frame["event"], self.name)


def error_triple(error: MorganError) -> list[Any]:
    """``[code, message, details]``: the error as it travels; details that cannot are left out."""
    details = {key: value for key, value in error.details.items() if _travels(value)}
    if error.mend:
        details["mend"] = error.mend
    return [error.code, _clean(error.message), details]


def _error_frame(number: int, error: MorganError) -> bytes:
    return pack({"id": number, "error": error_triple(error)})


def _error_from(code: str, message: str, details: dict[str, Any]) -> MorganError:
    names = {str(k): v for k, v in details.items() if k not in ("self", "message")}
    return error_from(code, message, names)


def _clean(text: str) -> str:
    """Text that UTF-8 can hold: a file name's undecodable bytes become question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _travels(value: Any) -> bool:
    try:
        _encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return False
    return True


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
