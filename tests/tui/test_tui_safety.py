"""Nothing from a document, a model or a file name can steer the terminal."""

from __future__ import annotations

import re

from rich.segment import Segment

from tests.helpers import eventually
from tests.tui.conftest import OpenApp, screen_text
from tests.tui.fake_morgan import FakeMorgan, Reply, document, passage, sources

EVIL = "\x1b]52;c;ZXZpbA==\x07\x1b]0;owned\x07\x9b31m\x1b[2Jclick [bold]here[/bold] \u202etxt.exe"
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def assert_clean(app) -> None:
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            assert isinstance(segment, Segment)
            assert not CONTROLS.search(segment.text), segment


async def test_an_answer_and_its_sources(open_app: OpenApp):
    evil = passage(path=f"/p/{EVIL}.pdf", text=EVIL, heading=EVIL)
    reply = Reply(text=f"{EVIL} [1] &#27;]0;x&#7; &#8238;abc {EVIL}", sources=sources(evil))
    async with open_app(FakeMorgan(reply), size=(150, 36)) as (app, pilot):
        await pilot.press(*"Why?", "enter")
        await eventually(lambda: "click [bold]here[/bold]" in screen_text(app))
        await eventually(lambda: "tokens/s" in screen_text(app))
        assert_clean(app)


async def test_an_escape_sequence_cut_by_the_stream(open_app: OpenApp):
    reply = Reply(text="before \x1b]0;ow ned\x07 after", holds=frozenset({"token:3"}))
    morgan = FakeMorgan(reply)
    async with open_app(morgan) as (app, pilot):
        await pilot.press(*"Why?", "enter")
        await eventually(lambda: "before" in screen_text(app))
        assert_clean(app)
        morgan.release("token:3")
        await eventually(lambda: "after" in screen_text(app))
        assert "ned" not in screen_text(app)
        assert_clean(app)


async def test_an_opened_passage(open_app: OpenApp):
    evil = passage(text=EVIL, heading=EVIL, start=3)
    morgan = FakeMorgan(Reply(sources=sources(evil)))
    morgan.library.texts["d1"] = "abc" + EVIL + EVIL
    async with open_app(morgan) as (app, pilot):
        await pilot.press(*"Why?", "enter")
        await eventually(lambda: "✓ 1 supported" in screen_text(app))
        await pilot.press("escape", "1")
        await eventually(lambda: "abc" in screen_text(app) and "here" in screen_text(app))
        assert_clean(app)


async def test_names_in_the_library_and_titles(open_app: OpenApp):
    morgan = FakeMorgan()
    morgan.library.put(
        document(1, path=f"/p/{EVIL}.pdf"),
        document(2, "failed", reason=EVIL),
        document(3, "reading", path=f"/q/{EVIL}"),
    )
    old = morgan.conversations.add(EVIL, (EVIL, EVIL))
    async with open_app(morgan) as (app, pilot):
        await eventually(lambda: app.conversations)
        await app.show_conversation(old.id)
        await eventually(lambda: "here" in screen_text(app))
        assert_clean(app)
        await pilot.press("f2")
        await eventually(lambda: "✗ failed" in screen_text(app))
        assert_clean(app)
        await pilot.press("x")
        await eventually(lambda: "Forget this document" in screen_text(app))
        assert_clean(app)


async def test_a_note(open_app: OpenApp):
    async with open_app(FakeMorgan()) as (app, _pilot):
        app.say(f"bad {EVIL}")
        await eventually(lambda: "bad" in screen_text(app))
        assert_clean(app)
