"""Server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from morgan_core.server.core import REQUEST_ID
from morgan_core.server.problems import problem

T = TypeVar("T")
PING = 10.0
"""Seconds of silence after which a comment is sent, so that proxies keep the stream open."""

PATIENCE = 1.0
"""Seconds to wait for a first event, or an error that can still choose the status."""

_END = object()


async def stream_events(
    request: web.Request,
    events: AsyncIterator[T],
    encode: Callable[[T], bytes],
    *,
    end: bool = True,
) -> web.StreamResponse:
    """Send ``events`` until they end or the client is gone, and close them.

    An error before the first event is raised; a later one goes out as an ``error`` event. With
    ``end`` a last ``end`` event tells that the stream is complete.
    """
    response: web.StreamResponse | None = None
    following = asyncio.ensure_future(_next(events))
    try:
        while True:
            await asyncio.wait({following}, timeout=PATIENCE if response is None else PING)
            if not following.done():
                response = response or await _open(request)
                await response.write(b": ping\n\n")
                continue
            try:
                event = following.result()
            except Exception as error:
                if response is None:
                    raise
                _, body = problem(error, request[REQUEST_ID])
                await response.write(encode_event("error", msgspec.json.encode(body)))
                return response
            response = response or await _open(request)
            if event is _END:
                if end:
                    await response.write(encode_event("end", b"{}"))
                return response
            await response.write(encode(event))
            following = asyncio.ensure_future(_next(events))
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await events.aclose()  # type: ignore[attr-defined]


def encode_event(name: str, data: bytes, *, id: int | None = None) -> bytes:
    """One event in wire format; ``data`` is JSON, so it holds no line break."""
    head = f"event: {name}\n" if id is None else f"event: {name}\nid: {id}\n"
    return head.encode() + b"data: " + data + b"\n\n"


async def _next(events: AsyncIterator[Any]) -> Any:
    return await anext(events, _END)


async def _open(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",  # nginx would hold the events back
        }
    )
    await response.prepare(request)
    return response
