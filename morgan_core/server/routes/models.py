"""Chat models: ``/api/models``."""

from __future__ import annotations

import msgspec
from aiohttp import web

from morgan_core.errors import NotFound
from morgan_core.server.bodies import NameBody, answer, read_body
from morgan_core.server.core import core_of, morgan_of
from morgan_core.server.sse import encode_event, stream_events
from morgan_core.types import ModelInfo


async def listing(request: web.Request) -> web.Response:
    return answer(await morgan_of(request).models.list())


async def use(request: web.Request) -> web.Response:
    name = await _read_name(request)
    return answer(await morgan_of(request).models.use(name))


async def pull(request: web.Request) -> web.StreamResponse:
    """Download; each event ``model`` is the present state, ``end`` tells that it is complete."""
    name = await _read_name(request)
    return await stream_events(request, morgan_of(request).models.pull(name), _encode)


async def test(request: web.Request) -> web.Response:
    name = await _read_name(request)
    return answer(await morgan_of(request).models.test(name))


async def _read_name(request: web.Request) -> str:
    """The model's name. A free path is taken on the owner's socket only."""
    name = (await read_body(request, NameBody)).name
    core = core_of(request)
    if not core.trusted and name not in {model.name for model in await core.morgan.models.list()}:
        raise NotFound(f"There is no model {name!r}.", mend="GET /api/models lists them.")
    return name


def _encode(model: ModelInfo) -> bytes:
    return encode_event("model", msgspec.json.encode(model))


routes = [
    web.get("/api/models", listing),
    web.post("/api/models/use", use),
    web.post("/api/models/pull", pull),
    web.post("/api/models/test", test),
]
