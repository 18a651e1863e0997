"""How soon, and how cheaply."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from morgan_core.library.keeper import Keeper
from morgan_core.library.look import look_at
from morgan_core.library.manifest import Manifest
from morgan_core.settings import Settings
from morgan_core.storage.catalogue import Catalogue
from morgan_core.storage.catalogue_rows import RootRow, Snapshot
from morgan_core.storage.engine import database_url
from tests.helpers import eventually
from tests.library_parts import library_in, make_database, paths_in


class NoShelf:
    """Takes documents and does nothing with them."""

    def __init__(self) -> None:
        self.submitted: list[str] = []

    def submit(self, document_id: str, *, urgent: bool) -> None:
        self.submitted.append(document_id)

    async def set_paths(self, document_ids: Iterable[str]) -> None: ...

    async def purge(self, document_ids: Iterable[str]) -> None: ...


async def nothing() -> None: ...


@pytest.mark.slow
async def test_ten_thousand_unchanged_files_are_reconciled_in_three_seconds(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "docs"
    for number in range(10_000):
        file = folder / str(number % 100) / f"{number}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(number))
    paths = paths_in(tmp_path)
    await make_database(paths)
    url = database_url("", paths.database)
    await fill(Catalogue(url), folder)

    began, busy = time.perf_counter(), time.process_time()
    catalogue = Catalogue(url)
    manifest = Manifest(catalogue, await catalogue.load())
    shelf = NoShelf()
    keeper = Keeper(manifest, shelf, Settings(), on_root=lambda _path: None, on_step=nothing)
    keeper.start()
    await eventually(lambda: manifest.roots[str(folder)].state == "watching")
    took = min(time.perf_counter() - began, time.process_time() - busy)
    await keeper.close()
    await catalogue.close()

    assert shelf.submitted == []
    assert all(row.deleted_at is None for row in manifest.files.values())
    assert took < 3.0


async def fill(catalogue: Catalogue, folder: Path) -> None:
    """Record every file below ``folder`` as taken in."""
    root = RootRow(str(folder), "watched", time.time(), state="scanning")
    await catalogue.save_root(root)
    manifest = Manifest(catalogue, Snapshot(roots=[root]))
    look = look_at({root.path: root.path}, leave_out=lambda _: False, known=lambda _: False)
    for path, seen in look.scan.files.items():
        sha256 = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        document = manifest.documents[manifest.settle(path, root.path, seen, sha256)]
        document.state, document.revision, document.passages, document.embedded = "ready", 1, 1, 1
    await manifest.flush()
    await catalogue.close()


class SlowToPurge(NoShelf):
    """Always has something left to purge."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    async def purge(self, document_ids: Iterable[str]) -> None:
        self.asked += 1


async def test_a_new_file_waits_for_no_purge(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for number in range(100):
        (docs / f"{number}.txt").write_text(str(number))
    paths = paths_in(tmp_path)
    await make_database(paths)
    catalogue = Catalogue(database_url("", paths.database))
    await fill(catalogue, docs)
    manifest = Manifest(catalogue, await catalogue.load())
    shelf = SlowToPurge()
    settings = Settings(purge_after=0.1)
    keeper = Keeper(manifest, shelf, settings, on_root=lambda _path: None, on_step=nothing)
    keeper.start()
    for number in range(1, 100):
        (docs / f"{number}.txt").unlink()
    await eventually(lambda: shelf.asked > 2)

    (docs / "new.txt").write_text("The walrus sleeps.")

    await eventually(lambda: shelf.submitted)
    await keeper.close()
    await catalogue.close()


async def test_an_idle_library_sends_nothing(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.txt").write_text("The walrus sleeps.")
    async with library_in(tmp_path) as library:
        await library.service.watch_add(str(docs))
        await library.in_state("a.txt")
        await asyncio.sleep(0.5)
        before = len(library.changes)

        await asyncio.sleep(2.5)

        assert len(library.changes) == before
