"""Turns and search: ``/api/chat``, ``/api/turns``, ``/api/search``."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import msgspec
from aiohttp import web

from morgan_core.errors import BadInput, Leaving, error_from
from morgan_core.events import AnyTurnEvent, Done, Failed, turn_event_encoder
from morgan_core.server.bodies import ChatBody, SearchBody, answer, need_int, read_body
from morgan_core.server.core import core_of, morgan_of
from morgan_core.server.sse import encode_event, stream_events


async def chat(request: web.Request) -> web.StreamResponse:
    """Ask; the answer in JSON, or the turn's events as they happen."""
    body = await read_body(request, ChatBody)
    core = core_of(request)
    events = core.morgan.ask(
        body.message,
        conversation_id=body.conversation_id,
        scope=body.scope,
        context=body.context,
        detached=body.detached,
        turn_id=body.turn_id,
    )
    with core.state.turn():
        if body.stream or "text/event-stream" in request.headers.get("Accept", ""):
            return await stream_events(request, events, encode_turn_event, end=False)
        return await _whole_answer(events)


async def resume(request: web.Request) -> web.StreamResponse:
    """The events of a turn after ``after_seq`` (or the header Last-Event-ID)."""
    after = need_int(request, "after_seq", _last_event_id(request))
    core = core_of(request)
    events = core.morgan.resume(request.match_info["id"], after_seq=after)
    with core.state.turn():
        return await stream_events(request, events, encode_turn_event, end=False)


async def stop(request: web.Request) -> web.Response:
    await morgan_of(request).stop(request.match_info["id"])
    return web.Response(status=204)


async def search(request: web.Request) -> web.Response:
    body = await read_body(request, SearchBody)
    settings = core_of(request).settings
    limit = settings.default_search_results if body.limit is None else body.limit
    if not 1 <= limit <= settings.max_search_results:
        raise BadInput(
            f"`limit` must be from 1 to {settings.max_search_results}, not {limit}.", field="limit"
        )
    return answer(await morgan_of(request).search(body.query, limit=limit, scope=body.scope))


def encode_turn_event(event: AnyTurnEvent) -> bytes:
    """A turn's event, named by its kind, with its seq as the id."""
    name = str(event.__struct_config__.tag)
    return encode_event(name, turn_event_encoder.encode(event), id=event.seq)


async def _whole_answer(events: Any) -> web.Response:
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Done):
                return answer({**msgspec.to_builtins(event.answer), "turn_id": event.turn_id})
            if isinstance(event, Failed):
                details = {k: v for k, v in event.details.items() if k != "message"}
                raise error_from(event.error, event.message, details)
    raise Leaving("The turn was interrupted.", mend="Ask again in a moment.")


def _last_event_id(request: web.Request) -> int:
    sent = request.headers.get("Last-Event-ID", "")
    return int(sent) if sent.isascii() and sent.isdigit() else 0


routes = [
    web.post("/api/chat", chat),
    web.get("/api/turns/{id}/events", resume),
    web.post("/api/turns/{id}/stop", stop),
    web.post("/api/search", search),
]
