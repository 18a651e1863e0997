"""A face in a process of its own.

``python -m tests.session_node ROOT [PACE] [--orphan SECONDS] [--ask TURN QUESTION]`` opens Morgan
over a JournalledMorgan and prints ``owner`` or ``attached`` (again after each change). It leaves
properly when its stdin is closed, or with ``--ask`` after printing ``answer TEXT``. With
``--orphan`` its core has a child that inherits the lock and outlives it for that long.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

from morgan_core.events import Token
from morgan_core.session import Session, open_morgan
from tests.journalled_core import JournalledMorgan, make_paths

parser = ArgumentParser()
parser.add_argument("root", type=Path)
parser.add_argument("pace", type=float, nargs="?", default=0.0)
parser.add_argument("--orphan")
parser.add_argument("--ask", nargs=2)
args = parser.parse_args()


def make_local(loaded, paths, lock_fd):
    if args.orphan:
        script = f"import sys, time; sys.stdin.read(); time.sleep({args.orphan})"
        child = subprocess.Popen(
            [sys.executable, "-c", script], pass_fds=[lock_fd], stdin=subprocess.PIPE
        )
        children.append(child)
        print(f"child {child.pid}", flush=True)
    return JournalledMorgan(loaded, paths, lock_fd, pace=args.pace)


async def work(morgan: Session) -> None:
    if not args.ask:
        await asyncio.to_thread(sys.stdin.read)
        return
    turn, question = args.ask
    text, last = "", 0
    async for event in morgan.ask(question, turn_id=turn):
        assert event.seq == last + 1, f"event {event.seq} after {last}"
        last = event.seq
        text += event.text if isinstance(event, Token) else ""
    print(f"answer {text}", flush=True)


async def main() -> None:
    async with open_morgan(paths=make_paths(args.root), make_local=make_local) as morgan:

        def tell() -> None:
            print("owner" if morgan.is_owner else "attached", flush=True)

        morgan.on_backend_change.append(tell)
        tell()
        await work(morgan)


children: list[subprocess.Popen] = []  # kept, so that their pipes stay open as long as we live
asyncio.run(main())
