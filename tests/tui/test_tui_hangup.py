"""A terminal that goes away takes the app with it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pexpect
import psutil


def test_closing_the_terminal_ends_the_process(tmp_path: Path):
    child = pexpect.spawn(
        sys.executable,
        ["-m", "tests.tui.fake_app", str(tmp_path)],
        env={**os.environ, "TERM": "xterm-256color"},
        dimensions=(40, 120),
        timeout=60,
    )
    child.expect("fake-model")
    process = psutil.Process(child.pid)

    os.close(child.child_fd)
    child.child_fd = child.ptyproc.fd = -1

    gone, _ = psutil.wait_procs([process], timeout=30)
    assert gone, "the app outlived its terminal"
