"""A library that may not read everything: run without the capabilities to override modes."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from morgan_core.library.room import LibraryRoom
from tests.helpers import eventually
from tests.library_parts import room_in


async def main(folder: Path) -> None:
    docs = folder / "docs"
    async with room_in(folder) as room:
        await room.requests.watch_add(str(docs))
        await eventually(lambda: state_of(room, "normal.txt") == "ready")
        await eventually(lambda: state_of(room, "closed.txt") == "failed")
        closed = next(d for d in room.listing().documents if d.path.endswith("closed.txt"))
        print(f"closed.txt: {closed.reason}")
        print(f"left out: {room.folders()[0].skipped}")

        (docs / "closed.txt").chmod(0o600)
        (docs / "locked").chmod(0o700)
        await eventually(lambda: state_of(room, "closed.txt") == "ready")
        await eventually(lambda: state_of(room, "b.txt") == "ready")
        print("readable: closed.txt, b.txt")


def state_of(room: LibraryRoom, name: str) -> str:
    found = [d.state for d in room.listing().documents if d.path.endswith(name)]
    return found[0] if found else ""


asyncio.run(main(Path(sys.argv[1])))
