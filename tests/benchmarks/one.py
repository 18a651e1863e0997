"""One benchmark in a process of its own, so that none disturbs the next or takes it along.

``python -m tests.benchmarks.one NAME OPTIONS`` prints one JSON object on stdout; whatever else
is printed goes to stderr.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

from tests.benchmarks.base import Options, Skipped
from tests.benchmarks.registry import load


def encode(options: Options) -> str:
    return json.dumps(dataclasses.asdict(options), default=str)


def decode(text: str) -> Options:
    values: dict[str, Any] = json.loads(text)
    values["data"] = Path(values["data"]) if values["data"] else None
    return Options(**values)


def main(name: str, options: str) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # programs in terminals are ended, too
    result_fd = os.dup(1)
    os.dup2(2, 1)
    outcome: dict[str, Any]
    try:
        outcome = {"metrics": load(name)(decode(options))}
    except Skipped as reason:
        outcome = {"skipped": str(reason)}
    except Exception as error:
        traceback.print_exc()
        outcome = {"error": f"{type(error).__name__}: {error}"}
    with os.fdopen(result_fd, "w") as stdout:
        json.dump(outcome, stdout)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
