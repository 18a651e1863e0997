"""Passages per second of the whole ingest against the bare embedder on the same texts.

Both have their model loaded and embed the same texts, title and headings included. The clock of
the ingest runs from `learn` on new files until the job is told to be done: reading, chunks,
words, vectors, index, catalogue. On a machine that others use, the processor seconds say more
than the ratio.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections import Counter
from contextlib import aclosing
from pathlib import Path

from morgan_core.embedding.catalogue import locate
from morgan_core.events import JobChanged
from morgan_core.library.chunking import chunk, indexed_text
from morgan_core.library.readers import read
from morgan_core.session import Session, open_morgan
from morgan_core.settings import Settings
from morgan_core.worker import Worker
from tests.benchmarks.base import Metrics, Options, metric, significant, spread
from tests.benchmarks.machine import processor_seconds
from tests.benchmarks.real_app import paths_in, settled
from tests.benchmarks.texts import write_documents

BAR = 0.9
WARM_UP = 2  # documents


def run(options: Options) -> Metrics:
    return asyncio.run(measure(options.pick(3, 1), options.pick(24, 2)))


async def measure(rounds: int, documents: int) -> Metrics:
    ours, bare, sizes = [], [], []
    spent: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        directory = str(locate(Settings()).directory)
        embedder = Worker("bare", "tests.workers.bare_embedder", config={"directory": directory})
        await embedder.start()
        try:
            async with open_morgan(paths=paths_in(folder), preload=False) as morgan:
                for number in range(rounds + 1):
                    files = folder / f"round-{number}"
                    count = documents if number else WARM_UP
                    write_documents(files, count, paragraphs=16, seed=number)
                    texts = texts_below(files)
                    seconds, used = await one_round(morgan, embedder, files, texts, number)
                    if number:
                        sizes.append(len(texts))
                        ours.append(len(texts) / seconds[0])
                        bare.append(len(texts) / seconds[1])
                        spent += used
        finally:
            await embedder.stop()
    return {
        "ratio": metric(
            statistics.median(a / b for a, b in zip(ours, bare, strict=True)),
            "×",
            bar=BAR,
            better="more",
            n=rounds,
            how=f"passages per second from `learn` on {documents} new files until all are ready "
            "(reading, chunks, words, vectors, index, catalogue) over SentenceTransformer.encode "
            "of the same texts in another process; median of alternating rounds, nothing cached",
            ours_per_s=spread(ours),
            bare_per_s=spread(bare),
            passages=sum(sizes),
            processor_s_per_1000={
                name: significant(1000 * seconds / sum(sizes))
                for name, seconds in spent.most_common()
            },
        )
    }


async def one_round(
    morgan: Session, embedder: Worker, files: Path, texts: list[str], number: int
) -> tuple[tuple[float, float], Counter[str]]:
    """Seconds of both, and the processor seconds of each process; who goes first changes every
    round."""
    before = processor_seconds()
    if number % 2:
        ours = await learn(morgan, files, len(texts))
        bare = await embedder.call("encode", texts=texts)
    else:
        bare = await embedder.call("encode", texts=texts)
        ours = await learn(morgan, files, len(texts))
    return (ours, bare), processor_seconds() - before


async def learn(morgan: Session, files: Path, passages: int) -> float:
    """Seconds until every file below ``files`` is ready; checks that nothing was left out."""
    before = (await morgan.library.counts()).passages
    async with aclosing(morgan.library.changes()) as changes:
        await anext(changes)
        began = time.perf_counter()
        job = await morgan.learn([str(files)])
        async for change in changes:
            if isinstance(change, JobChanged) and change.job.id == job.id:
                job = change.job
                if job.state in ("done", "failed"):
                    break
        took = time.perf_counter() - began
    await settled(morgan, documents=1)
    counts = await morgan.library.counts()
    if counts.failed or counts.passages - before != passages:
        raise RuntimeError(f"{counts.passages - before} of {passages} passages came in")
    return took


def texts_below(folder: Path) -> list[str]:
    """The texts that the library embeds for the files below ``folder``, each once."""
    size = Settings().chunk_size
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.md")):
        extracted = read(path)
        for piece in chunk(extracted, size=size):
            found[piece.sha256] = indexed_text(extracted, piece.start, piece.end)
    return list(found.values())
