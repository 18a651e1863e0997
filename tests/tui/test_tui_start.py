"""The first frame waits for nothing heavy, an idle app rests, and quitting is instant."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

from morgan_tui.screens.library import LibraryScreen
from tests.helpers import eventually
from tests.tui.conftest import OpenApp, screen_text
from tests.tui.fake_morgan import FakeMorgan, FakeOpener, Reply

HEAVY = (
    "torch",
    "sentence_transformers",
    "llama_cpp",
    "qdrant_edge",
    "qdrant_client",
    "sqlalchemy",
    "alembic",
    "aiohttp",
    "pydantic",
    "pypdf",
    "pypdfium2",
    "markdown_it",
    "msgspec",
    "morgan_core.session",
)

FIRST_FRAME = f"""
import asyncio, contextlib, pathlib, sys, tempfile
from morgan_tui.app import MorganApp

seen = []

@contextlib.asynccontextmanager
async def opener():
    seen.append([name for name in {HEAVY!r} if name in sys.modules])
    app.exit(0)
    await asyncio.Event().wait()
    yield

app = MorganApp(opener, pathlib.Path(tempfile.mkdtemp()))

async def main():
    await app.run_async(headless=True, size=(100, 30))
    await app.link.close()

asyncio.run(main())
assert seen == [[]], seen
print("painted")
"""


def test_nothing_heavy_is_imported_before_the_first_frame():
    done = subprocess.run(
        [sys.executable, "-c", FIRST_FRAME], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "painted", done.stderr


async def test_the_screen_is_left_before_the_core_is_closed(open_app: OpenApp):
    morgan = FakeMorgan(Reply(text="one two three", holds=frozenset({"token:3"})))
    async with open_app(morgan) as (app, pilot):
        await pilot.press(*"Count", "enter")
        await eventually(lambda: "one two" in screen_text(app))
        started = time.monotonic()
        await pilot.press("ctrl+q")
        await eventually(lambda: not app.is_running)
        assert time.monotonic() - started < 2.0
        assert not morgan.closed
    assert morgan.closed
    assert morgan.stopped == []


async def test_quitting_while_the_core_opens_waits_for_nothing(open_app: OpenApp):
    opener = FakeOpener(FakeMorgan(), ready=False)
    async with open_app(opener) as (app, pilot):
        await pilot.press("ctrl+q")
        await eventually(lambda: not app.is_running)


async def test_an_idle_app_uses_no_processor(open_app: OpenApp):
    async with open_app(FakeMorgan()) as (app, pilot):
        await pilot.press(*"When?", "enter")
        await eventually(lambda: "tokens/s" in screen_text(app))
        await pilot.pause(0.5)
        before = time.process_time()
        await asyncio.sleep(3.0)
        assert time.process_time() - before < 0.09


def test_a_terminated_app_leaves_the_terminal_in_order(tmp_path: Path):
    import pexpect

    script = (
        "import sys, pathlib\n"
        "import tests.tui.fake_morgan as fake\n"
        "from morgan_tui.app import MorganApp\n"
        "import asyncio\n"
        "async def main():\n"
        "    app = MorganApp(fake.FakeOpener(fake.FakeMorgan()), pathlib.Path(sys.argv[1]))\n"
        "    await app.run_async()\n"
        "    await app.link.close()\n"
        "    print('core closed')\n"
        "asyncio.run(main())\n"
    )
    child = pexpect.spawn(
        sys.executable,
        ["-c", script, str(tmp_path)],
        env={**os.environ, "TERM": "xterm-256color"},
        dimensions=(30, 100),
        encoding="utf-8",
        timeout=60,
    )
    child.expect("no documents yet")
    child.kill(15)
    child.expect_exact("\x1b[?1049l")
    child.expect("core closed")
    child.expect(pexpect.EOF)


async def test_a_screen_that_covers_the_first_frame_does_not_keep_the_core_from_opening(
    open_app: OpenApp,
):
    async with open_app() as (app, _pilot):
        app.call_later(app.push_screen, LibraryScreen())
        await eventually(lambda: app.link.open is not None)
