"""What the remote index says when the server is not there, or says no."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from morgan_core.errors import RemoteError, Unavailable
from morgan_core.index.qdrant import QdrantIndex

from .index_parts import INFO, chunk
from .qdrant_wire import WireQdrant


async def answering(status: int, body: str = "{}") -> TestServer:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    server = TestServer(app)
    await server.start_server()
    return server


async def test_a_server_that_is_not_there_is_named_without_its_secrets() -> None:
    index = QdrantIndex.at("http://user:pass@127.0.0.1:9", INFO, api_key="very-secret")

    with pytest.raises(Unavailable) as caught:
        await index.open()

    assert "http://127.0.0.1:9" in str(caught.value)
    assert "MORGAN_QDRANT_URL" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "pass" not in str(caught.value)


async def test_a_refused_key_is_named_as_such() -> None:
    server = await answering(401)
    index = QdrantIndex.at(str(server.make_url("")), INFO, api_key="wrong")

    with pytest.raises(Unavailable, match="refused the key"):
        await index.open()

    await server.close()


async def test_an_error_of_the_server_carries_its_reason() -> None:
    server = await answering(500, '{"status": {"error": "disk is full"}}')
    index = QdrantIndex.at(str(server.make_url("")), INFO)

    with pytest.raises(Unavailable, match="disk is full"):
        await index.open()

    await server.close()


async def test_a_collection_whose_creation_was_cut_short_is_completed() -> None:
    server = WireQdrant()
    await server.start()
    first = QdrantIndex.at(server.url, INFO)
    await first.open()
    await first.close()
    server.indexes.clear()

    index = QdrantIndex.at(server.url, INFO)
    await index.open()
    await index.upsert_words([chunk("rent")])

    assert await index.documents() == {"lease": {1: 1}}
    await index.close()
    await server.close()


async def test_a_query_is_one_round_trip() -> None:
    server = WireQdrant()
    await server.start()
    index = QdrantIndex.at(server.url, INFO)
    await index.open()
    await index.upsert_words([chunk("rent")])
    await index.query("rent", bytes(16), limit=5)
    server.calls.clear()

    await index.query("rent", bytes(16), limit=5)

    assert server.calls == [f"POST /collections/{index.collection}/points/query/batch"]
    await index.close()
    await server.close()


async def test_a_server_that_goes_away_is_a_remote_error() -> None:
    server = WireQdrant()
    await server.start()
    index = QdrantIndex.at(server.url, INFO)
    await index.open()
    await server.close()

    with pytest.raises(RemoteError, match="cannot be reached"):
        await index.upsert_words([chunk("rent")])

    await index.close()
