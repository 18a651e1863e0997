"""Real disks that tests mount and unmount, where they may: a tmpfs is mounted by root alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

WHY_NOT = "only Linux's root, outside a locked container, can mount a disk"


@cache
def can_mount() -> bool:
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("mount"):
        return False
    with tempfile.TemporaryDirectory(prefix="morgan-") as folder:
        command = ["mount", "-t", "tmpfs", "none", folder]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return False
        unmount(Path(folder))
    return True


def mount(point: Path) -> None:
    """Mount a new, empty disk."""
    subprocess.run(["mount", "-t", "tmpfs", "none", str(point)], check=True)


def bind(disk: Path, point: Path) -> None:
    """Mount what is at ``disk`` once more; unmounted, it keeps its files."""
    subprocess.run(["mount", "--bind", str(disk), str(point)], check=True)


def unmount(point: Path) -> None:
    subprocess.run(["umount", "--lazy", str(point)], check=True)
