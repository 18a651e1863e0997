"""What is shown and found is what a restart would find."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from morgan_core.library.room import LibraryRoom
from morgan_core.storage.catalogue import Catalogue
from morgan_core.storage.catalogue_rows import ChunkRow, DocumentRow, JournalRow
from morgan_core.storage.engine import database_url
from morgan_core.types import Document
from tests.helpers import eventually
from tests.hits import ask
from tests.library_parts import paths_in, room_in


class Commits:
    """Holds every flip while ``go`` is clear, and lets those ``fail`` that came by then."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go = asyncio.Event()
        self.go.set()
        self.fail = False
        self.held = 0
        self.failed = asyncio.Event()
        real = Catalogue.flip

        async def flip(
            catalogue: Catalogue,
            documents: Sequence[DocumentRow],
            chunks: Mapping[str, Sequence[ChunkRow]],
        ) -> None:
            if not self.go.is_set():
                self.held += 1
                await self.go.wait()
                if self.fail:
                    self.fail = False
                    self.failed.set()
                    raise OSError("the disk is full")
            await real(catalogue, documents, chunks)

        monkeypatch.setattr(Catalogue, "flip", flip)


async def found(room: LibraryRoom, words: str) -> list[str]:
    return [hit.chunk.text for hit in (await ask(room, words, None, limit=5)).bm25]


def only(room: LibraryRoom) -> Document:
    (document,) = room.listing().documents
    return document


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("The walrus sleeps.")
    return folder


async def test_a_document_is_found_once_it_is_committed(
    tmp_path: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = Commits(monkeypatch)
    commits.go.clear()
    async with room_in(tmp_path) as room:
        await room.requests.watch_add(str(docs))
        await eventually(lambda: commits.held)

        assert await found(room, "walrus") == []
        assert (only(room).state, only(room).revision) == ("reading", 0)

        commits.go.set()
        await eventually(lambda: found(room, "walrus"))
        assert only(room).revision == 1


async def test_the_old_text_is_found_until_the_new_one_is_committed(
    tmp_path: Path, docs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = Commits(monkeypatch)
    async with room_in(tmp_path) as room:
        await room.requests.watch_add(str(docs))
        await eventually(lambda: found(room, "walrus"))

        commits.go.clear()
        commits.fail = True
        (docs / "a.txt").write_text("The heron fishes.")
        await eventually(lambda: commits.held)
        assert await found(room, "walrus heron") == ["The walrus sleeps."]

        commits.go.set()
        await commits.failed.wait()
        assert await found(room, "walrus heron") == ["The walrus sleeps."]
        await eventually(lambda: found(room, "heron"))
        assert await found(room, "walrus") == []


async def test_a_failure_that_was_recorded_by_half_is_recorded_whole_after_a_restart(
    tmp_path: Path, docs: Path
) -> None:
    (docs / "a.txt").write_text("")
    async with room_in(tmp_path) as room:
        await room.requests.watch_add(str(docs))
        await eventually(lambda: room.counts().failed)
        document = only(room).id

    catalogue = Catalogue(database_url("", paths_in(tmp_path).database))
    await catalogue.save(journal=[JournalRow(document, 0, "flipped", 0.0)])

    async def unfinished() -> list[JournalRow]:
        return (await catalogue.load()).journal

    assert await unfinished()
    async with room_in(tmp_path):

        async def settled() -> bool:
            return not await unfinished()

        await eventually(settled)
    await catalogue.close()
