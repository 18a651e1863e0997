"""POST /api/chat: an answer in JSON, or the turn as server-sent events."""

from __future__ import annotations

import json

import pytest

from morgan_core.server import sse
from tests.helpers import eventually
from tests.server.conftest import Serve


def _events(text: str) -> list[dict]:
    events = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[0] != ":")
        if fields:
            events.append({**json.loads(fields["data"]), "_name": fields.get("event"), **fields})
    return events


async def test_json_holds_the_answer_and_names_its_turn(serve: Serve):
    served = await serve()

    response = await served.http.post("/api/chat", json={"message": "count 3"})

    assert response.status == 200
    body = await response.json()
    assert body["answer"] == "0 1 2 "
    assert {"sentences", "citations", "grounded", "conversation_id", "usage", "timings"} <= set(
        body
    )
    resumed = await served.http.get(f"/api/turns/{body['turn_id']}/events")
    assert _events(await resumed.text())[-1]["_name"] == "done"


@pytest.mark.parametrize(
    ("body", "headers"), [({"stream": True}, {}), ({}, {"Accept": "text/event-stream"})]
)
async def test_events_are_named_and_carry_seq_as_id(serve: Serve, body, headers):
    served = await serve()

    response = await served.http.post(
        "/api/chat", json={"message": "count 2", **body}, headers=headers
    )

    assert response.content_type == "text/event-stream"
    assert response.headers["Cache-Control"] == "no-store"
    events = _events(await response.text())
    names = [event["_name"] for event in events]
    assert names == ["queued", "searching", "sources", "token", "token", "done"]
    assert [event["id"] for event in events] == [str(event["seq"]) for event in events]


async def test_a_stream_resumes_after_a_seq_or_the_last_event_id(serve: Serve):
    served = await serve()
    turn = (await (await served.http.post("/api/chat", json={"message": "count 2"})).json())[
        "turn_id"
    ]

    by_query = await served.http.get(f"/api/turns/{turn}/events?after_seq=4")
    by_header = await served.http.get(f"/api/turns/{turn}/events", headers={"Last-Event-ID": "5"})

    assert [event["seq"] for event in _events(await by_query.text())] == [5, 6]
    assert [event["seq"] for event in _events(await by_header.text())] == [6]


async def test_an_error_before_the_first_event_has_its_status(serve: Serve):
    served = await serve()

    response = await served.http.post(
        "/api/chat", json={"message": "hi", "conversation_id": "nowhere", "stream": True}
    )

    assert response.status == 404


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_goes_away_stops_its_turn(serve: Serve, stream: bool):
    served = await serve(pace=0.01)
    body = {"message": "count 5000", "stream": stream, "turn_id": "a" * 32}

    request = served.http.post("/api/chat", json=body)
    if stream:
        response = await request
        await response.content.readline()
        response.close()
    else:
        with pytest.raises(TimeoutError):
            await served.http.post("/api/chat", json=body, timeout=_short())
        request.close()

    await eventually(lambda: served.morgan.stopped == ["a" * 32])


async def test_a_detached_turn_outlives_its_client(serve: Serve):
    served = await serve(pace=0.002)

    response = await served.http.post(
        "/api/chat",
        json={"message": "count 50", "stream": True, "detached": True, "turn_id": "b" * 32},
    )
    await response.content.readline()
    response.close()

    await eventually(lambda: served.state.turns == 0)
    await eventually(lambda: served.morgan.runs["b" * 32].finished)
    assert served.morgan.stopped == []


async def test_a_turn_can_be_stopped_from_elsewhere(serve: Serve):
    served = await serve(pace=0.01)
    response = await served.http.post(
        "/api/chat", json={"message": "count 5000", "stream": True, "turn_id": "c" * 32}
    )
    await response.content.readline()

    stopped = await served.http.post(f"/api/turns/{'c' * 32}/stop")

    assert stopped.status == 204
    assert _events(await response.text())[-1]["answer"]["finish_reason"] == "stopped"


async def test_a_silent_stream_is_kept_open_by_pings(serve: Serve, monkeypatch):
    monkeypatch.setattr(sse, "PING", 0.05)
    served = await serve(pace=0.2)

    response = await served.http.post("/api/chat", json={"message": "count 1", "stream": True})

    text = await response.text()
    assert text.count(": ping\n\n") >= 2
    assert _events(text)[-1]["_name"] == "done"
    assert sse.PING <= 15


async def test_a_core_that_quits_ends_the_stream_with_an_error_event(serve: Serve):
    served = await serve(pace=0.01)
    response = await served.http.post("/api/chat", json={"message": "count 5000", "stream": True})
    await response.content.readline()

    await served.morgan.close()

    last = _events(await response.text())[-1]
    assert (last["_name"], last["error"]) == ("error", "leaving")


def _short():
    import aiohttp

    return aiohttp.ClientTimeout(total=0.3)
