"""A root that was away for a moment: what was seen meanwhile is not believed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from morgan_core.library import comparison
from morgan_core.library.look import Look, look_at
from morgan_core.library.reader import Reader
from morgan_core.library.readers import Extracted
from morgan_core.library.room import LibraryRoom
from morgan_core.library.watcher import Watcher
from tests.helpers import eventually
from tests.library_parts import room_in


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("The walrus sleeps.")
    return folder


@pytest.fixture
def armed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The roots that were armed, in their order."""
    folders: list[str] = []
    arm = Watcher.arm
    monkeypatch.setattr(
        Watcher, "arm", lambda self, folder: (arm(self, folder), folders.append(folder))
    )
    return folders


def states(room: LibraryRoom) -> dict[str, str]:
    return {Path(d.path).name: d.state for d in room.listing().documents}


async def test_the_watcher_tells_of_a_folder_that_came_and_went(docs: Path, tmp_path: Path) -> None:
    away: list[str] = []
    other = tmp_path / "other"
    other.mkdir()
    watcher = Watcher(lambda *_hint: None, lambda: None, away.append)
    for folder in (docs, other):
        await asyncio.to_thread(watcher.arm, str(folder))

    docs.rename(tmp_path / "elsewhere")
    await eventually(lambda: str(docs) in away)
    (tmp_path / "elsewhere").rename(docs)
    await eventually(lambda: away.count(str(docs)) > 1)
    await asyncio.to_thread(watcher.disarm, str(other))
    seen = len(away)
    docs.rename(tmp_path / "elsewhere")
    await eventually(lambda: len(away) > seen)

    assert set(away) == {str(docs)}
    await asyncio.to_thread(watcher.close)


async def test_a_folder_beside_which_another_is_watched_still_reports_its_files(
    docs: Path,
) -> None:
    hints: list[str] = []
    inner = docs / "inner"
    inner.mkdir()
    watcher = Watcher(lambda path, *_: hints.append(path), lambda: None)
    for folder in (docs, inner):
        await asyncio.to_thread(watcher.arm, str(folder))

    (docs / "a.txt").write_text("The walrus eats.")

    await eventually(lambda: str(docs / "a.txt") in hints)
    await asyncio.to_thread(watcher.close)


async def test_files_that_were_missing_while_the_root_was_away_are_there_again(
    docs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    def look_while_away(*args: Any, **kwargs: Any) -> Look:
        nonlocal looks
        looks += 1
        docs.rename(tmp_path / "away")
        try:
            return look_at(*args, **kwargs)
        finally:
            (tmp_path / "away").rename(docs)
            monkeypatch.setattr(comparison, "look_at", look_at)

    async with room_in(tmp_path) as room:
        await room.requests.watch_add(str(docs))
        await eventually(lambda: states(room) == {"a.txt": "ready"})
        monkeypatch.setattr(comparison, "look_at", look_while_away)

        (docs / "b.txt").write_text("The heron fishes.")

        await eventually(lambda: looks == 1)
        await eventually(lambda: states(room) == {"a.txt": "ready", "b.txt": "ready"})


async def test_a_file_that_was_gone_when_it_was_to_be_read_is_read_again(
    docs: Path, tmp_path: Path
) -> None:
    class Unlucky:
        """Has the root away the first time that it is to read."""

        def __init__(self, reader: Reader) -> None:
            self._reader = reader
            self.read_at_all = False

        async def read(self, path: str, *, root: str, ocr: bool = False) -> Extracted:
            if self.read_at_all:
                return await self._reader.read(path, root=root, ocr=ocr)
            self.read_at_all = True
            docs.rename(tmp_path / "away")
            try:
                return await self._reader.read(path, root=root, ocr=ocr)
            finally:
                (tmp_path / "away").rename(docs)

    async with room_in(tmp_path, reader=Unlucky) as room:
        await room.requests.watch_add(str(docs))

        await eventually(lambda: states(room) == {"a.txt": "ready"})


async def test_a_folder_that_was_out_and_came_back_elsewhere_is_followed(
    docs: Path, tmp_path: Path, armed: list[str]
) -> None:
    for folder in ("from/moved", "to"):
        (docs / folder).mkdir(parents=True)
    (docs / "from/moved/b.txt").write_text("The heron fishes.")
    async with room_in(tmp_path) as room:
        await room.requests.watch_add(str(docs))
        await eventually(lambda: states(room).keys() == {"a.txt", "b.txt"})

        (docs / "from/moved").rename(tmp_path / "outside")
        await eventually(lambda: states(room).keys() == {"a.txt"})
        await eventually(lambda: len(armed) == 2)
        (tmp_path / "outside").rename(docs / "to/moved")
        await eventually(lambda: states(room).keys() == {"a.txt", "b.txt"})
        (docs / "from").rename(docs / "renamed")
        (docs / "c.txt").write_text("The otter swims.")
        await eventually(lambda: "c.txt" in states(room))
        (docs / "to/moved/d.txt").write_text("The zebra runs.")

        await eventually(lambda: "d.txt" in states(room))


async def test_a_root_is_not_watched_anew_again_and_again_for_folders_that_move_out(
    docs: Path, tmp_path: Path, armed: list[str]
) -> None:
    for folder in ("one", "two"):
        (docs / folder).mkdir()
        (docs / folder / f"{folder}.txt").write_text(f"The heron fishes {folder}.")
    async with room_in(tmp_path) as room:
        await room.requests.watch_add(str(docs))
        await eventually(lambda: states(room).keys() == {"a.txt", "one.txt", "two.txt"})
        await eventually(lambda: room.manifest.roots[str(docs)].state == "watching")
        roots = room.keeper.roots

        roots.scanned(str(docs), 1000.0)
        (docs / "one").rename(tmp_path / "one")
        await eventually(lambda: states(room).keys() == {"a.txt", "two.txt"})
        await room.keeper.run(roots.supervise)
        assert len(armed) == 1

        roots.scanned(str(docs), 0.0)
        await eventually(lambda: len(armed) == 2)

        roots.scanned(str(docs), 1000.0)
        docs.rename(tmp_path / "elsewhere")
        (tmp_path / "elsewhere").rename(docs)
        await eventually(lambda: len(armed) == 3)
