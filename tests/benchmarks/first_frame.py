"""Programs behind the benchmark of the first paint.

``python -m tests.benchmarks.first_frame empty N`` is an empty Textual app of N widgets;
``… probe`` prints how many widgets Morgan's first frame has and which heavy modules are imported
by then.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

MARK = "the-first-frame-is-out"
HEAVY = ("torch", "sentence_transformers", "llama_cpp", "sqlalchemy", "aiohttp", "qdrant_edge")


def empty(widgets: int) -> None:
    from textual.app import App, ComposeResult
    from textual.widgets import Static

    class Empty(App[None]):
        def compose(self) -> ComposeResult:
            for _ in range(widgets - 1):
                yield Static()
            yield Static(MARK)

        CSS = "Static { height: 1; } #mark { dock: top; }"

        def on_mount(self) -> None:
            self.query(Static).last().id = "mark"

    Empty().run()


def probe() -> None:
    from morgan_tui.app import MorganApp

    found: dict[str, Any] = {}

    async def main(folder: Path) -> None:
        opened = asyncio.Event()

        @asynccontextmanager
        async def opener() -> AsyncIterator[Any]:
            # The app opens its core as soon as the first frame is out.
            found["heavy"] = [name for name in HEAVY if name in sys.modules]
            found["widgets"] = sum(1 for _ in app.screen.walk_children())
            opened.set()
            await asyncio.Event().wait()
            yield None

        app = MorganApp(opener, folder)
        async with app.run_test(size=(120, 36)):
            await asyncio.wait_for(opened.wait(), 30)
        await app.link.close()

    with TemporaryDirectory() as folder:
        asyncio.run(main(Path(folder)))
    print(json.dumps(found))


if __name__ == "__main__":
    if sys.argv[1] == "empty":
        empty(int(sys.argv[2]))
    else:
        probe()
