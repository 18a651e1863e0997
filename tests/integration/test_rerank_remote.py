"""Remote rerankers in both shapes, and a search when they fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from morgan_core.errors import RemoteError, Unavailable
from morgan_core.rerank.remote import RemoteReranker
from morgan_core.retrieval.reranking import Reranking
from morgan_core.retrieval.search import Searcher
from morgan_core.settings import Settings
from tests.core_fakes import ListLibrary, ReadyEmbedder, chunk

TEXTS = ["short", "a longer text", "mid one"]
HITS = [
    (chunk("1", "The lease ends in March.", document="d1"), 0.9, 9.0),
    (chunk("2", "A very long text about the end of the lease.", document="d2"), 0.5, 5.0),
]


class Host:
    """A hand-written host: the score of a text is its length."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.answer: web.Response | None = None
        self.gate: asyncio.Event | None = None
        self.url = ""

    async def rerank(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.bodies.append(body)
        self.keys.append(request.headers.get("Authorization"))
        if self.gate is not None:
            await self.gate.wait()
        if self.answer is not None:
            return self.answer
        texts = body.get("texts") or body.get("documents")
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        if "texts" in body:
            return web.json_response([{"index": i, "score": len(texts[i])} for i in order])
        rows = [{"index": i, "relevance_score": float(len(texts[i]))} for i in order]
        return web.json_response({"model": body["model"], "results": rows})


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    host = Host()
    application = web.Application()
    application.router.add_post("/rerank", host.rerank)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield host
    if host.gate is not None:
        host.gate.set()
    await runner.cleanup()


def reranker(host: Host, **settings: Any) -> RemoteReranker:
    return RemoteReranker(
        Settings.model_validate({"reranker_url": host.url, "reranker_api_key": "k", **settings})
    )


@pytest.fixture(params=["tei", "jina"])
async def either(request: pytest.FixtureRequest, host: Host) -> AsyncIterator[RemoteReranker]:
    made = reranker(host, reranker_api=request.param, reranker_model="m")
    yield made
    await made.stop()


async def test_scores_come_in_the_order_of_the_texts(either: RemoteReranker, host: Host) -> None:
    assert await either.scores("q", TEXTS) == [5.0, 13.0, 7.0]

    assert host.keys == ["Bearer k"]
    body = host.bodies[0]
    assert body["query"] == "q"
    if "texts" in body:
        assert body["texts"] == TEXTS
    else:
        assert (body["documents"], body["top_n"], body["model"]) == (TEXTS, 3, "m")


async def test_many_texts_go_in_batches(either: RemoteReranker, host: Host) -> None:
    texts = ["x" * n for n in range(1, 71)]

    assert await either.scores("q", texts) == [float(n) for n in range(1, 71)]
    assert len(host.bodies) == 3


@pytest.mark.parametrize(
    "answer",
    [
        [],
        [{"index": 0, "score": 1.0}],
        {"results": []},
        {"results": [{"index": n, "relevance_score": "no"} for n in range(3)]},
        "text",
        None,
    ],
)
async def test_nonsense_is_refused(either: RemoteReranker, host: Host, answer: Any) -> None:
    host.answer = web.json_response(answer)

    with pytest.raises(RemoteError, match="nonsense"):
        await either.scores("q", TEXTS)


async def test_a_refusal_names_the_mend(either: RemoteReranker, host: Host) -> None:
    host.answer = web.Response(status=401, text="who are you")

    with pytest.raises(RemoteError, match=r"401.*who are you.*reranker_api_key"):
        await either.scores("q", TEXTS)


async def test_a_host_that_is_not_there_is_unavailable() -> None:
    gone = RemoteReranker(Settings(reranker_url="http://127.0.0.1:9"))

    with pytest.raises(Unavailable, match="reranker_url"):
        await gone.scores("q", TEXTS)
    await gone.stop()


async def test_a_search_has_the_order_of_the_reranker(either: RemoteReranker) -> None:
    reranking = Reranking(either, top=10, timeout=5)
    searcher = Searcher(ListLibrary(HITS), ReadyEmbedder(), reranking=reranking)

    found = await searcher.search("lease", limit=5)

    assert [passage.document for passage in found.results] == ["d2", "d1"]
    assert [passage.scores.rerank for passage in found.results] == [44.0, 24.0]
    assert found.not_reranked == ""


async def test_a_reranker_that_fails_or_is_slow_leaves_the_order_and_says_so(host: Host) -> None:
    slow = reranker(host)
    host.gate = asyncio.Event()
    reranking = Reranking(slow, top=10, timeout=0.05)
    searcher = Searcher(ListLibrary(HITS), ReadyEmbedder(), reranking=reranking)

    found = await searcher.search("lease", limit=5)
    again = await searcher.search("lease", limit=5)

    assert [passage.document for passage in found.results] == ["d1", "d2"]
    assert all(passage.scores.rerank is None for passage in found.results)
    assert found.not_reranked == again.not_reranked == "no answer within 0.05 s"
    assert len(host.bodies) == 1, "a reranker that failed rests"
    await slow.stop()
