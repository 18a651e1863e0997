"""The small HTTP client: every transfer coding, every way a connection breaks."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core import wire
from morgan_core.client import MorganClient
from morgan_core.errors import BadInput, Disconnected, MorganError, NotFound, RemoteError
from morgan_core.wire import Wire


@asynccontextmanager
async def _server(*pieces: bytes, hold: bool = False) -> AsyncIterator[Wire]:
    """Answers any request with ``pieces``, each flushed, then closes (or holds the line)."""
    held = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if hold:
            await held.wait()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield Wire(f"http://127.0.0.1:{port}")
    finally:
        held.set()
        server.close()


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        (OK + b"Content-Length: 4\r\n\r\n", b"bo", b"dy"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\nbo\r\n", b"2;x=y\r\ndy\r\n0\r\n\r\n"),
        (OK + b"\r\nbody",),
    ],
)
async def test_every_transfer_coding_gives_the_body(pieces):
    async with _server(*pieces) as server:
        assert await server.json("GET", "/") == b"body"


async def test_an_empty_answer_has_an_empty_body():
    async with _server(b"HTTP/1.1 204 No Content\r\n\r\n", hold=True) as server:
        assert await server.json("POST", "/") == b""


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"HTTP/1.1 200",),
        (b"nonsense\r\n\r\n",),
        (OK + b"Content-Length: 4\r\n\r\n", b"bo"),
        (OK + b"Content-Length: many\r\n\r\n", b"bo"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"4\r\nbo"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"2\r\nbo\r\n"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"what\r\nbo\r\n"),
        (b"X" * 100_000,),
    ],
)
async def test_an_answer_that_breaks_off_or_is_no_http_is_a_lost_connection(pieces):
    async with _server(*pieces) as server:
        with pytest.raises(Disconnected):
            await server.json("GET", "/")


async def test_an_error_of_the_server_is_rebuilt():
    body = b'{"error":"not_found","message":"No x.","details":{"mend":"Look.","message":"?"}}'
    head = b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with _server(head + body) as server:
        with pytest.raises(NotFound) as caught:
            await server.json("GET", "/")

    assert (caught.value.message, caught.value.mend) == ("No x.", "Look.")


async def test_an_error_that_is_not_ours_is_still_told():
    async with _server(b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>") as server:
        with pytest.raises(MorganError, match="502"):
            await server.json("GET", "/")


@pytest.mark.parametrize("body", [b"<html>", b'{"other": 1}', b'{"version": 1}'])
async def test_what_answers_and_is_no_morgan_is_not_taken_for_one(body):
    async with _server(OK + b"\r\n" + body) as server:
        with pytest.raises(RemoteError):
            await MorganClient(server.url).handshake()
    async with _server(OK + b"\r\nevent: token\ndata: " + body + b"\n\n") as server:
        with pytest.raises(RemoteError):
            await anext(MorganClient(server.url).library.changes())


async def test_an_answer_that_does_not_come_in_time_is_a_lost_connection():
    async with _server(hold=True) as server:
        with pytest.raises(Disconnected):
            await server.json("GET", "/", timeout=0.05)


async def test_a_silent_stream_is_a_lost_connection(monkeypatch):
    monkeypatch.setattr(wire, "SILENCE", 0.05)
    async with _server(OK + b"\r\nevent: a\ndata: 1\n\n", hold=True) as server:
        stream = server.stream("GET", "/")
        assert await anext(stream) == ("a", b"1")
        with pytest.raises(Disconnected):
            await anext(stream)


async def test_closing_cuts_what_waits():
    async with _server(hold=True) as server:
        waiting = asyncio.create_task(server.json("GET", "/"))
        await asyncio.sleep(0.05)
        server.close()
        with pytest.raises(Disconnected):
            await asyncio.wait_for(waiting, 5)


@pytest.mark.parametrize("url", ["", "127.0.0.1:80", "ftp://host", "http://", "unix:"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(BadInput):
        Wire(url)


_texts = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))


@given(
    events=st.lists(st.tuples(st.sampled_from(["token", "done"]), _texts), max_size=8),
    cuts=st.lists(st.integers(0, 400), max_size=8),
)
def test_events_are_whole_wherever_the_stream_is_cut(events, cuts):
    async def read() -> list[tuple[str, bytes]]:
        body = b"".join(
            b": ping\n\n" + f"event: {name}\nid: 1\ndata: {text}\n\n".encode()
            for name, text in events
        )
        edges = sorted({0, *(min(cut, len(body)) for cut in cuts), len(body)})
        reader = asyncio.StreamReader()
        for start, end in itertools.pairwise(edges):
            reader.feed_data(b"%x\r\n%b\r\n" % (end - start, body[start:end]))
        reader.feed_data(b"0\r\n\r\n")
        response = wire.Response(200, {"transfer-encoding": "chunked"}, reader)
        return [event async for event in response.events()]

    assert asyncio.run(read()) == [(name, text.encode()) for name, text in events]
