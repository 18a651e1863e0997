"""The real core beside hand-written model hosts: a chat host that counts, an embedding host.

Everything else is real: stores, children, index, watcher, journal.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from aiohttp import web

from morgan_core.events import AnyTurnEvent
from morgan_core.local import LocalMorgan
from morgan_core.paths import Paths
from morgan_core.settings import load_settings

UNSURE = ("I ", "am ", "not ", "sure.")


class CountingMorgan(LocalMorgan):
    """Gives every question a context, so that an empty library is no reason to refuse."""

    def ask(
        self, question: str, *, context: str = "", **options: Any
    ) -> AsyncIterator[AnyTurnEvent]:
        return super().ask(question, context=context or "Do as you are told.", **options)


@asynccontextmanager
async def counting_core(paths: Paths, *, pace: float = 0.0) -> AsyncIterator[LocalMorgan]:
    """A started core on ``paths``; the model says a number every ``pace`` seconds."""
    async with counting_host(pace) as url:
        flags = {**chat_settings(url), **embedding_settings(url)}
        core = CountingMorgan(load_settings(paths, flags=flags, environ={}), paths)
        await core.start()
        try:
            yield core
        finally:
            await core.close()


@asynccontextmanager
async def counting_host(pace: float = 0.0, *, says: Sequence[str] = UNSURE) -> AsyncIterator[str]:
    """The URL of a host with both models, in this process.

    Whatever else it is asked than to count, it ``says`` these pieces.
    """
    app = web.Application()
    app.router.add_post("/v1/chat/completions", partial(_count, pace, says))
    app.router.add_post("/v1/embeddings", _embed)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


def chat_settings(url: str) -> dict[str, Any]:
    """The settings that make the host at ``url`` the chat model."""
    return {"llm_base_url": url, "llm_model": "counter"}


def embedding_settings(url: str) -> dict[str, Any]:
    """The settings that make the host at ``url`` the embedder."""
    return {
        "embedding_base_url": url,
        "embedding_model": "letters",
        "embedding_dimension": 26,
    }


async def _count(pace: float, says: Sequence[str], request: web.Request) -> web.StreamResponse:
    messages = (await request.json())["messages"]
    begun = messages.pop()["content"] if messages[-1]["role"] == "assistant" else ""
    asked = messages[-1]["content"]
    if "Question: fail" in asked:
        return web.json_response({"error": {"message": "no such model"}}, status=404)
    found = re.search(r"Question: count (\d+)", asked)
    words = [f"{n} " for n in range(int(found[1]))] if found else list(says)
    if found:
        assert "".join(words).startswith(begun), f"not the beginning of this answer: {begun!r}"
        words = words[len(begun.split()) :]
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for word in words:
        data = {"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]}
        await response.write(f"data: {json.dumps(data)}\n\n".encode())
        await asyncio.sleep(pace)
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    await response.write(f"data: {json.dumps(end)}\n\ndata: [DONE]\n\n".encode())
    return response


async def _embed(request: web.Request) -> web.Response:
    body = await request.json()
    vectors = [_letters(text) for text in body["input"]]
    if body.get("encoding_format") == "base64":
        packed = [base64.b64encode(struct.pack("<26f", *v)).decode() for v in vectors]
        data = [{"index": n, "embedding": v} for n, v in enumerate(packed)]
    else:
        data = [{"index": n, "embedding": v} for n, v in enumerate(vectors)]
    return web.json_response({"data": data, "model": "letters"})


def _letters(text: str) -> list[float]:
    counts = [1.0 + text.lower().count(chr(ord("a") + n)) for n in range(26)]
    norm = sum(c * c for c in counts) ** 0.5
    return [c / norm for c in counts]
