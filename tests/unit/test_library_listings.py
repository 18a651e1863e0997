"""A listing crosses to another process whole, in order, and a slice at a time."""

from __future__ import annotations

import asyncio
from collections import Counter

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.library.listings import SLICE, pack_documents, unpack_listing
from morgan_core.types import Document, Folder, LibraryCounts

FOLDER = Folder(path="/p", state="watching", documents=2)
COUNTS = LibraryCounts(ready=2)


def document(name: str) -> Document:
    return Document(id=name, path=f"/p/{name}", paths=(f"/p/{name}",), state="ready")


async def carried(known: dict[str, Document | None]) -> list[Document]:
    packed = {
        "documents": await pack_documents([*known], known.__getitem__),
        "folders": [FOLDER],
        "counts": COUNTS,
    }
    there = msgspec.msgpack.decode(msgspec.msgpack.encode(packed))
    listing = await unpack_listing(there)
    assert (listing.folders, listing.counts) == ((FOLDER,), COUNTS)
    return [*listing.documents]


@given(st.dictionaries(st.text("abc/ é", max_size=4), st.booleans(), max_size=30))
def test_what_is_shown_arrives_by_path_and_what_is_hidden_does_not(shown: dict[str, bool]):
    known = {name: document(name) if visible else None for name, visible in shown.items()}
    expected = sorted((d for d in known.values() if d is not None), key=lambda d: d.path)
    assert asyncio.run(carried(known)) == expected


async def test_others_get_their_turn_after_every_slice():
    turns = 0
    worked: Counter[int] = Counter()

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    def show(name: str) -> Document:
        worked[turns] += 1
        return document(name)

    beside = asyncio.create_task(others())
    packed = await pack_documents([str(n) for n in range(3 * SLICE)], show)
    beside.cancel()
    assert max(worked.values()) <= SLICE
    assert [len(msgspec.msgpack.decode(part)) for part in packed] == [SLICE] * 3
    assert turns >= 2 * len(packed)
