"""A small HTTP/1.1 client on asyncio streams, for attaching to a Morgan in another process.

aiohttp takes 0.3 s to import, more than ``ask`` through a running core may take altogether, and
what is needed here is little: one request per connection, JSON, and server-sent events.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import msgspec

from morgan_core.errors import BadInput, Disconnected, MorganError, RemoteError, error_from

SILENCE = 45.0
"""Seconds without a byte after which a stream counts as broken; servers ping every 15 s."""

CONNECT_TIMEOUT = 10.0
_CHUNK = 64 * 1024


class Response:
    """The head of an answer, and its body as it comes in."""

    def __init__(self, status: int, headers: Mapping[str, str], reader: asyncio.StreamReader):
        self.status = status
        self.headers = headers
        self._reader = reader

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body, decoded from its transfer coding."""
        if "chunked" in self.headers.get("transfer-encoding", "").lower():
            while size := int((await self._reader.readline()).split(b";")[0].strip() or b"-1", 16):
                if size < 0:
                    raise asyncio.IncompleteReadError(b"", None)
                yield await self._reader.readexactly(size)
                await self._reader.readexactly(2)
        elif "content-length" in self.headers:
            left = int(self.headers["content-length"])
            while left:
                data = await self._reader.read(min(left, _CHUNK))
                if not data:
                    raise asyncio.IncompleteReadError(b"", left)
                left -= len(data)
                yield data
        elif self.status not in (204, 304):
            while data := await self._reader.read(_CHUNK):
                yield data

    async def read(self) -> bytes:
        return b"".join([chunk async for chunk in self.chunks()])

    async def events(self) -> AsyncGenerator[tuple[str, bytes], None]:
        """Server-sent events as (name, data); pings are swallowed.

        Raises Disconnected after ``SILENCE`` seconds without a byte.
        """
        buffer = bytearray()
        chunks = self.chunks()
        while True:
            try:
                async with asyncio.timeout(SILENCE):
                    buffer += await anext(chunks)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise Disconnected(f"Morgan was silent for {SILENCE:.0f} s.") from None
            *blocks, rest = bytes(buffer).split(b"\n\n")
            buffer = bytearray(rest)
            for block in blocks:
                if event := _parse_event(block):
                    yield event


class Wire:
    """Where a Morgan listens: ``http(s)://host[:port][/prefix]`` or ``unix:/path``."""

    def __init__(self, url: str, *, key: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https", "unix") or not (parts.hostname or parts.path):
            raise BadInput(f"{url!r} is not an address of a Morgan.", mend="Use http://host:port.")
        self.url = url
        self._socket = parts.path if parts.scheme == "unix" else ""
        self._tls = parts.scheme == "https"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (443 if self._tls else 80)
        self._prefix = "" if self._socket else parts.path.rstrip("/")
        self._key = key
        self._open: set[asyncio.StreamWriter] = set()

    async def json(
        self, method: str, path: str, body: object = None, *, timeout: float | None = None
    ) -> bytes:
        """Send a request and return the body of a good answer.

        Raises the MorganError that the server reports, Disconnected when there is no answer
        within ``timeout`` seconds or the connection breaks.
        """
        try:
            async with asyncio.timeout(timeout), self.request(method, path, body) as response:
                data = await response.read()
        except TimeoutError:
            raise Disconnected(f"Morgan at {self.url} did not answer in {timeout} s.") from None
        if response.status >= 400:
            raise error_in(data, response.status)
        return data

    async def stream(
        self, method: str, path: str, body: object = None
    ) -> AsyncGenerator[tuple[str, bytes], None]:
        """Send a request and yield the events of its answer; an ``error`` event is raised."""
        async with self.request(method, path, body, accept="text/event-stream") as response:
            if response.status >= 400:
                raise error_in(await response.read(), response.status)
            async for name, data in response.events():
                if name == "error":
                    raise error_in(data, 500)
                yield name, data

    @asynccontextmanager
    async def request(
        self, method: str, path: str, body: object = None, *, accept: str = "application/json"
    ) -> AsyncIterator[Response]:
        """One request on a connection of its own, which is cut when the context ends."""
        reader, writer = await self._connect()
        self._open.add(writer)
        try:
            writer.write(self._head(method, path, body, accept))
            await writer.drain()
            yield await _read_head(reader)
        except (OSError, EOFError, asyncio.LimitOverrunError, ValueError) as error:
            raise Disconnected(
                f"The connection to Morgan at {self.url} broke.", reason=str(error)
            ) from error
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    def close(self) -> None:
        """Cut every open connection; what waits on one gets Disconnected."""
        for writer in list(self._open):
            writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                if self._socket:
                    return await asyncio.open_unix_connection(self._socket)
                return await asyncio.open_connection(self._host, self._port, ssl=self._tls or None)
        except (OSError, TimeoutError) as error:
            raise Disconnected(
                f"No Morgan answers at {self.url}.", reason=str(error) or type(error).__name__
            ) from error

    def _head(self, method: str, path: str, body: object, accept: str) -> bytes:
        data = b"" if body is None else msgspec.json.encode(body)
        host = f"[{self._host}]" if ":" in self._host else self._host
        lines = [
            f"{method} {self._prefix}{path} HTTP/1.1",
            f"Host: {host}" if self._socket else f"Host: {host}:{self._port}",
            f"Accept: {accept}",
            "Connection: close",
        ]
        if self._key:
            lines.append(f"Authorization: Bearer {self._key}")
        if body is not None:
            lines += ["Content-Type: application/json"]
        if body is not None or method in ("POST", "PUT", "PATCH"):
            lines.append(f"Content-Length: {len(data)}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def error_in(data: bytes, status: int) -> MorganError:
    """The error that a body ``{error, message, details}`` describes."""
    try:
        body = msgspec.json.decode(data, type=_ErrorBody)
    except msgspec.DecodeError:
        return RemoteError(
            f"The server answered {status} without saying why.",
            mend="Check that a Morgan listens at this address.",
        )
    details = {k: v for k, v in body.details.items() if k != "message"}
    return error_from(body.error, body.message, details)


class _ErrorBody(msgspec.Struct):
    error: str
    message: str
    details: dict[str, object] = {}


async def _read_head(reader: asyncio.StreamReader) -> Response:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    version, _, rest = lines[0].partition(" ")
    if not version.startswith("HTTP/1."):
        raise ValueError(f"not HTTP: {lines[0]!r}")
    status = int(rest.split(" ")[0])
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Response(status, headers, reader)


def _parse_event(block: bytes) -> tuple[str, bytes] | None:
    name, data = "message", []
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            with suppress(UnicodeDecodeError):
                name = value.decode()
        elif field == b"data":
            data.append(value)
    return (name, b"\n".join(data)) if data else None
