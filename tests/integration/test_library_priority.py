"""Whoever types goes first: what takes files in stands back from the processor."""

from __future__ import annotations

from pathlib import Path

import psutil

from tests.helpers import eventually
from tests.library_parts import library_in


async def test_the_library_is_nicer_than_the_face_and_its_reader_nicer_still(tmp_path: Path):
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.txt").write_text("A lease.", encoding="utf-8")
    async with library_in(tmp_path) as library:
        await library.service.watch_add(str(folder))
        pid = await eventually(lambda: library.service.worker.pid)
        process = psutil.Process(pid)
        readers = await eventually(process.children)
        await eventually(lambda: process.nice() > psutil.Process().nice())
        await eventually(lambda: all(reader.nice() > process.nice() for reader in readers))
