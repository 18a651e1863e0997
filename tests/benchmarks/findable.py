"""From closing a file in a watched folder until its words find it."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from tests.benchmarks.base import Metrics, Options, metric, spread
from tests.benchmarks.texts import document, write_documents
from tests.helpers import eventually
from tests.library_parts import library_in

BAR_MS = 1000


def run(options: Options) -> Metrics:
    return asyncio.run(measure(options.pick(20, 2)))


async def measure(rounds: int) -> Metrics:
    seconds = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        watched = folder / "watched"
        write_documents(watched, 20, paragraphs=16, seed=1)
        async with library_in(folder) as library:
            await library.service.watch_add(str(watched))
            await library.in_state("document-00019.md")
            await library.settled()
            for number in range(rounds):
                word = f"zyzzyva{number:04d}"
                file = watched / f"new-{number}.md"
                file.write_text(f"{document(16, 500 + number)}\n\nThe word is {word}.\n")
                closed = time.perf_counter()

                async def found(word: str = word, name: str = file.name) -> bool:
                    return name in await library.found(word)

                await eventually(found, timeout=30, every=0.01)
                seconds.append(time.perf_counter() - closed)
    return {
        "slowest": metric(
            max(seconds) * 1000,
            "ms",
            bar=BAR_MS,
            n=rounds,
            how="longest time from closing a new Markdown file of 16 paragraphs in a watched "
            "folder until a search by words finds it",
            all_ms=spread(seconds, 1000),
        )
    }
