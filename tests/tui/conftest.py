"""What the tests of the terminal app share."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from morgan_tui.app import MorganApp
from tests.tui.fake_morgan import FakeMorgan, FakeOpener

Running = tuple[MorganApp, Pilot[Any]]
OpenApp = Callable[..., contextlib.AbstractAsyncContextManager[Running]]


@pytest.fixture
def open_app(tmp_path: Path) -> OpenApp:
    """Run the app against a FakeMorgan; the core is closed after the screen."""

    @contextlib.asynccontextmanager
    async def opened(
        morgan: FakeMorgan | FakeOpener | None = None,
        *,
        size: tuple[int, int] = (120, 36),
        data: Path | None = None,
    ) -> AsyncIterator[Running]:
        opener = morgan if isinstance(morgan, FakeOpener) else FakeOpener(morgan or FakeMorgan())
        app = MorganApp(opener, data or tmp_path)
        try:
            async with app.run_test(size=size, notifications=True) as pilot:
                yield app, pilot
        finally:
            await app.link.close()

    return opened


def screen_text(app: MorganApp) -> str:
    """What the terminal shows, line by line."""
    return "\n".join(strip.text.rstrip() for strip in app.screen._compositor.render_strips())
