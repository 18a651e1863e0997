"""Answers that no model wrote say so, and whoever reads whole documents says how far it is."""

from __future__ import annotations

from tests.helpers import eventually
from tests.tui.conftest import OpenApp, screen_text
from tests.tui.fake_morgan import FakeMorgan, Reply


def shows(app, *texts: str):
    return lambda: all(text in screen_text(app) for text in texts)


async def test_a_scan_shows_how_far_it_is_and_its_answer_that_it_was_counted(open_app: OpenApp):
    reply = Reply(
        text="Counted in your library: **3 documents**.",
        sources=(),
        method="counted",
        progress=(2, 12, "part"),
        holds=frozenset({"progress"}),
    )
    morgan = FakeMorgan(reply)
    async with open_app(morgan) as (app, pilot):
        await pilot.press(*"Count", "enter")
        await eventually(shows(app, "reading part 3 of 12…  Esc stops"))
        morgan.release("progress")
        await eventually(shows(app, "3 documents", "counted in your library, not generated"))
        assert "✓" not in screen_text(app)
