"""Passages per second of the whole ingest against the bare embedder on the same texts.

Both have their model loaded and embed the same texts, title and headings included. The clock of
the ingest runs from `learn` on new files until the job is told to be done: reading, chunks,
words, vectors, index, catalogue. Where Morgan's embedder computes in bfloat16, the bare one is
measured in it as well, which shows what all else costs. On a machine that others use, the
processor seconds say more than the ratios.
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
    return asyncio.run(measure(options.pick(3, 1), options.pick(20, 2)))


async def measure(rounds: int, documents: int) -> Metrics:
    found: dict[str, list[float]] = {}  # passages per second of each side
    spent: Counter[str] = Counter()
    passages = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        directory = str(locate(Settings()).directory)
        bare = Worker("bare", "tests.workers.bare_embedder", config={"directory": directory})
        await bare.start()
        try:
            async with open_morgan(paths=paths_in(folder), preload=False) as morgan:
                names = ["ours", "bare"]
                if await bare.call("computes_bfloat16"):
                    names.append("bare_bfloat16")
                for number in range(rounds + 1):
                    files = folder / f"round-{number}"
                    count = documents if number else WARM_UP
                    write_documents(files, count, paragraphs=16, seed=number)
                    texts = texts_below(files)
                    before = processor_seconds()
                    sides = names[number % len(names) :] + names[: number % len(names)]
                    took = {name: await seconds(name, morgan, bare, files, texts) for name in sides}
                    if number:
                        passages += len(texts)
                        spent += processor_seconds() - before
                        for name, time_taken in took.items():
                            found.setdefault(name, []).append(len(texts) / time_taken)
        finally:
            await bare.stop()
    result = metric(
        ratio(found, "bare"),
        "×",
        bar=BAR,
        better="more",
        n=rounds,
        how=f"passages per second from `learn` on {documents} new files until all are ready "
        "(reading, chunks, words, vectors, index, catalogue) over SentenceTransformer.encode "
        "of the same texts in another process; median of alternating rounds, nothing cached",
        passages=passages,
        processor_s_per_1000={
            name: significant(1000 * used / passages) for name, used in spent.most_common()
        },
        **{f"{name}_per_s": spread(rates) for name, rates in found.items()},
    )
    if "bare_bfloat16" not in found:
        return {"ratio": result}
    same = metric(
        ratio(found, "bare_bfloat16"),
        "×",
        better="more",
        n=rounds,
        how="the same over SentenceTransformer.encode in bfloat16, as Morgan's embedder computes",
    )
    return {"ratio": result, "same_arithmetic": same}


def ratio(found: dict[str, list[float]], side: str) -> float:
    """Ours over ``side``, of the median round."""
    return statistics.median(a / b for a, b in zip(found["ours"], found[side], strict=True))


async def seconds(name: str, morgan: Session, bare: Worker, files: Path, texts: list[str]) -> float:
    """How long one side takes for the texts of ``files``."""
    if name == "ours":
        return await learn(morgan, files, len(texts))
    took: float = await bare.call("encode", texts=texts, bfloat16=name == "bare_bfloat16")
    return took


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
