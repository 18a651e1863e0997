"""What the figures were measured on."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import platform
import re
from collections import Counter
from pathlib import Path
from typing import Any

import psutil

PACKAGES = (
    "morgan",
    "textual",
    "torch",
    "sentence-transformers",
    "llama-cpp-python",
    "qdrant-edge-py",
    "sqlalchemy",
    "aiohttp",
)


def describe() -> dict[str, Any]:
    """Processor, memory, system, versions, and how busy the machine is."""
    return {
        "cpu": _processor(),
        "cores": os.cpu_count(),
        "physical_cores": psutil.cpu_count(logical=False),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_1_min": round(os.getloadavg()[0], 2),
        "versions": {name: version for name in PACKAGES if (version := _version(name))},
    }


def busy_percent(seconds: float = 1.0) -> float:
    """Percent of all processors' time in use, over some ``seconds`` in which we do nothing."""
    return psutil.cpu_percent(interval=seconds)


def processor_seconds() -> Counter[str]:
    """Processor time so far of this process (``owner``) and its living descendants, by the module
    that a child of ours runs."""
    spent: Counter[str] = Counter()
    program = psutil.Process()
    for process in (program, *program.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            command = process.cmdline()
            name = "owner" if process == program else Path(command[0]).name if command else "?"
            if "morgan_core.worker.main" in command:
                name = command[command.index("morgan_core.worker.main") + 1]
            times = process.cpu_times()
            spent[name] += times.user + times.system
    return spent


def kill_family(pid: int) -> None:
    """End a process and all its descendants at once; those of it that are gone do not matter."""
    try:
        program = psutil.Process(pid)
        family = [program, *program.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    except OSError:
        found = None
    return found.group(1) if found else platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
