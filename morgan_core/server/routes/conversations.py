"""Stored conversations: ``/api/conversations``."""

from __future__ import annotations

from aiohttp import web

from morgan_core.errors import BadInput
from morgan_core.server.bodies import TitleBody, answer, need_int, read_body
from morgan_core.server.core import morgan_of


async def listing(request: web.Request) -> web.Response:
    limit = need_int(request, "limit", 500, least=1, most=10_000)
    return answer(await morgan_of(request).conversations.list(limit=limit))


async def search(request: web.Request) -> web.Response:
    query = request.query.get("q", "")
    if not query.strip():
        raise BadInput("`q` is missing.", field="q")
    limit = need_int(request, "limit", 20, least=1, most=1000)
    return answer(await morgan_of(request).conversations.search(query, limit=limit))


async def get(request: web.Request) -> web.Response:
    return answer(await morgan_of(request).conversations.get(request.match_info["id"]))


async def messages(request: web.Request) -> web.Response:
    found = await morgan_of(request).conversations.messages(
        request.match_info["id"],
        before=request.query.get("before"),
        limit=need_int(request, "limit", 50, least=1, most=10_000),
    )
    return answer(found)


async def rename(request: web.Request) -> web.Response:
    body = await read_body(request, TitleBody)
    conversations = morgan_of(request).conversations
    return answer(await conversations.rename(request.match_info["id"], body.title))


async def delete(request: web.Request) -> web.Response:
    await morgan_of(request).conversations.delete(request.match_info["id"])
    return web.Response(status=204)


routes = [
    web.get("/api/conversations", listing),
    web.get("/api/conversations/search", search),
    web.get("/api/conversations/{id}", get),
    web.get("/api/conversations/{id}/messages", messages),
    web.patch("/api/conversations/{id}", rename),
    web.delete("/api/conversations/{id}", delete),
]
