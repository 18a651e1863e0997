"""Hybrid search over many chunks: our index against the bare engine on the same shard, and the
whole way of a query through the child process."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil

from morgan_core.embedding.base import EmbedderInfo
from morgan_core.index.base import Candidates, Chunk
from morgan_core.index.edge import EdgeIndex
from morgan_core.index.lexical import Lexicon
from morgan_core.retrieval.fusion import fuse
from morgan_core.retrieval.ranking import POOL, rank
from morgan_core.retrieval.search import CANDIDATES
from morgan_core.worker import Worker
from tests.benchmarks.base import Metrics, Options, metric, percentile, spread
from tests.benchmarks.texts import passage, words

RATIO_BAR = 1.3
P95_BAR_MS = 50
INFO = EmbedderInfo(name="synthetic", dimension=384, max_tokens=256)
FILL = 1024
SHOWN = 10


def run(options: Options) -> Metrics:
    return asyncio.run(measure(options.chunks, options.pick(300, 30)))


async def measure(chunks: int, queries: int) -> Metrics:
    with tempfile.TemporaryDirectory() as folder:
        index = EdgeIndex(Path(folder), INFO)
        await index.open()
        try:
            fill_seconds = await fill(index, chunks)
            asked = make_queries(queries + 20, chunks)
            ours, bare = await side_by_side(index, asked)
        finally:
            await index.close()
        disk = disk_use(Path(folder))
        reopen_seconds = await reopen(Path(folder))
        whole, memory = await through_the_child(Path(folder), asked)
    ours, bare, whole = ours[20:], bare[20:], whole[20:]
    p95 = percentile(ours, 0.95), percentile(bare, 0.95)
    how = f"over {chunks:,} chunks of {INFO.dimension} dimensions, {CANDIDATES} of each half"
    return {
        "ratio_p50": metric(
            percentile(ours, 0.5) / percentile(bare, 0.5),
            "×",
            bar=RATIO_BAR,
            n=queries,
            how=f"median of EdgeIndex.query {how}, over the median of the engine's query_batch on "
            "the same shard with the vector and the words' weights given; alternating",
            ours_ms=spread(ours, 1000),
            bare_ms=spread(bare, 1000),
        ),
        "ratio_p95": metric(
            p95[0] / p95[1],
            "×",
            bar=RATIO_BAR,
            n=queries,
            how="as ratio_p50, of the 95th percentiles",
            ours_p95_ms=p95[0] * 1000,
            bare_p95_ms=p95[1] * 1000,
        ),
        "whole_p95": metric(
            percentile(whole, 0.95) * 1000,
            "ms",
            bar=P95_BAR_MS,
            n=queries,
            how=f"95th percentile of a hybrid search {how}, without the query's embedding: through "
            "the pipe to a child process and back, and fused",
            all_ms=spread(whole, 1000),
        ),
        "fill": metric(
            chunks / fill_seconds,
            "chunks/s",
            better="more",
            n=chunks,
            how="words, then vectors, until no chunk is weighed again",
        ),
        "memory": metric(
            memory / 2**20,
            "MiB",
            n=chunks,
            how="resident in the child process after the queries, files mapped into it included",
        ),
        "disk": metric(disk / 2**20, "MiB", n=chunks, how="blocks that the index's folder takes"),
        "reopen": metric(
            reopen_seconds, "s", n=chunks, how="from a closed index to the first query's answer"
        ),
    }


def vectors_of(count: int) -> Any:
    """Unit vectors, float32, shape (count, dimension); the first of them for any ``count``."""
    generator = np.random.default_rng(7)
    vectors = generator.standard_normal((count, INFO.dimension), dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


async def fill(index: EdgeIndex, count: int) -> float:
    """Seconds that the index took, not counting the making of texts and vectors."""
    chance = random.Random(3)
    vectors = vectors_of(count)
    seconds = 0.0
    for first in range(0, count, FILL):
        last = min(first + FILL, count)
        some = [make_chunk(number, passage(chance)) for number in range(first, last)]
        began = time.perf_counter()
        await index.upsert_words(some)
        await index.upsert_vectors([chunk.id for chunk in some], vectors[first:last].tobytes())
        seconds += time.perf_counter() - began
    began = time.perf_counter()
    await index.settled()
    await index.flush()
    return seconds + time.perf_counter() - began


def make_chunk(number: int, text: str) -> Chunk:
    document = number // 20
    return Chunk(
        id=f"00000000-0000-4000-8000-{number:012x}",
        document_id=f"document-{document:06d}",
        revision=1,
        ordinal=number % 20,
        text=text,
        page=1 + number % 20,
        heading="Chapter › Section",
        start=1000 * (number % 20),
        end=1000 * (number % 20) + len(text),
        paths=(f"/library/folder-{document % 50}/document-{document}.md",),
        folders=("/library", f"/library/folder-{document % 50}"),
    )


def make_queries(count: int, chunks: int) -> list[tuple[str, bytes]]:
    """Words as frequent as those of the texts, and vectors near those of some chunk."""
    chance, generator = random.Random(11), np.random.default_rng(11)
    known = vectors_of(min(chunks, 1000))
    queries = []
    for _ in range(count):
        near = known[chance.randrange(len(known))]
        vector = near + 0.05 * generator.standard_normal(INFO.dimension, dtype=np.float32)
        vector /= np.linalg.norm(vector)
        text = " ".join(words(chance.randint(4, 9), chance))
        queries.append((text, vector.astype(np.float32).tobytes()))
    return queries


async def side_by_side(
    index: EdgeIndex, queries: Sequence[tuple[str, bytes]]
) -> tuple[list[float], list[float]]:
    """Seconds of each query through the index and by the bare engine, taking turns."""
    bare_query = BareQuery(index)
    ours, bare = [], []
    for number, (text, vector) in enumerate(queries):
        prepared = bare_query.prepare(text, vector)
        for turn in (number % 2, 1 - number % 2):
            if turn:
                began = time.perf_counter()
                found = await index.query(text, vector, limit=CANDIDATES)
                pool = fuse(found)[:POOL]
                ids = [one.id for one in pool]
                rank(text, pool, await index.chunks(ids), await index.vectors(ids))
                ours.append(time.perf_counter() - began)
            else:
                bare.append(await index._do(bare_query.seconds, prepared))
    return ours, bare


class BareQuery:
    """The engine's own hybrid batch on the index's shard."""

    def __init__(self, index: EdgeIndex) -> None:
        self._store = index._store
        self._lexicon = Lexicon()

    def prepare(self, text: str, vector: bytes) -> Any:
        import qdrant_edge as engine

        terms = self._lexicon.query_terms(text, ["en"])
        halves = {
            "dense": np.frombuffer(vector, np.float32).tolist(),
            "bm25": engine.SparseVector(terms, [1.0] * len(terms)),
        }
        return engine.QueryBatchRequest(
            [
                engine.QueryRequest(
                    limit=CANDIDATES,
                    query=engine.Query.Nearest(half, using=name),
                    with_payload=True,
                )
                for name, half in halves.items()
            ]
        )

    def seconds(self, prepared: Any) -> float:
        began = time.perf_counter()
        for points in self._store.shard.query_batch(prepared):
            for point in points:
                _ = point.payload
        return time.perf_counter() - began


def disk_use(folder: Path) -> int:
    """Bytes of the blocks below ``folder``; the engine's files have holes."""
    return sum(512 * path.stat().st_blocks for path in folder.rglob("*") if path.is_file())


