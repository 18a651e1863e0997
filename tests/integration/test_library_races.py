"""Files that change while they are being taken in."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from morgan_core.library.ingest import FileReader
from morgan_core.library.readers.base import Extracted
from morgan_core.library.room import LibraryRoom
from morgan_core.types import Document
from tests.helpers import eventually
from tests.hits import ask
from tests.library_parts import room_in


class Meddler:
    """Before the first file is read, does ``meddle`` and waits until the library ``noticed``."""

    def __init__(self, reader: FileReader) -> None:
        self._reader = reader
        self.meddle: Callable[[], object] | None = None
        self.noticed: Callable[[], bool] = lambda: True

    async def read(self, path: str, *, root: str, ocr: bool = False) -> Extracted:
        if self.meddle is not None:
            meddle, self.meddle = self.meddle, None
            meddle()
            await eventually(self.noticed)
        return await self._reader.read(path, root=root, ocr=ocr)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    return folder


def shown(room: LibraryRoom) -> dict[str, Document]:
    return {document.path.rpartition("/")[2]: document for document in room.listing().documents}


async def ready(room: LibraryRoom, *names: str) -> None:
    def reached() -> bool:
        documents = shown(room)
        return documents.keys() == set(names) and all(
            document.state == "ready" for document in documents.values()
        )

    await eventually(reached)


async def test_a_file_renamed_while_it_waits_for_the_reader_is_taken_in_under_its_new_name(
    tmp_path: Path, docs: Path
) -> None:
    meddlers: list[Meddler] = []

    def meddling(reader: FileReader) -> FileReader:
        meddlers.append(Meddler(reader))
        return meddlers[0]

    async with room_in(tmp_path, reader=meddling) as room:
        meddlers[0].meddle = lambda: (docs / "old.txt").rename(docs / "new.txt")
        meddlers[0].noticed = lambda: shown(room).keys() == {"new.txt"}
        await room.requests.watch_add(str(docs))

        (docs / "old.txt").write_text("The walrus sleeps.")

        await ready(room, "new.txt")


async def test_a_file_that_changed_without_a_trace_is_hashed_again(
    tmp_path: Path, docs: Path
) -> None:
    """Two edits of the same length within one tick of the file system's clock look the same."""
    meddlers: list[Meddler] = []

    def meddling(reader: FileReader) -> FileReader:
        meddlers.append(Meddler(reader))
        return meddlers[0]

    file = docs / "a.txt"

    def edit_without_a_trace() -> None:
        status = file.stat()
        file.write_text("The heron fishes..")
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))

    async with room_in(tmp_path, reader=meddling) as room:
        meddlers[0].meddle = edit_without_a_trace
        await room.requests.watch_add(str(docs))

        file.write_text("The walrus sleeps.")

        await ready(room, "a.txt")
        found = await ask(room, "heron", None, limit=5)
        assert [hit.chunk.text for hit in found.bm25] == ["The heron fishes.."]


async def test_a_folder_that_becomes_a_link_before_its_file_is_read_is_not_followed(
    tmp_path: Path, docs: Path
) -> None:
    """The content outside is the one that was hashed, so that nothing but the way tells."""
    meddlers: list[Meddler] = []

    def meddling(reader: FileReader) -> FileReader:
        meddlers.append(Meddler(reader))
        return meddlers[0]

    def swap() -> None:
        (docs / "sub").rename(tmp_path / "outside")
        (docs / "sub").symlink_to(tmp_path / "outside")

    (docs / "own.txt").write_text("The walrus sleeps.")
    async with room_in(tmp_path, reader=meddling) as room:
        await room.requests.watch_add(str(docs))
        await ready(room, "own.txt")
        meddlers[0].meddle = swap
        (docs / "sub").mkdir()
        (docs / "sub" / "a.txt").write_text("The heron fishes.")

        await eventually(lambda: meddlers[0].meddle is None)

        await ready(room, "own.txt")
        assert not (await ask(room, "heron", None, limit=5)).bm25


async def test_a_folder_that_was_replaced_by_a_link_loses_its_documents(
    tmp_path: Path, docs: Path
) -> None:
    (docs / "own.txt").write_text("The walrus sleeps.")
    (docs / "sub").mkdir()
    (docs / "sub" / "a.txt").write_text("The heron fishes.")
    async with room_in(tmp_path) as room:
        await room.requests.watch_add(str(docs))
        await ready(room, "own.txt", "a.txt")

        (docs / "sub").rename(tmp_path / "outside")
        (docs / "sub").symlink_to(tmp_path / "outside")

        await ready(room, "own.txt")
