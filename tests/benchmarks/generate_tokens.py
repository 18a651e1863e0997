"""A bare llama.cpp loop in a process of its own, with the OpenMP settings of its environment,
which are read only when llama.cpp is loaded.

Reads lines ``NUMBER MOST SECONDS`` (prompt, most tokens, most seconds; 0 is no limit) and
answers each with one line ``TOKENS SECONDS``. The first line it prints is ``ready``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.bare_llama import BareLlama
from tests.benchmarks.model_file import model_file, prompt
from tests.benchmarks.real_app import paths_in

OPENMP = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OMP_NUM_THREADS")


class BareProcess:
    """The other end of the process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def rate(self, number: int, *, most: int = 1024, seconds: float = 0.0) -> float:
        """Tokens per second of one generation, after its first token."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{number} {most} {seconds}\n")
        self._process.stdin.flush()
        written, took = self.answer().split()
        return int(written) / float(took)

    def answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"bare llama.cpp ended with code {self._process.wait()}")
        return line.strip()


@contextmanager
def bare_process(setting: Mapping[str, str] | None = None) -> Iterator[BareProcess]:
    """Runs with libgomp's defaults, changed by ``setting``."""
    env = {name: value for name, value in os.environ.items() if name not in OPENMP}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.generate_tokens"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**env, **(setting or {})},
    ) as process:
        bare = BareProcess(process)
        try:
            if (said := bare.answer()) != "ready":
                raise RuntimeError(f"bare llama.cpp said {said!r}")
            yield bare
        finally:
            process.kill()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        plain = BareLlama(model_file(paths_in(Path(folder))))
    print("ready", flush=True)
    for line in sys.stdin:
        number, most, seconds = line.split()
        written, took = plain.generate(
            prompt(int(number)), most=int(most), seconds=float(seconds) or None
        )
        print(written, took, flush=True)


if __name__ == "__main__":
    main()
