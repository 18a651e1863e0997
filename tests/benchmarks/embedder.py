"""The embedder child against the bare embedder, and a query's wait among passages."""

from __future__ import annotations

import asyncio

from tests.benchmarks.base import Metrics, Options, metric
from tests.benchmarks.embedding import measure


def run(options: Options) -> Metrics:
    rounds = options.pick(5, 1)
    found = asyncio.run(measure(options.pick(96, 16), rounds))
    return {
        "ratio": metric(
            found["ratio"],
            "×",
            bar=0.9,
            better="more",
            n=rounds,
            how="passages per second through the embedder child, in bfloat16 where the processor "
            "is faster at it, over bare SentenceTransformer.encode in another process, median of "
            "alternating rounds",
            ours_per_s=found["child_passages_per_s"],
            bare_per_s=found["bare_passages_per_s"],
        ),
        "query_wait_max": metric(
            found["query_wait_ms_max"],
            "ms",
            n=rounds,
            how="time of a query's embedding while 40 passages are being embedded",
            median=found["query_wait_ms_median"],
        ),
    }
