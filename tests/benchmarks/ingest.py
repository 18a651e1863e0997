"""Passages per second of the whole ingest against the bare embedder on the same chunks."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from morgan_core.embedding.catalogue import locate
from morgan_core.library.chunking import chunk
from morgan_core.library.readers import read
from morgan_core.session import Session, open_morgan
from morgan_core.settings import Settings
from morgan_core.worker import Worker
from tests.benchmarks.base import Metrics, Options, metric, spread
from tests.benchmarks.real_app import paths_in, settled
from tests.benchmarks.texts import write_documents
from tests.helpers import eventually

BAR = 0.9


def run(options: Options) -> Metrics:
    return asyncio.run(measure(options.pick(5, 1), options.pick(12, 2)))


async def measure(rounds: int, documents: int) -> Metrics:
    ours, bare, sizes = [], [], []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        directory = str(locate(Settings()).directory)
        embedder = Worker("bare", "tests.workers.bare_embedder", config={"directory": directory})
        await embedder.start()
        try:
            async with open_morgan(paths=paths_in(folder), preload=False) as morgan:
                for number in range(rounds + 1):
                    files = folder / f"round-{number}"
                    write_documents(files, documents, paragraphs=16, seed=number)
                    texts = chunks_below(files)
                    seconds = await one_round(morgan, embedder, files, texts, number)
                    if number:
                        sizes.append(len(texts))
                        ours.append(len(texts) / seconds[0])
                        bare.append(len(texts) / seconds[1])
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
            "of the same chunks in another process; median of alternating rounds, nothing cached",
            ours_per_s=spread(ours),
            bare_per_s=spread(bare),
            passages=sum(sizes),
        )
    }


async def one_round(
    morgan: Session, embedder: Worker, files: Path, texts: list[str], number: int
) -> tuple[float, float]:
    """Seconds of both; who goes first changes every round."""
    if number % 2:
        ours = await learn(morgan, files, len(texts))
        return ours, await embedder.call("encode", texts=texts)
    bare = await embedder.call("encode", texts=texts)
    return await learn(morgan, files, len(texts)), bare


async def learn(morgan: Session, files: Path, passages: int) -> float:
    """Seconds until every file below ``files`` is ready; checks that nothing was left out."""
    before = (await morgan.library.counts()).passages
    began = time.perf_counter()
    job = await morgan.learn([str(files)])

    async def done() -> bool:
        return (await morgan.jobs.get(job.id)).state == "done"

    await eventually(done, timeout=600, every=0.02)
    took = time.perf_counter() - began
    await settled(morgan, documents=1)
    counts = await morgan.library.counts()
    if counts.failed or counts.passages - before != passages:
        raise RuntimeError(f"{counts.passages - before} of {passages} passages came in")
    return took


def chunks_below(folder: Path) -> list[str]:
    """The texts that the library embeds for the files below ``folder``, each once."""
    size = Settings().chunk_size
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.md")):
        for piece in chunk(read(path), size=size):
            found[piece.sha256] = piece.text
    return list(found.values())
