"""A face in a process of its own: ``python -m tests.session_node ROOT [PACE] [--orphan SECONDS]``.

It opens Morgan over a JournalledMorgan, prints ``owner`` or ``attached`` (again after each change),
and leaves properly when its stdin is closed. With ``--orphan`` it has a child that inherits the
lock and lives on for that long.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from morgan_core.session import open_morgan
from tests.journalled_core import JournalledMorgan, make_paths

ROOT = Path(sys.argv[1])
PACE = float(sys.argv[2]) if len(sys.argv) > 2 else 0.0
ORPHAN = sys.argv[sys.argv.index("--orphan") + 1] if "--orphan" in sys.argv else ""


def make_local(loaded, paths, lock_fd):
    if ORPHAN:
        script = f"import time; time.sleep({ORPHAN})"
        child = subprocess.Popen([sys.executable, "-c", script], pass_fds=[lock_fd])
        print(f"child {child.pid}", flush=True)
    return JournalledMorgan(loaded, paths, lock_fd, pace=PACE)


async def main() -> None:
    async with open_morgan(paths=make_paths(ROOT), make_local=make_local) as morgan:

        def tell() -> None:
            print("owner" if morgan.is_owner else "attached", flush=True)

        morgan.on_backend_change.append(tell)
        tell()
        await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())
