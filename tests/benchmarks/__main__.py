"""``python -m tests.benchmarks [NAME…]``: one JSON object on stdout, a table on stderr.

Each benchmark runs in a process of its own, one after the other. The exit code is 1 when one
crashed; a figure that misses its bar is only shown.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks import machine, one
from tests.benchmarks.base import Options
from tests.benchmarks.registry import BENCHMARKS, names_by_default, seconds_allowed
from tests.benchmarks.table import line, show

BUSY = 10.0
"""Percent of the processor used by others from which figures are called noise."""


def main(argv: Sequence[str] | None = None) -> int:
    args = _parse(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what runs below is ended, too
    options = Options(
        quick=args.quick,
        chunks=args.chunks or (2_000 if args.quick else 20_000),
        files=args.files or (500 if args.quick else 10_000),
        data=_data_folder(args.beir),
    )
    about = machine.describe()
    results: dict[str, Any] = {}
    for name in args.names or names_by_default():
        _say(f"{name}…")
        results[name] = run_one(name, options)
        if results[name]["others_percent"] > BUSY:
            _say(f"  others use {results[name]['others_percent']} % of the processor: noise")
        for row in line(name, results[name]):
            _say(row)
    report = {"machine": about, "quick": args.quick, "results": results}
    print(json.dumps(report, indent=None if args.json else 2), flush=True)
    if not args.json:
        _say("\n" + show(report))
    return 1 if any("error" in result for result in results.values()) else 0


def run_one(name: str, options: Options) -> dict[str, Any]:
    """The outcome of one benchmark: ``metrics``, ``skipped`` or ``error``, the ``seconds`` that it
    took, and how many percent of the processor others used just before."""
    others = machine.busy_percent()
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.benchmarks.one", name, one.encode(options)]
    outcome: dict[str, Any]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            stdout, _ = process.communicate(timeout=seconds_allowed(name))
            outcome = json.loads(stdout or b"{}") or {
                "error": f"it ended with code {process.returncode} and without a result"
            }
        except subprocess.TimeoutExpired:
            outcome = {"error": f"it took longer than {seconds_allowed(name)} s"}
        finally:
            machine.kill_family(process.pid)
    seconds = round(time.monotonic() - began, 1)
    return outcome | {"seconds": seconds, "others_percent": others}


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"of {', '.join(BENCHMARKS)}; without any, all but contention",
    )
    parser.add_argument("--json", action="store_true", help="JSON on one line, without the table")
    parser.add_argument(
        "--quick", action="store_true", help="tiny sizes, to see that everything works"
    )
    parser.add_argument("--chunks", type=int, help="size of the searched index (20,000)")
    parser.add_argument("--files", type=int, help="size of the reconciled folder (10,000)")
    parser.add_argument("--beir", type=Path, help="collections in BEIR layout (MORGAN_BENCH_DATA)")
    args = parser.parse_args(argv)
    for name in args.names:
        if name not in BENCHMARKS:
            parser.error(f"there is no benchmark {name!r}: give of {', '.join(BENCHMARKS)}")
    return args


def _data_folder(given: Path | None) -> Path | None:
    found = given or (Path(folder) if (folder := os.environ.get("MORGAN_BENCH_DATA")) else None)
    return found.absolute() if found else None


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
