"""Files that would harm: each ends as a reason, and the normal file beside it is ready."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from morgan_core.library import comparison
from morgan_core.library.names import to_text
from morgan_core.library.room import LibraryRoom
from tests.helpers import eventually
from tests.library_parts import TestLibrary, library_in, room_in

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="made of Linux's special files")


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "normal.txt").write_text("The walrus sleeps.")
    return folder


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[TestLibrary]:
    async with library_in(tmp_path, max_file_size=1 << 20) as library:
        yield library


async def skipped(library: TestLibrary) -> dict[str, int]:
    return (await library.service.watch_list())[0].skipped


async def test_special_files_are_counted_and_never_opened(
    library: TestLibrary, docs: Path, tmp_path: Path
) -> None:
    os.mkfifo(docs / "pipe.txt")
    (docs / "link.txt").symlink_to("/etc/passwd")
    (docs / "loop").symlink_to(docs)
    (docs / "self").symlink_to("self")
    expected = {"special file": 2, "symbolic link": 3}
    listener = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(docs)  # the name of a socket may have 108 bytes only
    listener.bind("socket.txt")
    os.chdir(here)
    try:
        os.mknod(docs / "device.txt", stat.S_IFCHR | 0o600, os.makedev(1, 5))
        expected["special file"] = 3
    except PermissionError:
        pass  # devices are made by root only

    await library.service.watch_add(str(docs))
    await library.in_state("normal.txt")

    assert await skipped(library) == expected
    assert list(await library.documents()) == ["normal.txt"]
    listener.close()


async def test_a_sparse_file_of_two_gigabytes_is_listed_with_its_size(
    library: TestLibrary, docs: Path
) -> None:
    with (docs / "huge.txt").open("wb") as file:
        file.truncate(2 << 30)

    await library.service.watch_add(str(docs))
    await library.in_state("normal.txt")
    huge = await library.in_state("huge.txt", "failed")

    assert "2,048 MiB" in huge.reason
    assert "max_file_size" in huge.reason


async def test_a_file_that_the_reader_could_not_hold_is_listed_before_anything_waits_for_it(
    tmp_path: Path, docs: Path
) -> None:
    with (docs / "huge.txt").open("wb") as file:
        file.truncate(2 << 30)
    async with library_in(tmp_path, max_file_size=4 << 30) as library:
        await library.service.watch_add(str(docs))
        await library.in_state("normal.txt")
        huge = await library.in_state("huge.txt", "failed")

        assert "2,048 MiB, more than the 1,024 allowed" in huge.reason
        assert "reader_memory" in huge.reason


async def test_names_of_any_bytes_and_any_length_are_taken_in(
    library: TestLibrary, docs: Path
) -> None:
    names = [b"new\nline.txt", b"\x1b[2J.txt", b"\xff\xfe.txt", b"n" * 251 + b".txt", b"\xc3" * 255]
    for number, name in enumerate(names):
        descriptor = os.open(os.fsencode(docs) + b"/" + name, os.O_CREAT | os.O_WRONLY)
        os.write(descriptor, b"Animal number %d sleeps." % number)
        os.close(descriptor)

    await library.service.watch_add(str(docs))

    async def all_ready() -> bool:
        return (await library.service.counts()).ready == len(names) + 1

    await eventually(all_ready)
    shown = {document.path for document in (await library.service.list()).documents}
    assert to_text(os.fsdecode(os.fsencode(docs) + b"/" + names[2])) in shown


async def test_a_path_longer_than_the_system_opens_is_counted(
    library: TestLibrary, docs: Path
) -> None:
    folder = os.open(docs, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=folder)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
        os.close(os.open("a.txt", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)

    await library.service.watch_add(str(docs))
    await library.in_state("normal.txt")

    assert await skipped(library) == {"path too long": 1}


async def test_hard_links_are_paths_of_one_document(library: TestLibrary, docs: Path) -> None:
    os.link(docs / "normal.txt", docs / "again.txt")

    await library.service.watch_add(str(docs))

    async def both() -> bool:
        documents = (await library.service.list()).documents
        return [len(document.paths) for document in documents] == [2]

    await eventually(both)


async def test_a_private_key_is_never_taken_in_whatever_it_is_called(
    library: TestLibrary, docs: Path
) -> None:
    (docs / "notes.txt").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nnarwhal\n")

    await library.service.watch_add(str(docs))
    await library.in_state("normal.txt")
    key = await library.in_state("notes.txt", "failed")

    assert "private key" in key.reason
    assert await library.found("narwhal") == []
    job = await library.service.learn([str(docs / "notes.txt")])
    assert [document.state for document in job.documents] == ["failed"]


async def test_a_file_that_grows_for_ever_is_listed_and_starves_nobody(
    tmp_path: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "LIST_AFTER", 1.5)
    async with room_in(tmp_path) as room:
        await room.requests.watch_add(str(docs))
        growing = asyncio.create_task(write_for_ever(docs / "growing.txt"))

        await eventually(lambda: state_of(room, "growing.txt") == "failed")
        (docs / "late.txt").write_text("The heron fishes.")
        await eventually(lambda: state_of(room, "late.txt") == "ready")
        assert state_of(room, "normal.txt") == "ready"
        document = next(d for d in room.listing().documents if d.path.endswith("growing.txt"))
        assert "still being written" in document.reason

        growing.cancel()
        await eventually(lambda: state_of(room, "growing.txt") == "ready")


async def write_for_ever(path: Path) -> None:
    with path.open("a") as file:
        while True:
            file.write("More and more. ")
            file.flush()
            await asyncio.sleep(0.01)


async def test_a_file_that_is_closed_without_end_starves_nobody(tmp_path: Path, docs: Path) -> None:
    async with room_in(tmp_path) as room:
        await room.requests.watch_add(str(docs))
        appending = asyncio.create_task(append_for_ever(docs / "log.txt"))
        await eventually(lambda: state_of(room, "log.txt") != "")

        (docs / "sub").mkdir()
        for number in range(100):
            (docs / "sub" / f"{number}.txt").write_text(f"Animal number {number} sleeps.")

        await eventually(lambda: room.counts().ready >= 101)
        appending.cancel()


async def append_for_ever(path: Path) -> None:
    while True:
        with path.open("a") as file:
            file.write("More and more. ")
        await asyncio.sleep(0)


def state_of(room: LibraryRoom, name: str) -> str:
    found = [d.state for d in room.listing().documents if d.path.endswith("/" + name)]
    return found[0] if found else ""


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="root reads all")
def test_what_may_not_be_read_is_listed_and_is_read_when_it_may(tmp_path: Path, docs: Path) -> None:
    """Root gives up its power to read everything, as no mode would refuse it otherwise."""
    (docs / "locked").mkdir()
    (docs / "locked" / "b.txt").write_text("The heron fishes.")
    (docs / "closed.txt").write_text("The lynx waits.")
    (docs / "closed.txt").chmod(0)
    (docs / "locked").chmod(0)
    weak: list[str] = []
    if os.geteuid() == 0:
        powers = "-dac_override,-dac_read_search"
        weak = ["setpriv", f"--bounding-set={powers}", f"--inh-caps={powers}"]

    done = subprocess.run(
        [*weak, sys.executable, "-m", "tests.workers.weak_library", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "closed.txt: Cannot be opened: Permission denied.",
        "left out: {'permission denied': 1}",
        "readable: closed.txt, b.txt",
    ]
