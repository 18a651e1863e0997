"""How OpenMP's waiting bears other load: tokens per second of llama.cpp on a quiet machine and
beside two busy processes.

llama.cpp meets at a barrier several times per layer. libgomp's threads spin there
(GOMP_SPINCOUNT iterations) before they sleep; a thread that spins while the one it waits for
has no core wastes its time slice.
"""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
from collections.abc import Iterator

from tests.benchmarks.base import Metrics, Options, metric, spread
from tests.benchmarks.generate_tokens import bare_process

SETTINGS: dict[str, dict[str, str]] = {
    "default": {},
    "passive": {"OMP_WAIT_POLICY": "passive"},
    "spin_0": {"GOMP_SPINCOUNT": "0"},
    "spin_1000": {"GOMP_SPINCOUNT": "1000"},
    "spin_10000": {"GOMP_SPINCOUNT": "10000"},
    "spin_100000": {"GOMP_SPINCOUNT": "100000"},
}
BUSY_PROCESSES = 2
BUSY = (sys.executable, "-c", "while True: pass")


def run(options: Options) -> Metrics:
    seconds, rounds = options.pick(3, 1), options.pick(6, 1)
    found: dict[tuple[str, str], list[float]] = {}
    with contextlib.ExitStack() as stack:
        bare = {name: stack.enter_context(bare_process(s)) for name, s in SETTINGS.items()}
        for process in bare.values():
            process.rate(0, most=8, seconds=seconds)
        for number in range(rounds):
            order = [*bare][number % len(bare) :] + [*bare][: number % len(bare)]
            for name in order:
                rate = bare[name].rate(number + 1, seconds=seconds)
                found.setdefault((name, "quiet"), []).append(rate)
            with busy_processes():
                for name in order:
                    rate = bare[name].rate(number + 1, seconds=seconds)
                    found.setdefault((name, "busy"), []).append(rate)
    return {
        f"{name}_{load}": metric(
            statistics.median(rates),
            "tokens/s",
            better="more",
            n=rounds,
            how=f"median over rounds of {seconds} s of a bare llama.cpp loop, settings in turn"
            + (f", beside {BUSY_PROCESSES} busy processes" if load == "busy" else ""),
            environment=SETTINGS[name],
            rates=spread(rates),
        )
        for (name, load), rates in found.items()
    }


@contextlib.contextmanager
def busy_processes() -> Iterator[None]:
    processes = [subprocess.Popen(BUSY) for _ in range(BUSY_PROCESSES)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()
