"""Opening a library over a large folder in which nothing changed."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from morgan_core.events import FolderChanged
from tests.benchmarks.base import Metrics, Options, metric, spread
from tests.benchmarks.texts import write_documents
from tests.helpers import eventually
from tests.library_parts import TestLibrary, library_in

BAR = 3.0
TAKE_IN_WITHIN = 1700.0


def run(options: Options) -> Metrics:
    return asyncio.run(measure(options.files, options.pick(5, 1)))


async def measure(files: int, rounds: int) -> Metrics:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        watched = folder / "watched"
        write_documents(watched, files, paragraphs=1, seed=2)
        began = time.perf_counter()
        async with library_in(folder) as library:
            await library.service.watch_add(str(watched))
            await eventually(lambda: all_ready(library, files), timeout=TAKE_IN_WITHIN, every=0.5)
            took_in = time.perf_counter() - began
        seconds = [await open_again(folder, files) for _ in range(rounds)]
    return {
        "opening": metric(
            max(seconds),
            "s",
            bar=BAR,
            n=rounds,
            how=f"longest time from starting the library process over {files:,} known, unchanged "
            "files until the folder was compared with the disk and is watched",
            all_s=spread(seconds),
        ),
        "taking_in": metric(
            files / took_in,
            "files/s",
            better="more",
            n=1,
            how=f"{files:,} files of one passage, read, indexed and given vectors by a hash",
        ),
    }


async def all_ready(library: TestLibrary, files: int) -> bool:
    counts = await library.service.counts()
    if counts.failed:
        raise RuntimeError(f"{counts.failed} files failed")
    return counts.ready == files


async def open_again(folder: Path, files: int) -> float:
    began = time.perf_counter()
    async with library_in(folder) as library:
        await eventually(lambda: watching(library), timeout=120, every=0.005)
        took = time.perf_counter() - began
        counts = await library.service.counts()
        if counts.ready != files or counts.busy:
            raise RuntimeError(f"after opening again the library counts {counts}")
    return took


def watching(library: TestLibrary) -> bool:
    """Whether the library said that it watches its folder: the first word about a folder comes
    when its scan begins, and nobody is told of a state that has passed already."""
    told = [change.folder.state for change in library.changes if isinstance(change, FolderChanged)]
    return bool(told) and told[-1] == "watching"
