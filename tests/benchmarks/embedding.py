"""Passages per second through the embedder child against the bare embedder, and the wait of a
query while passages are embedded. ``python -m tests.benchmarks.embedding`` prints JSON."""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import tempfile
import time
from typing import Any

from morgan_core.embedding.catalogue import locate
from morgan_core.embedding.local import LocalEmbedder
from morgan_core.paths import find_paths
from morgan_core.settings import Settings
from morgan_core.worker import Worker

PASSAGES = 96
ROUNDS = 5
_WORDS = (  # noqa: SIM905
    "the lease of this flat ends when either side gives notice in writing three months before "
    "quarter day and the deposit is returned with interest unless there is damage to repair"
).split()


def passages(count: int, seed: int = 7) -> list[str]:
    """Texts of 60 to 160 words, as chunks of about 900 characters at most are."""
    chance = random.Random(seed)
    return [" ".join(chance.choices(_WORDS, k=chance.randint(60, 160))) for _ in range(count)]


async def measure(count: int = PASSAGES, rounds: int = ROUNDS) -> dict[str, Any]:
    """Rounds alternate, so that both see the same machine; the ratio is the median round's."""
    settings = Settings(embedding_device="cpu")
    with tempfile.TemporaryDirectory() as data:
        paths = find_paths(data)
        paths.create()
        ours = LocalEmbedder(settings, paths)
        directory = str(locate(settings).directory)
        bare = Worker("bare", "tests.workers.bare_embedder", config={"directory": directory})
        await ours.start()
        await bare.start()
        try:
            await ours.embed(passages(16), "passage")
            await bare.call("encode", texts=passages(16))
            pairs = [await _round(ours, bare, passages(count, seed)) for seed in range(rounds)]
            waits = [await _wait_of_a_query(ours) for _ in range(rounds)]
        finally:
            await asyncio.gather(ours.stop(), bare.stop())
    return {
        "bare_passages_per_s": round(statistics.median(count / b for b, _ in pairs), 2),
        "child_passages_per_s": round(statistics.median(count / o for _, o in pairs), 2),
        "ratio": round(statistics.median(b / o for b, o in pairs), 3),
        "query_wait_ms_median": round(1000 * statistics.median(waits)),
        "query_wait_ms_max": round(1000 * max(waits)),
    }


async def _round(ours: LocalEmbedder, bare: Worker, texts: list[str]) -> tuple[float, float]:
    seconds = await bare.call("encode", texts=texts)
    began = time.perf_counter()
    await ours.embed(texts, "passage")
    return seconds, time.perf_counter() - began


async def _wait_of_a_query(ours: LocalEmbedder) -> float:
    work = asyncio.create_task(ours.embed(passages(40), "passage"))
    await asyncio.sleep(0.2)
    began = time.perf_counter()
    await ours.embed(["When does the lease end?"], "query")
    waited = time.perf_counter() - began
    await work
    return waited


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure())))
