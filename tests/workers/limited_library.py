"""A library in a user namespace with few inotify watches: run as root of that namespace."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from morgan_core.library import roots
from morgan_core.library.room import LibraryRoom
from tests.helpers import eventually
from tests.library_parts import room_in

_LIMIT = Path("/proc/sys/user/max_inotify_watches")


async def main(folder: Path) -> None:
    roots.POLL_EVERY = 0.5
    docs = folder / "docs"
    async with room_in(folder) as room:
        await room.requests.watch_add(str(docs))
        await eventually(lambda: ready(room, "a.txt"))
        print(room.folders()[0].reason)

        (docs / "19" / "b.txt").write_text("The heron fishes.")
        await eventually(lambda: ready(room, "b.txt"))
        print("while polled: b.txt")

        _LIMIT.write_text("100")
        await eventually(lambda: not room.folders()[0].reason)
        print(f"with more watches: {room.folders()[0].reason!r}")


def ready(room: LibraryRoom, name: str) -> bool:
    return any(d.state == "ready" and d.path.endswith(name) for d in room.listing().documents)


asyncio.run(main(Path(sys.argv[1])))
