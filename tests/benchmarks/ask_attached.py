"""What ``ask`` itself costs when a core is already running."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.base import Metrics, Options, metric, spread
from tests.benchmarks.real_app import environment
from tests.benchmarks.startup import NOTHING, seconds_of

BAR_MS = 100


def run(options: Options) -> Metrics:
    rounds = options.pick(21, 3)
    with tempfile.TemporaryDirectory() as folder, instant_core(Path(folder)):
        env = {**os.environ, **environment(Path(folder))}
        ours, bare, processor = [], [], []
        for number in range(rounds + 1):
            before = processor_seconds()
            pair = seconds_to_first_byte(Path(folder), env), seconds_of(NOTHING)
            if number:
                ours.append(pair[0])
                bare.append(pair[1])
                processor.append(processor_seconds() - before)
    own = statistics.median(ours) - statistics.median(bare)
    return {
        "own_ms": metric(
            own * 1000,
            "ms",
            bar=BAR_MS,
            n=rounds,
            how="median time from starting `morgan-tui ask` until the first byte of the answer on "
            "stdout, through the socket of a running core that answers at once, less the median "
            "of `python -c pass`, alternating",
            ours_ms=spread(ours, 1000),
            bare_ms=spread(bare, 1000),
            processor_ms_of_both=spread(processor, 1000),
        )
    }


def processor_seconds() -> float:
    """User and system time of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def instant_core(folder: Path) -> Iterator[None]:
    """A core in another process that echoes every question without any model."""
    command = [sys.executable, "-m", "tests.session_node", str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        try:
            said = process.stdout.readline().strip()
            if said != "owner":
                raise RuntimeError(f"the core said {said!r} instead of starting")
            yield
        finally:
            process.stdin.close()
            process.wait(timeout=30)


def seconds_to_first_byte(folder: Path, env: Mapping[str, str]) -> float:
    command = [sys.executable, "-m", "morgan_tui", "--data-dir", str(folder / "data")]
    began = time.perf_counter()
    with subprocess.Popen(
        [*command, "ask", "hello"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=env,
        bufsize=0,
    ) as process:
        assert process.stdout is not None
        if not process.stdout.read(1):
            raise RuntimeError("ask printed nothing")
        took = time.perf_counter() - began
        process.stdout.read()
    if process.returncode:
        raise RuntimeError(f"ask ended with code {process.returncode}")
    return took
