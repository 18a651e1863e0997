"""A disk that is mounted inside a watched folder, or holds what was learned: when it is unmounted
nothing was deleted, and it comes back."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from morgan_core.library import mounts
from morgan_core.library.room import LibraryRoom
from morgan_core.types import Document
from tests.helpers import eventually
from tests.library_parts import TestLibrary, library_in, room_in
from tests.mounting import WHY_NOT, bind, can_mount, mount, unmount

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="made of Linux's table of mounts")


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """A folder with a file of its own, and a folder for a disk."""
    folder = tmp_path / "docs"
    (folder / "usb").mkdir(parents=True)
    (folder / "own.txt").write_text("The walrus sleeps.")
    return folder


class Disk:
    """A disk that a table of mounts tells of; its files are moved in and out with it."""

    def __init__(self, folder: Path, point: Path) -> None:
        self.table = folder / "mountinfo"
        self.point = point
        self._aside = folder / "unmounted"
        self._write(mounted=True)

    def unmount(self) -> None:
        self._write(mounted=False)
        self.point.rename(self._aside)
        self.point.mkdir()

    def mount(self) -> None:
        for left in self.point.iterdir():
            left.unlink()
        self.point.rmdir()
        self._aside.rename(self.point)
        self._write(mounted=True)

    def _write(self, *, mounted: bool) -> None:
        """As in proc_pid_mountinfo(5)."""
        points = ["/", str(self.point)] if mounted else ["/"]
        lines = [f"{n} 1 0:{n} / {p} rw - ext4 dev rw\n" for n, p in enumerate(points, 20)]
        unfinished = self.table.with_name("mountinfo-new")
        unfinished.write_text("".join(lines))
        unfinished.replace(self.table)


@pytest.fixture
def disk(tmp_path: Path, docs: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk(tmp_path, docs / "usb")
    (docs / "usb" / "a.txt").write_text("The heron fishes.")
    (docs / "usb" / "b.txt").write_text("The lynx waits.")
    monkeypatch.setattr(mounts, "_MOUNTS", disk.table)
    return disk


def shown(room: LibraryRoom) -> dict[str, Document]:
    return {document.path.rpartition("/")[2]: document for document in room.listing().documents}


def states(room: LibraryRoom) -> dict[str, str]:
    return {name: document.state for name, document in shown(room).items()}


async def watched(room: LibraryRoom, docs: Path) -> None:
    await room.requests.watch_add(str(docs))
    await all_ready(room)


async def all_ready(room: LibraryRoom) -> None:
    everything = {"own.txt": "ready", "a.txt": "ready", "b.txt": "ready"}
    await eventually(lambda: states(room) == everything)


ONE_AWAY = {"own.txt": "ready", "a.txt": "offline", "b.txt": "offline"}


async def test_what_is_on_an_unmounted_disk_is_kept_and_comes_back(
    tmp_path: Path, docs: Path, disk: Disk
) -> None:
    async with room_in(tmp_path, purge_after=0.5) as room:
        await watched(room, docs)
        before = {name: document.id for name, document in shown(room).items()}

        disk.unmount()
        await eventually(lambda: states(room) == ONE_AWAY)
        (docs / "later.txt").write_text("The otter swims.")
        await eventually(lambda: states(room).get("later.txt") == "ready")
        assert states(room) == {**ONE_AWAY, "later.txt": "ready"}
        reason = shown(room)["a.txt"].reason
        assert f"{docs / 'usb'} is not mounted" in reason
        assert room.folders()[0].state == "watching"

        (docs / "later.txt").unlink()
        disk.mount()
        await all_ready(room)
        assert {name: document.id for name, document in shown(room).items()} == before


async def test_a_disk_that_is_unmounted_while_morgan_is_away_is_kept(
    tmp_path: Path, docs: Path, disk: Disk
) -> None:
    async with room_in(tmp_path) as room:
        await watched(room, docs)
    disk.unmount()

    async with room_in(tmp_path, purge_after=0.5) as room:
        await eventually(lambda: states(room) == ONE_AWAY)
        await eventually(lambda: room.folders()[0].state == "watching")
        assert states(room) == ONE_AWAY


async def test_a_disk_that_came_back_with_a_file_less_loses_that_file_alone(
    tmp_path: Path, docs: Path, disk: Disk
) -> None:
    async with room_in(tmp_path) as room:
        await watched(room, docs)
        disk.unmount()
        await eventually(lambda: states(room) == ONE_AWAY)
        (tmp_path / "unmounted" / "b.txt").unlink()

        disk.mount()

        await eventually(lambda: states(room) == {"own.txt": "ready", "a.txt": "ready"})


async def test_a_file_in_the_folder_that_the_disk_left_is_no_reason_to_delete_the_others(
    tmp_path: Path, docs: Path, disk: Disk
) -> None:
    async with room_in(tmp_path, purge_after=0.5) as room:
        await watched(room, docs)
        disk.unmount()
        await eventually(lambda: states(room) == ONE_AWAY)

        (docs / "usb" / "a.txt").write_text("The heron fishes.")

        await eventually(lambda: states(room)["a.txt"] == "ready")
        assert states(room) == {"own.txt": "ready", "a.txt": "ready", "b.txt": "offline"}


async def test_what_will_never_come_back_can_be_forgotten(
    tmp_path: Path, docs: Path, disk: Disk
) -> None:
    async with room_in(tmp_path) as room:
        await watched(room, docs)
        disk.unmount()
        await eventually(lambda: states(room) == ONE_AWAY)

        await room.jobs.forget("f", [str(docs / "usb")])

        assert states(room) == {"own.txt": "ready"}


async def test_files_that_were_learned_once_are_kept_while_their_disk_is_away(
    tmp_path: Path, docs: Path, disk: Disk
) -> None:
    async with room_in(tmp_path, purge_after=0.5, rescan_every=1.0) as room:
        await room.jobs.learn("l", [str(docs / "usb" / "a.txt")], watch=False)
        await eventually(lambda: states(room) == {"a.txt": "ready"})

        disk.unmount()

        await eventually(lambda: states(room) == {"a.txt": "offline"})
        disk.mount()
        await eventually(lambda: states(room) == {"a.txt": "ready"})


async def test_a_table_of_mounts_that_cannot_be_read_says_nothing(
    tmp_path: Path, docs: Path, disk: Disk
) -> None:
    async with room_in(tmp_path) as room:
        await watched(room, docs)
        disk.table.unlink()

        (docs / "usb" / "b.txt").unlink()

        await eventually(lambda: states(room) == {"own.txt": "ready", "a.txt": "ready"})


# --- real disks ----------------------------------------------------------------------------


@pytest.fixture
def point(docs: Path, tmp_path: Path) -> Iterator[Path]:
    """A disk with a file, mounted inside the folder."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount(disk)
    (disk / "a.txt").write_text("The heron fishes.")
    bind(disk, docs / "usb")
    yield docs / "usb"
    if os.path.ismount(docs / "usb"):
        unmount(docs / "usb")
    unmount(disk)


@asynccontextmanager
async def following(tmp_path: Path, docs: Path) -> AsyncIterator[TestLibrary]:
    async with library_in(tmp_path, purge_after=1.0) as library:
        await library.service.watch_add(str(docs))
        await library.in_state("own.txt")
        yield library


@pytest.mark.skipif(not can_mount(), reason=WHY_NOT)
async def test_a_real_disk_inside_a_watched_folder_goes_and_comes_back(
    tmp_path: Path, docs: Path, point: Path
) -> None:
    async with following(tmp_path, docs) as library:
        before = await library.in_state("a.txt")

        unmount(point)
        await library.in_state("a.txt", "offline")
        assert await library.found("heron") == ["a.txt"]
        bind(tmp_path / "disk", point)
        assert (await library.in_state("a.txt")).id == before.id

        (point / "b.txt").write_text("The lynx waits.")
        await library.in_state("b.txt")


@pytest.mark.skipif(not can_mount(), reason=WHY_NOT)
async def test_a_disk_that_is_mounted_for_the_first_time_is_taken_in_at_once(
    tmp_path: Path, docs: Path, point: Path
) -> None:
    unmount(point)
    async with following(tmp_path, docs) as library:
        bind(tmp_path / "disk", point)

        await library.in_state("a.txt")
