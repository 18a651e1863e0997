"""A new version of the readers reads what older ones read or refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from morgan_core.errors import UnreadableFile
from morgan_core.library.reader import Reader
from morgan_core.library.readers.base import READER_VERSION, Extracted
from morgan_core.library.room import LibraryRoom
from tests.helpers import eventually
from tests.library_parts import room_in


class Refusing:
    """Reads as ``reader`` does, but for files named ``new.*``; counts what it was asked for."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.asked: list[str] = []

    async def read(self, path: str, *, root: str, ocr: bool = False) -> Extracted:
        self.asked.append(Path(path).name)
        if Path(path).stem == "new":
            raise UnreadableFile("not supported yet")
        return await self.reader.read(path, root=root, ocr=ocr)


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "new.txt").write_text("The walrus sleeps.")
    (folder / "old.txt").write_text("The heron fishes.")
    return folder


async def states(room: LibraryRoom) -> dict[str, str]:
    return {Path(d.path).name: d.state for d in room.listing().documents}


async def reach(room: LibraryRoom, **wanted: str) -> None:
    async def reached() -> bool:
        return await states(room) == {f"{name}.txt": state for name, state in wanted.items()}

    await eventually(reached)


async def learned_by_older_readers(tmp_path: Path, docs: Path, version: int) -> None:
    """A library of readers of ``version``, which could not read new.txt yet."""
    async with room_in(tmp_path, reader=Refusing) as room:
        await room.jobs.learn("job", [str(docs)], watch=False)
        await eventually(lambda: room.jobs.get("job").state == "done")

        async def written() -> bool:
            return not (await room.manifest.catalogue.load()).journal

        await eventually(written)
    texts = tmp_path / "data" / "texts"
    (texts / "readers").write_text(str(version))
    for text in texts.glob("??/*.zst"):
        text.rename(text.with_name(f"{text.name.partition('.')[0]}.{version}.zst"))


async def test_what_older_readers_refused_or_read_is_read_anew(tmp_path: Path, docs: Path) -> None:
    await learned_by_older_readers(tmp_path, docs, READER_VERSION - 1)

    async with room_in(tmp_path) as room:
        await reach(room, new="ready", old="ready")

        def texts() -> list[str]:
            return [path.name.split(".")[1] for path in tmp_path.glob("data/texts/??/*.zst")]

        await eventually(lambda: texts() == [str(READER_VERSION)] * 2)
        [old] = [d for d in room.listing().documents if d.path.endswith("old.txt")]
        assert old.revision == 2


async def test_what_these_readers_refused_is_not_tried_at_every_start(
    tmp_path: Path, docs: Path
) -> None:
    await learned_by_older_readers(tmp_path, docs, READER_VERSION)
    readers: list[Refusing] = []

    def counting(reader: Reader) -> Refusing:
        readers.append(Refusing(reader))
        return readers[0]

    async with room_in(tmp_path, reader=counting) as room:
        (docs / "third.txt").write_text("Something to wait for.")
        await room.jobs.learn("again", [str(docs / "third.txt")], watch=False)
        await reach(room, new="failed", old="ready", third="ready")

    assert readers[0].asked == ["third.txt"]