async def reopen(folder: Path) -> float:
    began = time.perf_counter()
    index = EdgeIndex(folder, INFO)
    await index.open()
    try:
        await index.query("word", vectors_of(1).tobytes(), limit=SHOWN)
        return time.perf_counter() - began
    finally:
        await index.close()


async def through_the_child(
    folder: Path, queries: Sequence[tuple[str, bytes]]
) -> tuple[list[float], int]:
    """Seconds of each query as the library's owner asks it, and the child's memory in bytes."""
    config = {"directory": str(folder), "embedder": msgspec.to_builtins(INFO)}
    child = Worker("index", "tests.workers.index_child", config=config)
    await child.start()
    try:
        await child.ready(60)
        seconds = []
        for text, vector in queries:
            began = time.perf_counter()
            found = await child.call(
                "query", text=text, vector=vector, limit=CANDIDATES, scope=None
            )
            pool = fuse(msgspec.convert(found, Candidates))[:POOL]
            ids = [one.id for one in pool]
            chunks = msgspec.convert(await child.call("chunks", ids=ids), list[Chunk])
            stored = msgspec.convert(await child.call("vectors", ids=ids), dict[str, bytes])
            assert len(rank(text, pool, chunks, stored)) == len(pool)
            seconds.append(time.perf_counter() - began)
        memory: int = psutil.Process(child.info.pid).memory_info().rss
    finally:
        await child.stop()
    return seconds, memory
