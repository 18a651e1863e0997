"""``python -m tests.benchmarks.generate_tokens SECONDS ROUNDS`` prints the tokens per second of
each round of a bare llama.cpp loop, as a JSON list. OpenMP reads its settings from the
environment when llama.cpp is loaded, so every setting needs a process of its own."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.bare_llama import BareLlama
from tests.benchmarks.model_file import model_file, prompt
from tests.benchmarks.real_app import paths_in


def main(seconds: float, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plain = BareLlama(model_file(paths_in(Path(folder))))
    plain.generate(prompt(0), most=8, seconds=seconds)
    rates = []
    for number in range(rounds):
        written, took = plain.generate(prompt(number + 1), most=1024, seconds=seconds)
        rates.append(written / took)
    print(json.dumps(rates))
    plain.free()


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
