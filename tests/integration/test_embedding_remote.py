"""The remote embedder against a host that speaks the protocol, well and badly."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web

from morgan_core.embedding.factory import make_embedder
from morgan_core.embedding.remote import RemoteEmbedder
from morgan_core.errors import ModelError, RemoteError, Unavailable
from morgan_core.paths import find_paths
from morgan_core.settings import Settings
from tests.helpers import eventually

Misbehaviour = Callable[[list[str]], Awaitable[web.Response | None]]


class Host:
    """A hand-written embedding server: the vector of a text is (length, 1, 0)."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.misbehave: Misbehaviour | None = None
        self.url = ""

    async def embeddings(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.bodies.append(body)
        self.keys.append(request.headers.get("Authorization"))
        if self.misbehave and (response := await self.misbehave(body["input"])):
            return response
        data = [
            {"object": "embedding", "index": i, "embedding": [float(len(text)), 1.0, 0.0]}
            for i, text in enumerate(body["input"])
        ]
        return web.json_response({"object": "list", "data": data[::-1], "model": body["model"]})


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    host = Host()
    application = web.Application()
    application.router.add_post("/v1/embeddings", host.embeddings)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield host
    await runner.cleanup()


def settings_for(host: Host, **others: Any) -> Settings:
    return Settings.model_validate(
        {
            "embedding_model": "three",
            "embedding_base_url": host.url,
            "embedding_dimension": 3,
            **others,
        }
    )


@pytest.fixture
async def embedder(host: Host) -> AsyncIterator[RemoteEmbedder]:
    embedder = RemoteEmbedder(settings_for(host), attempts=3, first_delay=0.01)
    await embedder.start()
    yield embedder
    await embedder.stop()


def failing(times: int, response: Callable[[], web.Response]) -> Misbehaviour:
    left = [times]

    async def misbehave(_: list[str]) -> web.Response | None:
        left[0] -= 1
        return response() if left[0] >= 0 else None

    return misbehave


def rows(vectors: bytes) -> list[tuple[float, ...]]:
    return list(struct.iter_unpack("<3f", vectors))


async def test_vectors_come_normalised_and_in_the_order_of_the_texts(
    embedder: RemoteEmbedder,
) -> None:
    one, two = rows(await embedder.embed(["a", "bbbb"], "passage"))
    assert one == pytest.approx((2**-0.5, 2**-0.5, 0))
    assert two == pytest.approx((4 / 17**0.5, 1 / 17**0.5, 0))
    assert await embedder.embed([], "query") == b""


async def test_many_texts_go_in_batches(host: Host) -> None:
    embedder = RemoteEmbedder(settings_for(host, embedding_batch_size=4))
    texts = ["x" * n for n in range(1, 11)]
    vectors = rows(await embedder.embed(texts, "passage"))
    await embedder.stop()
    assert [round(x / y) for x, y, _ in vectors] == list(range(1, 11))
    assert sorted(len(body["input"]) for body in host.bodies) == [2, 4, 4]
    assert {body["model"] for body in host.bodies} == {"three"}


async def test_the_key_is_sent(host: Host, tmp_path: Any) -> None:
    settings = settings_for(host, embedding_api_key="s3cret")
    embedder = make_embedder(settings, find_paths(tmp_path))
    await embedder.embed(["a"], "query")
    await embedder.stop()
    assert host.keys == ["Bearer s3cret"]
    assert embedder.worker is None


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_passing_failure_is_tried_again(
    host: Host, embedder: RemoteEmbedder, status: int
) -> None:
    host.misbehave = failing(
        2, lambda: web.Response(status=status, headers={"Retry-After": "0.01"})
    )
    assert len(await embedder.embed(["a"], "query")) == 12
    assert len(host.bodies) == 3
    assert embedder.ready


async def test_a_lasting_failure_is_unavailable_and_the_host_is_left_in_peace(
    host: Host, embedder: RemoteEmbedder
) -> None:
    host.misbehave = failing(99, lambda: web.Response(status=503))
    with pytest.raises(Unavailable, match=r"does not answer: status 503.*embedding_base_url"):
        await embedder.embed(["a"], "query")
    assert len(host.bodies) == 3
    assert not embedder.ready


async def test_nobody_there_is_unavailable(host: Host, unused_tcp_port: int) -> None:
    settings = settings_for(host, embedding_base_url=f"http://127.0.0.1:{unused_tcp_port}")
    embedder = RemoteEmbedder(settings, attempts=2, first_delay=0.01)
    with pytest.raises(Unavailable, match="does not answer"):
        await embedder.embed(["a"], "query")
    await embedder.stop()


@pytest.mark.parametrize(
    ("status", "mend"), [(401, "embedding_api_key"), (404, "embedding_model"), (400, "too long")]
)
async def test_a_refusal_is_not_tried_again(
    host: Host, embedder: RemoteEmbedder, status: int, mend: str
) -> None:
    host.misbehave = failing(99, lambda: web.Response(status=status, text="too long"))
    with pytest.raises(RemoteError, match=mend):
        await embedder.embed(["a"], "query")
    assert len(host.bodies) == 1


async def test_a_host_cannot_write_to_the_terminal(host: Host, embedder: RemoteEmbedder) -> None:
    host.misbehave = failing(99, lambda: web.Response(status=400, text="a\x1b]0;owned\x07"))
    with pytest.raises(RemoteError) as caught:
        await embedder.embed(["a"], "query")
    assert "\x1b" not in str(caught.value)


async def test_vectors_of_another_length_are_refused(host: Host) -> None:
    embedder = RemoteEmbedder(settings_for(host, embedding_dimension=4))
    with pytest.raises(ModelError, match=r"length 3, not 4.*embedding_dimension"):
        await embedder.embed(["a"], "query")
    await embedder.stop()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"data": []},
        {"data": [{"index": 5, "embedding": [1, 2, 3]}]},
        {"data": [{"index": 0, "embedding": ["a", "b", "c"]}]},
    ],
)
async def test_nonsense_is_an_error(host: Host, embedder: RemoteEmbedder, answer: Any) -> None:
    host.misbehave = failing(99, lambda: web.json_response(answer))
    with pytest.raises(RemoteError):
        await embedder.embed(["a"], "query")


async def test_what_is_not_json_or_not_finite_is_an_error(
    host: Host, embedder: RemoteEmbedder
) -> None:
    for text in ("<html>", '{"data": [{"index": 0, "embedding": [NaN, 1, 1]}]}'):
        host.misbehave = failing(1, lambda text=text: web.Response(text=text))  # type: ignore[misc]
        with pytest.raises(RemoteError):
            await embedder.embed(["a"], "query")


async def test_a_query_does_not_wait_for_passages(host: Host, embedder: RemoteEmbedder) -> None:
    gate = asyncio.Event()

    async def hold_passages(texts: list[str]) -> web.Response | None:
        if texts[0].startswith("p"):
            await gate.wait()
        return None

    host.misbehave = hold_passages
    passages = asyncio.create_task(embedder.embed(["p"] * 640, "passage"))
    await eventually(lambda: len(host.bodies) == 2)
    assert len(await embedder.embed(["q"], "query")) == 12
    assert not passages.done()
    gate.set()
    assert len(await passages) == 640 * 12
