"""Every reader sees the present state first, then the latest state of each thing."""

from __future__ import annotations

import asyncio

from morgan_core.changes import ChangeHub
from morgan_core.events import CountsChanged, DocumentChanged, DocumentRemoved
from morgan_core.types import Document, LibraryCounts


def document(id: str, passages: int) -> DocumentChanged:
    return DocumentChanged(
        document=Document(id=id, path=f"/{id}", paths=(f"/{id}",), state="ready", passages=passages)
    )


async def nothing():
    return []


async def test_a_reader_begins_with_the_present_state():
    hub = ChangeHub()

    async def present():
        return [CountsChanged(counts=LibraryCounts(ready=3))]

    stream = hub.stream(present)
    assert (await anext(stream)).counts.ready == 3


async def test_a_change_during_the_first_look_wins_over_the_older_present():
    hub = ChangeHub()

    async def present():
        hub.publish(document("a", 2))
        return [document("a", 1), document("b", 1)]

    stream = hub.stream(present)
    seen = [await anext(stream), await anext(stream)]
    assert sorted((c.document.id, c.document.passages) for c in seen) == [("a", 2), ("b", 1)]


async def test_a_slow_reader_gets_only_the_latest_of_each_thing():
    hub = ChangeHub()
    stream = hub.stream(nothing)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    for passages in range(1000):
        hub.publish(document("a", passages))
    hub.publish(DocumentRemoved(id="b", path="/b"))

    first = await waiting
    second = await anext(stream)

    assert first.document.passages == 999
    assert second == DocumentRemoved(id="b", path="/b")
