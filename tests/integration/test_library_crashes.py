"""kill -9 of the library process at any moment: afterwards catalogue and index say what the disk
says, each document once and whole."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest

from morgan_core.index.factory import make_index
from morgan_core.paths import Paths
from morgan_core.settings import Settings
from morgan_core.storage.catalogue import Catalogue
from morgan_core.storage.catalogue_rows import Snapshot
from morgan_core.storage.engine import database_url
from tests.helpers import eventually
from tests.library_parts import HashEmbedder, TestLibrary, library_in


class Disk:
    """A folder of small documents, each with a word that no other has."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder = folder
        self.chance = chance
        self.words: dict[str, str] = {}
        self.count = 0
        folder.mkdir()

    def change(self) -> None:
        """Do one thing that people do to files."""
        names = sorted(self.words)
        what = self.chance.choice(["create", "create", "edit", "rename", "delete", "replace"])
        if what == "create" or not names:
            self.write(f"file{self.count}.txt")
        elif what == "edit":
            self.write(self.chance.choice(names))
        elif what == "rename":
            old, new = self.chance.choice(names), f"moved{self.count}.txt"
            (self.folder / old).rename(self.folder / new)
            self.words[new] = self.words.pop(old)
        elif what == "delete" and len(names) > 3:
            name = self.chance.choice(names)
            (self.folder / name).unlink()
            del self.words[name]
        else:
            old, new = self.chance.choice(names), self.chance.choice(names)
            if old != new:
                (self.folder / old).rename(self.folder / new)
                self.words[new] = self.words.pop(old)
        self.count += 1

    def write(self, name: str) -> None:
        self.count += 1
        word = f"animal{self.count}"
        paragraphs = [f"Paragraph {n} tells of the {word}. " * 12 for n in range(6)]
        (self.folder / name).write_text("\n\n".join(paragraphs))
        self.words[name] = word


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_killed_at_any_moment_the_library_is_true_to_the_disk(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    disk = Disk(tmp_path / "docs", chance)
    for _ in range(10):
        disk.change()
    async with library_in(tmp_path, purge_after=0.2) as library:
        await library.service.watch_add(str(disk.folder))
        for _ in range(6):
            for _ in range(chance.randrange(1, 6)):
                disk.change()
            await asyncio.sleep(chance.random() * 0.3)
            await kill(library, wait=chance.random() < 0.7)
        await eventually(lambda: true_to(library, disk), timeout=60)
        for name, word in disk.words.items():
            assert set(await library.found(word)) == {name}
        await eventually(lambda: purged(library.paths))
    await check_stores(library.paths, disk)


async def kill(library: TestLibrary, *, wait: bool) -> None:
    """Kill the process, and wait until the next one starts or, with ``wait``, answers."""
    pid = await eventually(lambda: library.service.worker.pid)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await eventually(lambda: library.service.worker.pid not in (None, pid))
    if wait:
        await library.service.counts()


async def true_to(library: TestLibrary, disk: Disk) -> bool:
    documents = await library.documents()
    return documents.keys() == disk.words.keys() and all(
        document.state == "ready" for document in documents.values()
    )


async def purged(paths: Paths) -> bool:
    snapshot, _ = await read_catalogue(paths)
    return all(row.hidden_at is None for row in snapshot.documents)


async def check_stores(paths: Paths, disk: Disk) -> None:
    """Nothing is there twice, nothing is left over."""
    snapshot, chunks = await read_catalogue(paths)
    index = make_index(Settings(), paths, HashEmbedder.info)
    await index.open()
    points = await index.documents()
    await index.close()

    documents = {row.id: row for row in snapshot.documents}
    live = [row for row in snapshot.files if row.deleted_at is None]
    assert {Path(row.path).name for row in live} == disk.words.keys()
    assert {row.document_id for row in live} == documents.keys()
    assert chunks == {row.id: row.passages for row in documents.values()}
    assert points == {row.id: {row.revision: row.passages} for row in documents.values()}
    assert snapshot.journal == []


async def read_catalogue(paths: Paths) -> tuple[Snapshot, dict[str, int]]:
    catalogue = Catalogue(database_url("", paths.database))
    try:
        return await catalogue.load(), await catalogue.chunk_counts()
    finally:
        await catalogue.close()
