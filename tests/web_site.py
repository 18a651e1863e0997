"""A web server on this machine whose pages a test writes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer


class Site:
    """Serves ``pages``: (content type, content) by path."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[str, bytes]] = {}
        self.server = TestServer(web.Application())
        self.server.app.router.add_get("/{tail:.*}", self._answer)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.port}{path}"

    async def _answer(self, request: web.Request) -> web.Response:
        if request.path not in self.pages:
            return web.Response(status=404)
        kind, content = self.pages[request.path]
        return web.Response(body=content, headers={"Content-Type": kind})


@asynccontextmanager
async def site_with(**pages: str) -> AsyncIterator[Site]:
    """A site with HTML ``pages`` by name."""
    site = Site()
    site.pages = {f"/{name}": ("text/html", html(text)) for name, text in pages.items()}
    await site.server.start_server()
    try:
        yield site
    finally:
        await site.server.close()


def html(text: str) -> bytes:
    return f"<html><title>Birds</title><nav>Home</nav><h1>Heron</h1><p>{text}</p></html>".encode()
