"""A root that is away: nothing is deleted, everything stays findable, and it comes back."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.helpers import eventually
from tests.library_parts import TestLibrary, library_in


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("The walrus sleeps.")
    (folder / "b.txt").write_text("The heron fishes.")
    return folder


@pytest.fixture
async def library(tmp_path: Path, docs: Path) -> AsyncIterator[TestLibrary]:
    """Whatever is deleted is purged at once: what survives was not deleted."""
    async with library_in(tmp_path, purge_after=5.0) as library:
        await library.service.watch_add(str(docs))
        await library.in_state("a.txt")
        await library.in_state("b.txt")
        yield library


async def folder_state(library: TestLibrary) -> str:
    return (await library.service.watch_list())[0].state


async def test_a_root_that_vanished_keeps_its_documents_findable(
    library: TestLibrary, docs: Path, tmp_path: Path
) -> None:
    before = {d.id for d in (await library.documents()).values()}

    docs.rename(tmp_path / "away")
    document = await library.in_state("a.txt", "offline")

    assert document.reason
    assert await library.found("walrus") == ["a.txt"]
    (tmp_path / "away").rename(docs)
    await library.in_state("a.txt", "ready")
    assert {d.id for d in (await library.documents()).values()} == before


async def test_a_root_that_is_suddenly_empty_is_offline(
    library: TestLibrary, docs: Path, tmp_path: Path
) -> None:
    docs.rename(tmp_path / "away")
    docs.mkdir()

    await library.in_state("a.txt", "offline")
    assert await library.found("heron") == ["b.txt"]
    docs.rmdir()
    (tmp_path / "away").rename(docs)
    await library.in_state("a.txt", "ready")


async def test_a_root_that_is_removed_with_all_its_files_is_offline_too(
    library: TestLibrary, docs: Path
) -> None:
    shutil.rmtree(docs)

    await library.in_state("a.txt", "offline")
    await library.in_state("b.txt", "offline")


async def test_a_root_that_came_back_changed_is_followed(
    library: TestLibrary, docs: Path, tmp_path: Path
) -> None:
    docs.rename(tmp_path / "away")
    await library.in_state("a.txt", "offline")
    (tmp_path / "away" / "a.txt").unlink()
    (tmp_path / "away" / "c.txt").write_text("The lynx waits.")

    (tmp_path / "away").rename(docs)

    await library.in_state("c.txt", "ready")
    assert sorted(await library.documents()) == ["b.txt", "c.txt"]
    (docs / "d.txt").write_text("The otter swims.")
    await eventually(lambda: library.found("otter"))


async def test_files_that_were_deleted_one_by_one_are_gone(
    library: TestLibrary, docs: Path
) -> None:
    (docs / "a.txt").unlink()
    (docs / "b.txt").unlink()

    async def empty() -> bool:
        return not await library.documents()

    await eventually(empty)
    assert await folder_state(library) == "watching"


async def test_what_happened_while_morgan_was_away_is_followed(tmp_path: Path, docs: Path) -> None:
    async with library_in(tmp_path) as library:
        await library.service.watch_add(str(docs))
        before = await library.in_state("a.txt")
        await library.in_state("b.txt")
    (docs / "a.txt").rename(docs / "c.txt")
    (docs / "b.txt").unlink()
    (docs / "d.txt").write_text("The lynx waits.")

    async with library_in(tmp_path) as library:
        await library.in_state("d.txt")
        after = await library.in_state("c.txt")

        assert after.id == before.id
        assert sorted(await library.documents()) == ["c.txt", "d.txt"]
        assert await library.found("heron") == []


async def test_a_root_that_is_empty_at_start_is_offline(tmp_path: Path, docs: Path) -> None:
    async with library_in(tmp_path) as library:
        await library.service.watch_add(str(docs))
        await library.in_state("a.txt")
    docs.rename(tmp_path / "away")
    docs.mkdir()

    async with library_in(tmp_path) as library:
        await library.in_state("a.txt", "offline")
        assert await library.found("walrus") == ["a.txt"]
