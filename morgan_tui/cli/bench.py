"""``bench``: the benchmark suite, which lives beside the tests of a checkout."""

from __future__ import annotations

import subprocess
import sys
from argparse import Namespace
from pathlib import Path

from morgan_core.errors import NotFound

_CHECKOUT = Path(__file__).resolve().parents[2]


def bench(args: Namespace) -> int:
    """Run the suite: one JSON object on stdout, a table on stderr. Returns its exit code.

    Raises NotFound in an installation without it.
    """
    if not (_CHECKOUT / "tests" / "benchmarks" / "__main__.py").is_file():
        raise NotFound(
            "The benchmarks are not part of an installed Morgan.",
            mend="Run `make bench` in a checkout of its sources.",
        )
    command = [sys.executable, "-m", "tests.benchmarks", *args.names]
    for flag in ("json", "quick"):
        command += [f"--{flag}"] if getattr(args, flag) else []
    for option in ("chunks", "files", "beir"):
        if (value := getattr(args, option)) is not None:
            command += [f"--{option}", str(value)]
    return subprocess.run(command, cwd=_CHECKOUT, check=False).returncode
