"""Which embedder gets what while the library moves to another one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from morgan_core.errors import ModelError, Unavailable
from morgan_core.index.vectors import collection_name
from morgan_core.local.changeover import Changeover
from morgan_core.settings import Settings
from tests.helpers import eventually
from tests.library_parts import HashEmbedder, vector_of

DIMENSIONS = {"old": 8, "new": 32}
OLD, NEW = (collection_name(HashEmbedder(name, DIMENSIONS[name]).info) for name in ("old", "new"))


class Embedders:
    """Makes them by the name in the settings and keeps them at hand."""

    def __init__(self) -> None:
        self.made: dict[str, Watched] = {}
        self.missing: set[str] = set()

    def make(self, settings: Settings) -> Watched:
        name = settings.embedding_model
        if name in self.missing:
            raise ModelError(f"There is no embedder {name!r}.")
        self.made[name] = Watched(name, DIMENSIONS[name])
        return self.made[name]


class Watched(HashEmbedder):
    running = False

    async def start(self) -> None:
        self.running = True

    async def stop(self) -> None:
        self.running = False


def start_with(name: str, folder: Path, embedders: Embedders) -> Changeover:
    settings = Settings(embedding_model=name)
    return Changeover(
        embedders.make(settings), settings, folder / "embedders.json", make=embedders.make
    )


async def test_without_a_move_there_is_one_embedder(tmp_path: Path) -> None:
    embedders = Embedders()
    embedder = start_with("old", tmp_path, embedders)

    embedder.answer_from(OLD)

    assert await embedder.embed(["a"], "query") == vector_of("a", 8)
    assert await embedder.embed(["a"], "passage") == vector_of("a", 8)
    assert list(embedders.made) == ["old"]


async def test_queries_go_to_the_old_embedder_until_the_new_collection_answers(
    tmp_path: Path,
) -> None:
    start_with("old", tmp_path, Embedders()).answer_from(OLD)
    embedders = Embedders()
    embedder = start_with("new", tmp_path, embedders)
    await embedder.start()

    assert await embedder.embed(["a"], "query") == vector_of("a", 8)
    assert await embedder.embed(["a"], "passage") == vector_of("a", 32)
    assert embedders.made["old"].running

    embedder.answer_from(NEW)

    assert await embedder.embed(["a"], "query") == vector_of("a", 32)
    await eventually(lambda: not embedders.made["old"].running)
    assert "old" not in (tmp_path / "embedders.json").read_text()


async def test_a_query_that_the_switch_overtakes_is_embedded_anew(tmp_path: Path) -> None:
    start_with("old", tmp_path, Embedders())
    embedders = Embedders()
    embedder = start_with("new", tmp_path, embedders)
    embedders.made["old"].gate.clear()
    asking = asyncio.create_task(embedder.embed(["a"], "query"))
    await eventually(lambda: embedders.made["old"].called)

    embedder.answer_from(NEW)
    embedders.made["old"].gate.set()

    assert await asking == vector_of("a", 32)


async def test_without_the_old_embedder_words_decide_until_the_switch(tmp_path: Path) -> None:
    start_with("old", tmp_path, Embedders())
    embedders = Embedders()
    embedders.missing.add("old")
    embedder = start_with("new", tmp_path, embedders)

    assert not embedder.ready
    with pytest.raises(Unavailable, match="words alone"):
        await embedder.embed(["a"], "query")

    embedder.answer_from(NEW)
    assert embedder.ready
    assert await embedder.embed(["a"], "query") == vector_of("a", 32)


async def test_another_node_may_have_moved_the_collection_meanwhile(tmp_path: Path) -> None:
    start_with("old", tmp_path, Embedders())
    embedders = Embedders()
    embedder = start_with("new", tmp_path, embedders)

    embedder.answer_from("morgan_knowledge__unheard-of__8")

    assert not embedder.ready
    embedder.answer_from(NEW)
    assert embedder.ready


@pytest.mark.parametrize("content", ["", "not json", '{"answering": 7}'])
async def test_a_damaged_file_costs_only_what_it_remembered(tmp_path: Path, content: str) -> None:
    (tmp_path / "embedders.json").write_text(content)

    embedder = start_with("new", tmp_path, Embedders())

    assert await embedder.embed(["a"], "query") == vector_of("a", 32)
