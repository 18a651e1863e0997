"""What is left out of a watched folder, and that a changed ignore file is followed."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from morgan_core.events import FolderChanged
from tests.helpers import eventually
from tests.library_parts import TestLibrary, library_in


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("The walrus sleeps.")
    (folder / "sub" / "b.txt").write_text("The heron fishes.")
    return folder


@pytest.fixture
async def library(tmp_path: Path, docs: Path) -> AsyncIterator[TestLibrary]:
    async with library_in(tmp_path) as library:
        await library.service.watch_add(str(docs))
        await library.in_state("a.txt")
        await library.in_state("b.txt")
        yield library


async def has(library: TestLibrary, *names: str) -> bool:
    return sorted(await library.documents()) == sorted(names)


async def skipped(library: TestLibrary) -> dict[str, int]:
    return (await library.service.watch_list())[0].skipped


async def test_what_an_ignore_file_now_names_leaves_and_comes_back_without_embedding(
    library: TestLibrary, docs: Path
) -> None:
    library.embedder.texts.clear()

    (docs / "sub" / ".gitignore").write_text("*.txt\n")
    await eventually(lambda: has(library, "a.txt"))
    assert await library.found("heron") == []
    await eventually(lambda: skipped_is(library, {"hidden": 1, ".gitignore": 1}))

    (docs / "sub" / ".gitignore").unlink()
    await library.in_state("b.txt")
    assert await library.found("heron") == ["b.txt"]
    await eventually(lambda: skipped_is(library, {}))
    assert library.embedder.texts == []


async def test_what_an_ignore_file_above_the_folder_now_names_leaves(
    tmp_path: Path, library: TestLibrary, docs: Path
) -> None:
    """The repository begins above the watched folder, where no event is heard of."""
    (tmp_path / ".git" / "info").mkdir(parents=True)
    (tmp_path / ".gitignore").write_text("docs/a.txt\n")
    await eventually(lambda: has(library, "b.txt"))

    (tmp_path / ".git" / "info" / "exclude").write_text("b.txt\n")
    await eventually(lambda: has(library))

    (tmp_path / ".gitignore").write_text("")
    await eventually(lambda: has(library, "a.txt"))

    shutil.rmtree(tmp_path / ".git")
    await eventually(lambda: has(library, "a.txt", "b.txt"))


async def skipped_is(library: TestLibrary, counts: dict[str, int]) -> bool:
    return await skipped(library) == counts


async def test_an_ignore_file_that_names_everything_empties_the_folder(
    library: TestLibrary, docs: Path
) -> None:
    (docs / ".morganignore").write_text("*\n")

    await eventually(lambda: has(library))
    assert (await library.service.watch_list())[0].state == "watching"


async def test_what_an_ignore_file_takes_back_comes_in(library: TestLibrary, docs: Path) -> None:
    (docs / ".hidden").mkdir()
    (docs / ".hidden" / "c.txt").write_text("The lynx waits.")
    (docs / ".env").write_text("PASSWORD=lynx")
    await eventually(lambda: skipped_is(library, {"hidden": 1, "secret": 1}))

    (docs / ".morganignore").write_text("!.hidden/c.txt\n!.env\n")

    await library.in_state("c.txt")
    assert await library.found("lynx") == ["c.txt"]


async def test_faces_are_told_how_many_files_are_left_out(library: TestLibrary, docs: Path) -> None:
    for name in (".a", ".b", "id_rsa"):
        (docs / name).write_text("x")

    def told() -> bool:
        folders = [c.folder for c in library.changes if isinstance(c, FolderChanged)]
        return bool(folders) and folders[-1].skipped == {"hidden": 2, "secret": 1}

    await eventually(told)
    listing = await library.service.list()
    assert listing.folders[0].skipped == {"hidden": 2, "secret": 1}


async def test_a_file_that_is_named_is_taken_in_though_ignored_but_no_secret(
    library: TestLibrary, docs: Path
) -> None:
    (docs / ".gitignore").write_text("*.log\n")
    (docs / "x.log").write_text("The lynx waits.")
    (docs / ".env").write_text("PASSWORD=lynx")

    job = await library.service.learn([str(docs / "x.log"), str(docs / ".env")])

    assert list(job.skipped) == [str(docs / ".env")]
    assert job.skipped[str(docs / ".env")].startswith("secret")
    await library.in_state("x.log")
    (docs / ".gitignore").write_text("*.log\n*.bak\n")
    (docs / "last.txt").write_text("The otter swims.")
    await library.in_state("last.txt")
    assert await library.found("lynx") == ["x.log"]


async def test_learning_a_folder_tells_what_was_left_out(
    library: TestLibrary, tmp_path: Path
) -> None:
    more = tmp_path / "more"
    more.mkdir()
    (more / ".gitignore").write_text("*.log\n")
    for name in ("x.log", "y.log", "z.txt"):
        (more / name).write_text("The lynx waits.")

    job = await library.service.learn([str(more)])

    assert job.skipped == {str(more): "2 .gitignore, 1 hidden"}


async def test_what_is_left_out_is_known_before_the_first_look(tmp_path: Path, docs: Path) -> None:
    (docs / ".hidden").write_text("x")
    async with library_in(tmp_path) as library:
        await library.service.watch_add(str(docs))
        await library.in_state("a.txt")
        await eventually(lambda: skipped_is(library, {"hidden": 1}))
    docs.rename(tmp_path / "away")

    async with library_in(tmp_path) as library:
        assert await skipped(library) == {"hidden": 1}
