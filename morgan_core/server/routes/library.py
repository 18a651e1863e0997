"""Documents: ``/api/library``, ``/api/learn``, ``/api/forget``, ``/api/watches``, ``/api/jobs``."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
from aiohttp import web

from morgan_core.errors import BadInput, Forbidden, NotFound
from morgan_core.events import AnyChange
from morgan_core.server.bodies import (
    LearnBody,
    PathBody,
    PathsBody,
    answer,
    need_int,
    read_body,
    read_bool,
    read_int,
)
from morgan_core.server.core import core_of, morgan_of
from morgan_core.server.sse import encode_event, stream_events
from morgan_core.server.uploads import discard_uploads, store_uploads
from morgan_core.types import Document
from morgan_core.urls import is_url


async def listing(request: web.Request) -> web.Response:
    return answer(await morgan_of(request).library.list())


async def counts(request: web.Request) -> web.Response:
    return answer(await morgan_of(request).library.counts())


async def changes(request: web.Request) -> web.StreamResponse:
    return await stream_events(request, morgan_of(request).library.changes(), _encode_change)


async def text(request: web.Request) -> web.Response:
    window = await morgan_of(request).library.text(
        request.match_info["id"],
        start=need_int(request, "start", 0),
        end=read_int(request, "end", None),
        context=need_int(request, "context", 2000, most=1_000_000),
    )
    return answer(window)


async def retry(request: web.Request) -> web.Response:
    await morgan_of(request).library.retry(request.match_info["id"])
    return web.Response(status=202)


async def pause(request: web.Request) -> web.Response:
    return answer(await morgan_of(request).library.pause())


async def resume(request: web.Request) -> web.Response:
    return answer(await morgan_of(request).library.resume())


async def remove(request: web.Request) -> web.Response:
    """Forget one document; the answer is the job that does it."""
    wanted = request.match_info["id"]
    if not await _named(request, [wanted]):
        raise NotFound(f"There is no document {wanted}.")
    return await _forget(request, [wanted])


async def learn(request: web.Request) -> web.Response:
    """Take in uploaded files, a page of the web, or paths of this machine on the owner's socket."""
    core = core_of(request)
    if request.content_type == "multipart/form-data":
        stored = await store_uploads(request, core.uploads, core.settings.max_file_size)
        return answer(await core.morgan.learn([str(path) for path in stored]), status=202)
    body = await read_body(request, LearnBody)
    if body.url is not None:
        return answer(await core.morgan.learn([_page(body)]), status=202)
    _refuse_paths(request)
    if not body.all_paths:
        raise BadInput("`paths` is empty.", field="paths")
    return answer(await core.morgan.learn(body.all_paths, watch=body.watch), status=202)


async def forget(request: web.Request) -> web.Response:
    body = await read_body(request, PathsBody)
    if not body.paths:
        raise BadInput("`paths` is empty.", field="paths")
    return await _forget(request, body.paths)


async def prove(request: web.Request) -> web.Response:
    """What is left of what was forgotten; a look, which changes nothing."""
    body = await read_body(request, PathsBody)
    if not body.paths:
        raise BadInput("`paths` is empty.", field="paths")
    return answer(await morgan_of(request).prove(body.paths))


async def watches(request: web.Request) -> web.Response:
    return answer(await morgan_of(request).watches.list())


async def watch(request: web.Request) -> web.Response:
    body = await read_body(request, PathBody)
    _refuse_paths(request)
    return answer(await morgan_of(request).watches.add(body.path), status=201)


async def unwatch(request: web.Request) -> web.Response:
    path = request.query.get("path")
    if not path:
        raise BadInput("`path` is missing.", field="path")
    await morgan_of(request).watches.remove(path, forget=read_bool(request, "forget"))
    return web.Response(status=204)


async def jobs(request: web.Request) -> web.Response:
    return answer(await morgan_of(request).jobs.list())


async def job(request: web.Request) -> web.Response:
    return answer(await morgan_of(request).jobs.get(request.match_info["id"]))


async def _forget(request: web.Request, names: Sequence[str]) -> web.Response:
    """Forget what ``names`` (ids or paths) name; uploaded files go with their documents."""
    found = await _named(request, names)
    job = await morgan_of(request).forget(names)
    uploads = core_of(request).uploads
    await asyncio.to_thread(discard_uploads, uploads, [p for d in found for p in d.paths])
    return answer(job, status=202)


async def _named(request: web.Request, names: Sequence[str]) -> list[Document]:
    """The documents with one of ``names`` as their id or as one of their paths."""
    documents = (await morgan_of(request).library.list()).documents
    return [each for each in documents if not {each.id, *each.paths}.isdisjoint(names)]


def _page(body: LearnBody) -> str:
    if body.url is None or not is_url(body.url):
        raise BadInput("`url` must begin with http:// or https://.", field="url")
    if body.all_paths:
        raise BadInput("Send `url` or `paths`, not both.", field="url")
    return body.url


def _refuse_paths(request: web.Request) -> None:
    if not core_of(request).trusted:
        raise Forbidden(
            "Over the network Morgan reads no paths of its machine.",
            mend="Upload the file to /api/learn as multipart/form-data.",
        )


def _encode_change(change: AnyChange) -> bytes:
    return encode_event(str(change.__struct_config__.tag), msgspec.json.encode(change))


routes = [
    web.get("/api/library", listing),
    web.get("/api/library/counts", counts),
    web.get("/api/library/changes", changes),
    web.get("/api/library/{id}/text", text),
    web.post("/api/library/{id}/retry", retry),
    web.post("/api/library/pause", pause),
    web.post("/api/library/resume", resume),
    web.delete("/api/library/{id}", remove),
    web.post("/api/learn", learn),
    web.post("/api/forget", forget),
    web.post("/api/forget/prove", prove),
    web.get("/api/watches", watches),
    web.post("/api/watches", watch),
    web.delete("/api/watches", unwatch),
    web.get("/api/jobs", jobs),
    web.get("/api/jobs/{id}", job),
]
