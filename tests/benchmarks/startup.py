"""``morgan-tui --version`` against ``python -c pass``."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from tests.benchmarks.base import Metrics, Options, metric, spread

BAR = 3.0
VERSION = (sys.executable, "-m", "morgan_tui", "--version")
NOTHING = (sys.executable, "-c", "pass")


def run(options: Options) -> Metrics:
    rounds = options.pick(21, 3)
    ours, bare = [], []
    for number in range(rounds + 1):
        pair = seconds_of(VERSION), seconds_of(NOTHING)
        if number:  # the first brings the files into memory
            ours.append(pair[0])
            bare.append(pair[1])
    return {
        "version_ratio": metric(
            statistics.median(ours) / statistics.median(bare),
            "×",
            bar=BAR,
            n=rounds,
            how="median wall time of `python -m morgan_tui --version` over that of "
            "`python -c pass`, alternating",
            ours_ms=spread(ours, 1000),
            bare_ms=spread(bare, 1000),
        )
    }


def seconds_of(command: Sequence[str]) -> float:
    """Wall time of a command that must succeed."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    return time.perf_counter() - began
