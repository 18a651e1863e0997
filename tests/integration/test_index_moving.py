"""An index that moves from one embedder's collection to another's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from morgan_core.embedding.base import EmbedderInfo
from morgan_core.index.moving import Collection, MovingIndex
from tests.hits import ask

from .index_parts import INFO, chunk, make, vectors

OTHER = EmbedderInfo(name="Other/Model", dimension=8, max_tokens=16)


@pytest.fixture
async def moving(tmp_path: Path) -> AsyncIterator[MovingIndex]:
    """A move from a collection that holds the lease, words and vector."""
    old = make("edge", tmp_path)
    await old.open()
    await old.upsert_words([chunk("rent")])
    await old.upsert_vectors([chunk("rent").id], vectors([1, 0, 0, 0]))
    await old.close()
    index = index_in(tmp_path)
    await index.open()
    yield index
    await index.close()


def index_in(folder: Path, info: EmbedderInfo = OTHER) -> MovingIndex:
    collection: Collection = make("edge", folder, info)  # type: ignore[assignment]
    return MovingIndex(collection)


async def test_queries_go_to_the_collection_that_answers(moving: MovingIndex) -> None:
    found = await ask(moving, "rent", vectors([1, 0, 0, 0]), limit=5)

    assert moving.moving
    assert [hit.chunk.text for hit in found.dense] == ["rent"]
    assert await moving.documents() == {}, "what is missing is told of the wanted collection"


async def test_refilling_keeps_the_vectors_that_are_there(moving: MovingIndex) -> None:
    rent = chunk("rent")
    await moving.upsert_words([rent])
    await moving.upsert_vectors([rent.id], vectors([1] * 8))

    await moving.refill("lease")

    assert await moving.embedded() == {"lease": {1: 1}}


async def test_what_is_written_again_keeps_its_vector_where_queries_go(
    moving: MovingIndex,
) -> None:
    await moving.upsert_words([chunk("rent"), chunk("new", ordinal=1)])

    found = await ask(moving, "rent", vectors([1, 0, 0, 0]), limit=5)

    assert [(hit.chunk.text, round(hit.score, 2)) for hit in found.dense] == [("rent", 1.0)]


async def test_what_is_refilled_is_what_the_old_collection_holds(moving: MovingIndex) -> None:
    await moving.refill("lease")
    await moving.refill("never there")

    assert await moving.documents() == {"lease": {1: 1}}
    assert await moving.embedded() == {}


async def test_after_the_switch_the_old_collection_is_gone(
    moving: MovingIndex, tmp_path: Path
) -> None:
    told: list[str] = []

    async def tell(collection: str) -> None:
        told.append(collection)

    await moving.refill("lease")
    await moving.switch(tell)
    await moving.switch(tell)

    assert told == [moving.answering]
    assert [path.name for path in tmp_path.glob("morgan_knowledge__*")] == [moving.answering]
    assert [hit.chunk.text for hit in (await ask(moving, "rent", None, limit=5)).bm25] == ["rent"]


@pytest.mark.parametrize("leftover", ["", ".gone"])
async def test_what_a_crash_left_of_the_old_collection_is_swept(
    moving: MovingIndex, tmp_path: Path, leftover: str
) -> None:
    old = tmp_path / f"morgan_knowledge__{INFO.name}__{INFO.dimension}"
    await moving.switch(_nobody)
    await moving.close()
    old.with_name(old.name + leftover).mkdir()

    await moving.open()

    assert [path.name for path in tmp_path.glob("morgan_knowledge__*")] == [moving.answering]


async def test_an_old_collection_that_is_damaged_or_gone_does_not_stop_the_new_one(
    moving: MovingIndex, tmp_path: Path
) -> None:
    await moving.close()
    (tmp_path / f"morgan_knowledge__{INFO.name}__{INFO.dimension}" / "edge_config.json").write_text(
        "not json"
    )
    again = index_in(tmp_path)

    await again.open()

    assert not again.moving
    await again.upsert_words([chunk("rent")])
    assert await again.count() == 1
    await again.close()


async def _nobody(_collection: str) -> None: ...
