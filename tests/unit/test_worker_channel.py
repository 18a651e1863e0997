"""The channel between two processes: what is sent arrives, what is broken is refused."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from morgan_core.errors import BadInput, MorganError, UnreadableFile, WorkerDied
from morgan_core.worker.channel import MAX_FRAME, BadFrame, Channel, Handler, pack, read_frame

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abcxyz"), inner),
    max_leaves=10,
)
relaxed = settings(max_examples=40)


class Wire:
    """The writing end of one direction; the other side reads what is written."""

    def __init__(self) -> None:
        self.reader = asyncio.StreamReader()
        self.closed = False

    def write(self, data: bytes) -> None:
        if not self.closed:
            self.reader.feed_data(data)

    async def drain(self) -> None:
        await asyncio.sleep(0)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.reader.feed_eof()


class Pair:
    """Two channels that face each other."""

    def __init__(self, **handlers: Handler) -> None:
        self.there, self.back = Wire(), Wire()
        self.near = Channel(self.back.reader, self.there, {}, name="far")
        self.far = Channel(self.there.reader, self.back, handlers, name="near")

    async def __aenter__(self) -> Channel:
        self.tasks = [asyncio.create_task(c.run()) for c in (self.near, self.far)]
        return self.near

    async def __aexit__(self, *_: object) -> None:
        self.near.close()
        await asyncio.gather(*self.tasks)


async def echo(value: Any) -> Any:
    return value


def read_all(data: bytes) -> list[dict[str, Any]]:
    async def read() -> list[dict[str, Any]]:
        reader = asyncio.StreamReader()
        reader.feed_data(data)
        reader.feed_eof()
        frames = []
        while not reader.at_eof():
            frames.append(await read_frame(reader))
        return frames

    return asyncio.run(read())


@relaxed
@given(st.lists(st.dictionaries(st.text("abc"), values), max_size=5))
def test_frames_survive_the_stream(frames: list[dict[str, Any]]) -> None:
    assert read_all(b"".join(map(pack, frames))) == frames


@relaxed
@given(values)
def test_a_call_returns_what_its_handler_returned(value: Any) -> None:
    async def check() -> None:
        async with Pair(echo=echo) as near:
            assert await near.call("echo", timeout=5, value=value) == value

    asyncio.run(check())


@relaxed
@given(st.binary(min_size=1))
def test_garbage_ends_the_channel_and_fails_what_waits(garbage: bytes) -> None:
    async def check() -> None:
        wire, back = Wire(), Wire()
        channel = Channel(wire.reader, back, {"echo": echo})
        running = asyncio.create_task(channel.run())
        call = asyncio.create_task(channel.call("echo"))
        await asyncio.sleep(0)
        wire.write(garbage)
        wire.close()
        with pytest.raises(WorkerDied):
            await asyncio.wait_for(call, 5)
        try:
            await asyncio.wait_for(running, 5)
        except BadFrame:
            pass
        assert channel.closed

    asyncio.run(check())


@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"id": 1},
        {"id": "x", "method": "m", "params": {}},
        {"event": 1, "params": {}},
        {"id": 1, "error": []},
    ],
)
async def test_a_map_that_is_no_message_breaks_the_protocol(frame: dict[str, Any]) -> None:
    wire = Wire()
    wire.write(pack(frame))
    with pytest.raises(BadFrame):
        await Channel(wire.reader, Wire(), {}).run()


async def test_a_frame_too_large_is_refused_unread() -> None:
    wire = Wire()
    wire.write(struct.pack(">I", MAX_FRAME + 1))
    with pytest.raises(BadFrame, match="allowed"):
        await Channel(wire.reader, Wire(), {}).run()


async def test_what_cannot_travel_fails_the_call_alone() -> None:
    async def odd() -> object:
        return object()

    async with Pair(echo=echo, odd=odd) as near:
        with pytest.raises(BadFrame, match="cannot be sent"):
            await near.call("echo", value=object())
        with pytest.raises(MorganError, match="cannot be sent"):
            await near.call("odd", timeout=5)
        assert await near.call("echo", value=1) == 1


async def test_an_error_with_an_undecodable_file_name_still_arrives() -> None:
    async def odd() -> None:
        error = UnreadableFile("bad \udcff name")
        error.details = {"path": "\udcff", "message": "shadows", "self": 1, "pages": [1, 2]}
        raise error

    async with Pair(odd=odd) as near:
        with pytest.raises(UnreadableFile) as caught:
            await near.call("odd", timeout=5)
    assert caught.value.message == "bad ? name"
    assert caught.value.details == {"pages": [1, 2]}


async def test_a_handler_that_is_cancelled_from_within_answers_with_an_error() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    async with Pair(cancelled=cancelled) as near:
        with pytest.raises(MorganError, match="cancelled"):
            await near.call("cancelled", timeout=5)


async def test_a_failing_event_handler_does_not_stop_the_next_event() -> None:
    seen: list[int] = []

    async def event(n: int) -> None:
        if n == 0:
            raise BadInput("no")
        seen.append(n)

    async with Pair(event=event, echo=echo) as near:
        for n in range(5):
            await near.notify("event", n=n)
        await near.notify("unknown")
        await near.call("echo", timeout=5, value=1)
        await asyncio.sleep(0)
    assert seen == [1, 2, 3, 4]


async def test_events_that_arrived_before_the_end_are_still_handled() -> None:
    seen: list[int] = []

    async def event(n: int) -> None:
        await asyncio.sleep(0)
        seen.append(n)

    wire = Wire()
    for n in range(3):
        wire.write(pack({"event": "event", "params": {"n": n}}))
    wire.close()
    await Channel(wire.reader, Wire(), {"event": event}).run()
    assert seen == [0, 1, 2]


async def test_a_closed_channel_refuses_calls_and_swallows_events() -> None:
    pair = Pair()
    async with pair as near:
        pass
    with pytest.raises(WorkerDied):
        await near.call("echo")
    await near.notify("event")
