"""The first frame of the terminal app against an empty Textual app of as many widgets."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from morgan_tui.widgets.prompt import PLACEHOLDER
from tests.benchmarks.base import Metrics, Options, metric, spread
from tests.benchmarks.first_frame import HEAVY, MARK
from tests.benchmarks.real_app import environment
from tests.benchmarks.terminal import Terminal

BAR = 1.3
PROGRAM = (sys.executable, "-m", "tests.benchmarks.first_frame")
# The cursor stands on the first letter and splits it off.
SHOWN = PLACEHOLDER[1:]


def run(options: Options) -> Metrics:
    rounds = options.pick(11, 2)
    frame = json.loads(subprocess.run([*PROGRAM, "probe"], check=True, capture_output=True).stdout)
    ours, bare = [], []
    for number in range(rounds + 1):
        with tempfile.TemporaryDirectory() as folder:
            morgan = [sys.executable, "-m", "morgan_tui", "--data-dir", f"{folder}/data"]
            pair = (
                seconds_to_paint(morgan, SHOWN, environment(Path(folder))),
                seconds_to_paint([*PROGRAM, "empty", str(frame["widgets"])], MARK),
            )
        if number:
            ours.append(pair[0])
            bare.append(pair[1])
    return {
        "ratio": metric(
            statistics.median(ours) / statistics.median(bare),
            "×",
            bar=BAR,
            n=rounds,
            how="median time from starting the process on a pseudo-terminal of 120x36 until the "
            f"prompt arrives, over that of an empty Textual app of {frame['widgets']} widgets, "
            "alternating, files in the page cache",
            ours_ms=spread(ours, 1000),
            bare_ms=spread(bare, 1000),
        ),
        "heavy_modules": metric(
            len(frame["heavy"]),
            "modules",
            bar=0,
            n=len(HEAVY),
            how=f"of {', '.join(HEAVY)}, imported when the app begins to open its core",
            found=frame["heavy"],
        ),
    }


def seconds_to_paint(
    command: Sequence[str], mark: str, env: Mapping[str, str] | None = None
) -> float:
    with Terminal(command, env) as terminal:
        return terminal.wait_for(mark) - terminal.began
