"""A chat model on an OpenAI-compatible host."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from morgan_core.errors import ModelError, RemoteError
from morgan_core.llm.base import ChatMessage, Delta, Finished
from morgan_core.llm.remote import RemoteModel
from morgan_core.settings import Settings
from tests.helpers import eventually

KEY = "sk-canary-5f1d"
QUESTION = [ChatMessage(role="user", content="Why is the sky blue?")]

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def event(data: Any) -> bytes:
    return b"data: " + (data if isinstance(data, bytes) else json.dumps(data).encode()) + b"\n\n"


def token(text: str) -> bytes:
    return event({"choices": [{"index": 0, "delta": {"content": text}}]})


END = event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
USAGE = event(
    {
        "choices": [],
        "usage": {
            "prompt_tokens": 12,
            "completion_tokens": 3,
            "prompt_tokens_details": {"cached_tokens": 8},
        },
    }
)
DONE = event(b"[DONE]")


class Host:
    """A model host whose behaviour a test writes by hand."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.hung_up = asyncio.Event()
        self.behave: Handler = self.streams([token("Rayleigh"), END, DONE])
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._handle)
        self.server = TestServer(app)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(await request.json())
        self.headers.append(dict(request.headers))
        return await self.behave(request)

    def streams(self, pieces: list[bytes], *, then_wait: bool = False) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            for piece in pieces:
                await response.write(piece)
                await asyncio.sleep(0)
            try:
                while then_wait:
                    if request.transport is None or request.transport.is_closing():
                        break
                    await asyncio.sleep(0.01)
            finally:
                self.hung_up.set()
            return response

        return handle

    def refuses(self, status: int, body: str, **headers: str) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            return web.Response(status=status, text=body, headers=headers)

        return handle

    def model(self, **settings: Any) -> RemoteModel:
        chosen = {"llm_base_url": str(self.server.make_url("/v1")), "llm_api_key": KEY, **settings}
        return RemoteModel(Settings(llm_model="sky-7b", **chosen))


@pytest.fixture
async def host() -> AsyncIterator[Host]:
    host = Host()
    await host.server.start_server()
    yield host
    await host.server.close()


async def ask(model: RemoteModel, **options: Any) -> tuple[str, Finished | None]:
    text, finished = "", None
    try:
        async for item in model.generate(QUESTION, max_tokens=50, temperature=0.2, **options):
            if isinstance(item, Delta):
                text += item.text
            else:
                finished = item
    finally:
        await model.close()
    return text, finished


async def test_the_answer_streams_and_ends_with_the_hosts_usage(host: Host) -> None:
    host.behave = host.streams([token("Ray"), token("leigh."), END, USAGE, DONE])

    text, finished = await ask(host.model())

    assert text == "Rayleigh."
    assert finished == Finished(
        reason="end", prompt_tokens=12, cached_tokens=8, completion_tokens=3
    )


async def test_the_request_is_what_the_api_asks_for(host: Host) -> None:
    await ask(host.model())

    (body,) = host.requests
    assert body["model"] == "sky-7b"
    assert body["messages"] == [{"role": "user", "content": "Why is the sky blue?"}]
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert body["max_tokens"] == 50
    assert host.headers[0]["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
async def test_events_may_be_cut_anywhere(host: Host, size: int) -> None:
    whole = (
        b": ping\r\n\r\n"
        + token("Grüße, ")
        + token("世界 🌍").replace(b"\n", b"\r\n")
        + 'data: {"choices": [{"delta": {"content": "žluť"}}]}\n\n'.encode()
        + END
        + DONE
    )
    host.behave = host.streams([whole[i : i + size] for i in range(0, len(whole), size)])

    text, _ = await ask(host.model())

    assert text == "Grüße, 世界 🌍žluť"


async def test_a_prefix_is_sent_as_the_assistants_beginning(host: Host) -> None:
    await ask(host.model(), prefix="Because")

    assert host.requests[0]["messages"][-1] == {"role": "assistant", "content": "Because"}


async def test_an_answer_cut_by_its_length_says_so(host: Host) -> None:
    cut = event({"choices": [{"delta": {"content": "And"}, "finish_reason": "length"}]})
    host.behave = host.streams([cut, DONE])

    _, finished = await ask(host.model())

    assert finished is not None
    assert finished.reason == "length"
    assert finished.completion_tokens == 1


@pytest.mark.parametrize(
    ("status", "mend"),
    [
        (401, "API_KEY"),
        (404, "MORGAN_LLM_BASE_URL"),
        (429, "Wait 7 s"),
        (500, "try again later"),
        (503, "try again later"),
    ],
)
async def test_a_refusal_names_host_status_and_mend(host: Host, status: int, mend: str) -> None:
    headers = {"Retry-After": "7"} if status == 429 else {}
    host.behave = host.refuses(status, f'{{"error": {{"message": "no {KEY}"}}}}', **headers)

    with pytest.raises(RemoteError) as caught:
        await ask(host.model())

    message = str(caught.value)
    assert f"127.0.0.1:{host.server.port}" in message
    assert str(status) in message
    assert mend in message
    assert KEY not in message


async def test_an_error_in_mid_stream_ends_the_answer_with_its_reason(host: Host) -> None:
    host.behave = host.streams([token("Ray"), event({"error": {"message": "out of memory"}})])
    stream = host.model().generate(QUESTION, max_tokens=5, temperature=0)

    assert await anext(stream) == Delta(text="Ray")
    with pytest.raises(RemoteError, match="out of memory"):
        await anext(stream)


async def test_a_stream_that_breaks_off_is_no_complete_answer(host: Host) -> None:
    host.behave = host.streams([token("Ray")])

    with pytest.raises(RemoteError, match="broke off"):
        await ask(host.model())


async def test_a_page_that_is_not_the_api_is_named_as_such(host: Host) -> None:
    host.behave = host.streams([b"data: <html>\n\n"])

    with pytest.raises(RemoteError, match="not JSON"):
        await ask(host.model())


async def test_silence_ends_after_the_timeout(host: Host) -> None:
    host.behave = host.streams([token("Ray")], then_wait=True)

    with pytest.raises(RemoteError, match=r"said nothing for 0\.3 s"):
        await ask(host.model(llm_timeout=0.3))


async def test_a_host_that_is_not_there_is_named(host: Host) -> None:
    port = host.server.port
    model = host.model()
    await host.server.close()

    with pytest.raises(RemoteError, match=f"127.0.0.1:{port} cannot be reached"):
        await ask(model)


async def test_closing_the_stream_closes_the_connection(host: Host) -> None:
    host.behave = host.streams([token("Ray")], then_wait=True)
    model = host.model()
    stream = model.generate(QUESTION, max_tokens=50, temperature=0.2)
    assert await anext(stream) == Delta(text="Ray")

    await stream.aclose()  # type: ignore[attr-defined]

    await eventually(host.hung_up.is_set)
    await model.close()


async def test_a_prompt_that_cannot_fit_is_not_sent(host: Host) -> None:
    model = host.model(max_context=512)
    long = [ChatMessage(role="user", content="word " * 1000)]

    with pytest.raises(ModelError, match=r"about 1675 tokens and the context window 512"):
        await anext(model.generate(long, max_tokens=5, temperature=0))

    assert host.requests == []
    assert await model.count_tokens(long) == 1675
