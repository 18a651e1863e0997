"""Scans are read beside everything else, and read again once OCR is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from morgan_core.errors import UnreadableFile
from morgan_core.library.ingest import FileReader
from morgan_core.library.reader import Reader, Scanned
from morgan_core.library.readers import ocr
from morgan_core.library.readers.base import Extracted
from morgan_core.library.room import LibraryRoom
from morgan_core.settings import Settings
from morgan_core.types import Document
from tests.helpers import eventually
from tests.hits import ask
from tests.library_parts import room_in
from tests.pdfs import scan


class SlowOcr:
    """Takes ``*.scan`` for scans, whose OCR takes until ``go`` is set."""

    def __init__(self, reader: FileReader) -> None:
        self._reader = reader
        self.go = asyncio.Event()

    async def read(self, path: str, *, root: str, ocr: bool = False) -> Extracted:
        if path.endswith(".scan"):
            if not ocr:
                raise Scanned
            await self.go.wait()
        return await self._reader.read(path, root=root)


def shown(room: LibraryRoom) -> dict[str, Document]:
    return {document.path.rpartition("/")[2]: document for document in room.listing().documents}


async def test_many_scans_keep_no_other_file_waiting(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for number in range(6):
        (docs / f"{number}.scan").write_text(f"Scanned page {number}.")
    readers: list[SlowOcr] = []

    def slow(reader: FileReader) -> FileReader:
        readers.append(SlowOcr(reader))
        return readers[0]

    async with room_in(tmp_path, reader=slow) as room:
        await room.requests.watch_add(str(docs))
        await eventually(lambda: len(shown(room)) == 6)
        (docs / "note.txt").write_text("A note in between.")

        await eventually(lambda: (d := shown(room).get("note.txt")) and d.state == "ready")
        waiting = [d for name, d in shown(room).items() if name.endswith(".scan")]
        assert {d.state for d in waiting} <= {"waiting", "reading"}
        assert any("OCR" in d.reason for d in waiting)
        readers[0].go.set()

        await eventually(lambda: all(d.state == "ready" for d in shown(room).values()))


class MixedOcr:
    """Takes every file for one with text and with a picture, whose OCR takes until ``go``."""

    def __init__(self, reader: FileReader) -> None:
        self._reader = reader
        self.go = asyncio.Event()
        self.reads = 0

    async def read(self, path: str, *, root: str, ocr: bool = False) -> Extracted:
        extracted = await self._reader.read(path, root=root)
        self.reads += 1
        if not ocr:
            raise Scanned(extracted)
        await self.go.wait()
        return msgspec.structs.replace(extracted, text=f"Rent is due.\n\n{extracted.text}")


@asynccontextmanager
async def mixed(folder: Path) -> AsyncIterator[tuple[LibraryRoom, MixedOcr]]:
    readers: list[MixedOcr] = []

    def slow(reader: FileReader) -> FileReader:
        readers.append(MixedOcr(reader))
        return readers[0]

    async with room_in(folder, reader=slow) as room:
        yield room, readers[0]


async def found(room: LibraryRoom, words: str) -> list[str]:
    return [hit.chunk.text for hit in (await ask(room, words, None, limit=5)).bm25]


async def test_the_text_beside_scanned_pages_is_found_before_ocr_is_done(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.txt").write_text("Printed words.")
    async with mixed(tmp_path) as (room, reader):
        await room.requests.watch_add(str(docs))
        await eventually(lambda: found(room, "printed"))
        waiting = shown(room)["a.txt"]
        assert waiting.state in ("waiting", "reading")
        assert (await room.text(waiting.id)).text == "Printed words."

        reader.go.set()

        await eventually(lambda: shown(room)["a.txt"].state == "ready")
        assert await found(room, "rent") == ["Rent is due.\n\nPrinted words."]
        assert (await room.text(waiting.id)).text == "Rent is due.\n\nPrinted words."
        assert shown(room)["a.txt"].reason == ""
        assert reader.reads == 2


async def test_ocr_that_was_cut_short_is_done_after_a_restart(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.txt").write_text("Printed words.")
    async with mixed(tmp_path) as (room, _):
        await room.requests.watch_add(str(docs))
        await eventually(lambda: found(room, "printed"))

    async with mixed(tmp_path) as (room, reader):
        assert await found(room, "printed")
        reader.go.set()
        await eventually(lambda: shown(room)["a.txt"].state == "ready")
        assert await found(room, "rent")


async def test_what_needed_ocr_is_read_again_when_it_was_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.pdf").write_bytes(scan("Rent is due"))
    monkeypatch.setattr(ocr, "available", lambda: False)
    async with room_in(tmp_path) as room:
        await room.requests.watch_add(str(docs))
        await eventually(lambda: (d := shown(room).get("a.pdf")) and d.state == "failed")
        assert "needs OCR" in shown(room)["a.pdf"].reason
        assert "morgan[ocr]" in shown(room)["a.pdf"].reason
    reads: list[str] = []

    class Recording:
        async def read(self, path: str, *, root: str, ocr: bool = False) -> Extracted:
            reads.append(path)
            raise UnreadableFile("not read in this test")

    monkeypatch.setattr(ocr, "available", lambda: True)
    async with room_in(tmp_path, reader=lambda _: Recording()):
        await eventually(lambda: reads)

    assert reads[0].endswith("a.pdf")


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    reader = Reader(Settings())
    await reader.start()
    yield reader
    await reader.stop()


@pytest.mark.slow
@pytest.mark.skipif(not ocr.available(), reason="the ocr extra is not installed")
async def test_the_reader_sends_scans_to_a_child_with_ocr(reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(scan("Rent is due", text="Printed words"))
    with pytest.raises(Scanned) as caught:
        await reader.read(path)
    assert caught.value.extracted is not None
    assert caught.value.extracted.text == "Printed words"

    extracted = await reader.read(path, ocr=True)

    assert extracted.text == "Printed words\n\nRent is due"
    assert [box.page for box in extracted.boxes] == [1, 2]


@pytest.mark.slow
@pytest.mark.skipif(not ocr.available(), reason="the ocr extra is not installed")
async def test_a_page_that_takes_too_long_leaves_the_text_there_is(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(scan("Rent is due", text="Printed words"))
    reader = Reader(Settings(reader_timeout=0.01))
    reader._timeout = 60
    await reader.start()
    try:
        extracted = await reader.read(path, ocr=True)
    finally:
        await reader.stop()

    assert extracted.text == "Printed words"
    assert extracted.metadata["scanned_pages"] == "1"
