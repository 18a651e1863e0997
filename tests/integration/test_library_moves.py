"""Another embedder: the old collection answers until the new one is complete."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from morgan_core.index.vectors import collection_name
from tests.helpers import eventually
from tests.hits import ask
from tests.library_parts import HashEmbedder, TestLibrary, library_in, vector_of

from .qdrant_wire import WireQdrant

TEXTS = {f"{n}.txt": f"The walrus number {n} sleeps." for n in range(40)}


def new_embedder() -> HashEmbedder:
    return HashEmbedder("other", 32)


OLD, NEW = collection_name(HashEmbedder().info), collection_name(new_embedder().info)


@pytest.fixture(params=["edge", "wire"])
async def options(request: pytest.FixtureRequest) -> AsyncIterator[dict[str, Any]]:
    """The settings of an embedded index, and of one on a server."""
    if request.param == "edge":
        yield {}
        return
    server = WireQdrant()
    await server.start()
    yield {"qdrant_url": server.url.rstrip("/")}
    await server.close()


@pytest.fixture
async def docs(tmp_path: Path, options: dict[str, Any]) -> Path:
    """A watched folder that the old embedder knows."""
    docs = tmp_path / "docs"
    docs.mkdir()
    for name, text in TEXTS.items():
        (docs / name).write_text(text)
    async with library_in(tmp_path, **options) as library:
        await library.service.watch_add(str(docs))
        await eventually(lambda: all_ready(library))
    return docs


async def all_ready(library: TestLibrary) -> bool:
    states = [document.state for document in (await library.documents()).values()]
    return len(states) == len(TEXTS) and set(states) == {"ready"}


async def nearest(library: TestLibrary, text: str, dimension: int) -> str | None:
    """The text that the dense half finds for ``text``, None when it finds nothing."""
    found = await ask(library.service, "nothing", vector_of(text, dimension), limit=1)
    assert found.dense_ready == bool(found.dense)
    return found.dense[0].chunk.text if found.dense else None


async def answers_from(library: TestLibrary, collection: str) -> None:
    await eventually(lambda: library.service.answering == collection)


async def test_the_old_collection_answers_until_the_new_one_is_complete(
    tmp_path: Path, docs: Path, options: dict[str, Any]
) -> None:
    embedder, text = new_embedder(), TEXTS["7.txt"]
    embedder.gate.clear()
    async with library_in(tmp_path, embedder=embedder, **options) as library:
        assert await library.found("walrus")
        assert await nearest(library, text, 16) == text
        assert await nearest(library, text, 32) is None
        await eventually(lambda: pending(library, len(TEXTS)))

        embedder.gate.set()

        await answers_from(library, NEW)
        assert await nearest(library, text, 32) == text
        assert await nearest(library, text, 16) is None
        assert await all_ready(library)
    assert sorted(embedder.texts) == sorted(TEXTS.values())
    async with library_in(tmp_path, embedder=embedder, **options) as library:
        await answers_from(library, NEW)
        assert await all_ready(library)
        if not options:
            await eventually(lambda: collections(library) == {NEW})
    assert len(embedder.texts) == len(TEXTS)


async def pending(library: TestLibrary, passages: int) -> bool:
    return (await library.service.counts()).pending_passages == passages


def collections(library: TestLibrary) -> set[str]:
    return {path.name for path in library.paths.index.glob("morgan_knowledge__*")}


async def test_what_changes_during_the_move_is_true_before_and_after_it(
    tmp_path: Path, docs: Path, options: dict[str, Any]
) -> None:
    embedder = new_embedder()
    embedder.gate.clear()
    async with library_in(tmp_path, embedder=embedder, purge_after=0.1, **options) as library:
        (docs / "1.txt").unlink()
        (docs / "2.txt").write_text("A heron fishes.")
        (docs / "new.txt").write_text("An otter swims.")
        (docs / "3.txt").rename(docs / "moved.txt")

        async def true() -> bool:
            walruses = sorted(await library.found("number walrus 1 2 3"))
            return (
                "1.txt" not in walruses
                and "2.txt" not in walruses
                and await library.found("heron") == ["2.txt"]
                and await library.found("otter") == ["new.txt"]
                and await library.found("3") == ["moved.txt"]
            )

        await eventually(true)
        assert library.service.answering == OLD
        embedder.gate.set()
        await answers_from(library, NEW)
        assert await true()
        for text in ("A heron fishes.", "An otter swims.", TEXTS["3.txt"]):
            assert await nearest(library, text, 32) == text


async def test_a_move_goes_on_after_a_kill(
    tmp_path: Path, docs: Path, options: dict[str, Any]
) -> None:
    embedder, text = new_embedder(), TEXTS["7.txt"]
    async with library_in(tmp_path, embedder=embedder, **options) as library:
        for _ in range(3):
            if (pid := library.service.worker.pid) is not None:
                os.kill(pid, signal.SIGKILL)
            await library.service.counts()
            assert await library.found("walrus")
            await asyncio.sleep(0)

        await answers_from(library, NEW)
        await eventually(lambda: all_ready(library))
        assert await nearest(library, text, 32) == text
    assert sorted(set(embedder.texts)) == sorted(TEXTS.values())


async def test_a_change_of_mind_embeds_nothing(
    tmp_path: Path, docs: Path, options: dict[str, Any]
) -> None:
    given_up, text = new_embedder(), TEXTS["7.txt"]
    given_up.gate.clear()
    async with library_in(tmp_path, embedder=given_up, **options) as library:
        await eventually(lambda: pending(library, len(TEXTS)))
    back = HashEmbedder()

    async with library_in(tmp_path, embedder=back, **options) as library:
        await eventually(lambda: all_ready(library))
        assert await nearest(library, text, 16) == text
        assert library.service.answering == OLD
        if not options:
            assert collections(library) == {OLD}
    assert back.texts == []


async def test_a_vector_made_for_another_collection_is_not_compared(
    tmp_path: Path, docs: Path, options: dict[str, Any]
) -> None:
    async with library_in(tmp_path, **options) as library:
        await answers_from(library, OLD)
        library.service.answering = NEW

        assert await nearest(library, TEXTS["7.txt"], 16) is None
        assert await library.found("walrus")
