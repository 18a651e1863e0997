"""The process itself: probes, settings, and the handshake of faces that attach."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import msgspec
from aiohttp import web

import morgan_core
from morgan_core.errors import Forbidden, Leaving, Unavailable
from morgan_core.server.bodies import answer
from morgan_core.server.core import core_of, morgan_of
from morgan_core.server.guard import has_key
from morgan_core.server.sse import encode_event, stream_events
from morgan_core.types import Health


async def live(request: web.Request) -> web.Response:
    """The process answers. Nothing else is looked at."""
    return answer({"status": "ok"})


async def ready(request: web.Request) -> web.Response:
    """Requests are served: 503 while starting or leaving."""
    phase = core_of(request).state.phase
    if phase == "ready":
        return answer({"status": "ready"})
    if phase == "leaving":
        raise Leaving("Morgan is quitting.")
    raise Unavailable("Morgan is starting.")


async def health(request: web.Request) -> web.Response:
    """What works; 503 when answering is impossible. Without a key the reasons are left out."""
    core = core_of(request)
    if core.state.phase == "starting":
        found = Health(
            status="starting", components={}, version=morgan_core.__version__, uptime_seconds=0.0
        )
    else:
        found = await core.morgan.health()
    if core.keys and not has_key(request):
        parts = {name: state.split(":")[0].rstrip("…") for name, state in found.components.items()}
        found = msgspec.structs.replace(found, components=parts, workers=(), remote_hosts=())
    return answer(found, status=200 if found.status in ("ok", "degraded") else 503)


async def settings(request: web.Request) -> web.Response:
    if not core_of(request).trusted:
        raise Forbidden("The settings are shown only to faces on the same machine.")
    return answer(await morgan_of(request).settings())


async def session(request: web.Request) -> web.Response:
    """The handshake; faces on other machines need no process number."""
    core = core_of(request)
    return answer(
        {
            "version": morgan_core.__version__,
            "pid": os.getpid() if core.trusted else 0,
            "state": core.state.phase,
        }
    )


async def presence(request: web.Request) -> web.StreamResponse:
    """A stream that ends when the owner goes away."""
    return await stream_events(request, _until_gone(request), lambda data: data)


async def _until_gone(request: web.Request) -> AsyncIterator[bytes]:
    yield encode_event("present", b"{}")
    await core_of(request).state.wait_gone()


routes = [
    web.get("/live", live),
    web.get("/ready", ready),
    web.get("/health", health),
    web.get("/api/settings", settings),
    web.get("/api/session", session),
    web.get("/api/session/presence", presence),
]
