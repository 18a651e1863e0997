"""What a person asked for last holds, whatever an earlier request still has to do after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from morgan_core.library.jobs import Jobs
from morgan_core.library.requests import Requests
from morgan_core.library.room import LibraryRoom
from morgan_core.storage.catalogue_rows import JobRow
from tests.helpers import eventually
from tests.library_parts import room_in


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("The walrus sleeps.")
    (folder / "b.txt").write_text("The heron fishes.")
    return folder


@pytest.fixture
def forgets_for_ever(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """What is forgotten is purged once the returned function was called: the process dies before."""

    async def for_ever(_requests: Requests) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(Requests, "purge_forgotten", for_ever)
    return monkeypatch.undo


@pytest.fixture
def learns_for_ever(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """What is learned is known to be so once the returned function was called."""

    async def never(_jobs: Jobs, _row: JobRow) -> None: ...

    monkeypatch.setattr(Jobs, "_advance", never)
    return monkeypatch.undo


def names(room: LibraryRoom) -> set[str]:
    return {Path(document.path).name for document in room.listing().documents}


@asynccontextmanager
async def restarted(folder: Path) -> AsyncIterator[LibraryRoom]:
    """A room in which nothing is left to do."""
    async with room_in(folder) as room:
        await eventually(lambda: all(job.state != "running" for job in room.jobs.all()))
        await eventually(lambda: not room.counts().busy)
        yield room


async def test_what_was_learned_after_it_was_forgotten_stays(
    tmp_path: Path, docs: Path, forgets_for_ever: Callable[[], None]
) -> None:
    async with room_in(tmp_path) as room:
        await room.requests.watch_add(str(docs))
        await eventually(lambda: names(room) == {"a.txt", "b.txt"})
        await room.jobs.forget("1", [str(docs / "a.txt")])
        await eventually(lambda: names(room) == {"b.txt"})
        await room.jobs.learn("2", [str(docs / "a.txt")], watch=False)
        await eventually(lambda: room.jobs.get("2").state == "done")
    forgets_for_ever()

    async with restarted(tmp_path) as room:
        assert names(room) == {"a.txt", "b.txt"}


@pytest.mark.parametrize("learned", ["", "a.txt"])
@pytest.mark.parametrize("forgotten", ["", "a.txt"])
async def test_what_was_forgotten_while_it_was_being_learned_stays_forgotten(
    tmp_path: Path, docs: Path, learns_for_ever: Callable[[], None], learned: str, forgotten: str
) -> None:
    async with room_in(tmp_path) as room:
        await room.jobs.learn("1", [str(docs / learned)], watch=False)
        await eventually(lambda: "a.txt" in names(room))
        await room.jobs.forget("2", [str(docs / forgotten)])
        await eventually(lambda: room.jobs.get("2").state == "done")
    learns_for_ever()

    async with restarted(tmp_path) as room:
        assert "a.txt" not in names(room)


async def test_a_folder_that_is_watched_no_more_stays_so(
    tmp_path: Path, docs: Path, learns_for_ever: Callable[[], None]
) -> None:
    async with room_in(tmp_path) as room:
        await room.jobs.learn("1", [str(docs)], watch=True)
        await eventually(lambda: names(room) == {"a.txt", "b.txt"})
        await room.jobs.watch_remove(str(docs), forget=False)
    learns_for_ever()

    async with restarted(tmp_path) as room:
        assert room.folders() == []
        assert names(room) == {"a.txt", "b.txt"}
