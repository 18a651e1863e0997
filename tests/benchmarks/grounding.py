"""How well claims are checked: what is supported of true claims, and of claims made wrong."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from pathlib import Path

from morgan_core.retrieval.grounding import Grounder
from morgan_core.types import Source
from tests.benchmarks.base import Metrics, Options, Skipped, metric
from tests.benchmarks.claim_attacks import ATTACKS, FAITHFUL, claims
from tests.passages import source_of

PRECISION_BAR = 0.97
SOURCES = 3
HOW = (
    "claims made by rule from SQuAD paragraphs, each checked against its paragraph and the two "
    "after it"
)


def run(options: Options) -> Metrics:
    files = sorted(options.data.rglob("*.json")) if options.data else []
    paragraphs = [p for file in files for p in paragraphs_of(file)]
    if not paragraphs:
        raise Skipped("MORGAN_BENCH_DATA names no folder with a file in SQuAD's format")
    return measure(paragraphs[: options.pick(len(paragraphs), 20)])


def measure(paragraphs: list[str]) -> Metrics:
    rng = random.Random(7)
    made: Counter[str] = Counter()
    supported: Counter[str] = Counter()
    seconds = 0.0
    for at, paragraph in enumerate(paragraphs):
        near = [paragraphs[(at + n) % len(paragraphs)] for n in range(SOURCES)]
        began = time.process_time()
        grounder = Grounder([source(n, text) for n, text in enumerate(near, 1)])
        for changes in (FAITHFUL, ATTACKS):
            for name, claim in claims(paragraph, changes, rng):
                evidence = grounder.check(claim)
                if evidence is not None:
                    made[name] += 1
                    supported[name] += evidence.status == "supported"
        seconds += time.process_time() - began
    true, wrong = (rate(supported, made, names) for names in (FAITHFUL, ATTACKS))
    count = made.total()
    shares = {name: round(supported[name] / made[name], 4) for name in made}
    return {
        "grounding.precision": metric(
            true / (true + wrong) if true else None,
            "share of ✓ that is true, true and wrong claims equally frequent",
            n=count,
            how=HOW,
            bar=PRECISION_BAR,
            better="more",
            supported=shares,
        ),
        "grounding.recall": metric(
            true, "share of true claims that get ✓", n=count, how=HOW, better="more"
        ),
        "grounding.cost": metric(
            seconds / count * 1000, "ms of processor per claim, sources included", n=count, how=HOW
        ),
    }


def rate(supported: Counter[str], made: Counter[str], names: object) -> float:
    """The share that is supported of the claims of ``names`` together."""
    own = [name for name in made if name in names]  # type: ignore[operator]
    return sum(supported[name] for name in own) / max(1, sum(made[name] for name in own))


def paragraphs_of(file: Path) -> list[str]:
    """The paragraphs of a file in SQuAD's format; none of another one."""
    try:
        articles = json.loads(file.read_text(encoding="utf-8"))["data"]
        return [paragraph["context"] for article in articles for paragraph in article["paragraphs"]]
    except (ValueError, KeyError, TypeError):
        return []


def source(n: int, text: str) -> Source:
    return source_of(n, text, f"/d{n}.txt")
