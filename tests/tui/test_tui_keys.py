"""The help screen is true and complete: it and the bindings come from one registry."""

from __future__ import annotations

from typing import Any

import pytest
from textual.events import Resize
from textual.pilot import Pilot

from morgan_tui.app import MorganApp
from morgan_tui.keys import KEYS, PLACES, bindings, help_rows
from morgan_tui.screens.help import help_content
from morgan_tui.screens.library import LibraryScreen
from morgan_tui.screens.passage import PassageScreen
from morgan_tui.screens.why import WhyScreen
from morgan_tui.widgets.prompt import Prompt
from morgan_tui.widgets.sidebar import Sidebar
from morgan_tui.widgets.sources_panel import SourcesPanel
from morgan_tui.widgets.transcript import Transcript
from tests.answers import ANSWER, WHY
from tests.helpers import eventually
from tests.tui.conftest import OpenApp, screen_text
from tests.tui.fake_morgan import FakeMorgan, Reply, sources

OWNERS = {
    "anywhere": MorganApp,
    "prompt": Prompt,
    "transcript": Transcript,
    "sources": SourcesPanel,
    "chats": Sidebar,
    "library": LibraryScreen,
    "passage": PassageScreen,
    "why": WhyScreen,
}


@pytest.mark.parametrize("place", PLACES)
def test_every_binding_of_a_place_does_something(place):
    owner = OWNERS[place]
    for binding in bindings(place):
        scope, _, name = binding.action.partition("(")[0].rpartition(".")
        target = MorganApp if scope == "app" else owner
        assert hasattr(target, f"action_{name}"), binding


@pytest.mark.parametrize("place", PLACES)
def test_a_place_binds_what_the_registry_says_and_nothing_else(place):
    bound = [(b.key, b.action) for b in OWNERS[place].__dict__["BINDINGS"]]
    assert bound == [(k.keys, k.action) for k in KEYS if k.place == place]


def test_every_key_is_in_the_help():
    text = help_content().plain
    for place in PLACES:
        for keys, label in help_rows(place):
            assert keys in text and label in text


def test_suspending_is_not_offered():
    assert not any("ctrl+z" in key.keys for key in KEYS)


async def test_f1_shows_and_closes_the_help(open_app: OpenApp):
    async with open_app(FakeMorgan()) as (app, pilot):
        await pilot.press("f1")
        await eventually(lambda: "Show this help" in screen_text(app))
        await pilot.press("f1")
        await eventually(lambda: len(app.screen_stack) == 1)


async def answered(app: MorganApp, pilot: Pilot[Any]) -> None:
    await eventually(lambda: app.link.open is not None)
    await pilot.press(*"When?", "enter")
    await eventually(lambda: "tokens/s" in screen_text(app))
    assert app.focused is app._chat_screen.prompt


async def test_an_answer_is_looked_into_without_leaving_the_prompt(open_app: OpenApp):
    morgan = FakeMorgan(Reply(sources=sources(), why=WHY))
    async with open_app(morgan, size=(140, 32)) as (app, pilot):
        await answered(app, pilot)
        assert "F5" in screen_text(app) and "Sources · F3, then 1…9 opens" in screen_text(app)

        await pilot.press("N", "f5")
        await eventually(lambda: "Relevance 0.91" in screen_text(app))
        await pilot.press("f5")
        await eventually(lambda: len(app.screen_stack) == 1)
        await pilot.press("f3", "1")
        await eventually(lambda: isinstance(app.screen, PassageScreen))
        await pilot.press("escape", "f6")
        await eventually(lambda: len(morgan.asked) == 2)

        assert morgan.scopes[-1].own_knowledge
        assert app._chat_screen.prompt.text == "N"


async def test_the_bottom_line_tells_the_keys_of_the_conversation_while_it_has_them(
    open_app: OpenApp,
):
    async with open_app(FakeMorgan(), size=(80, 24)) as (app, pilot):
        await answered(app, pilot)
        assert "F1 help" in screen_text(app) and "w why" not in screen_text(app)
        await pilot.press("escape")
        keys = "1…9 source  w why  m the model itself  r retry  c copy  i prompt"
        await eventually(lambda: keys in screen_text(app))
        await pilot.press("i")
        await eventually(lambda: keys not in screen_text(app) and "F1 help" in screen_text(app))


class NeverResized(WhyScreen):
    """Its first resize is still under way."""

    def on_resize(self, event: Resize) -> None:
        event.prevent_default()


async def test_why_is_told_in_the_first_frame(open_app: OpenApp):
    async with open_app(FakeMorgan()) as (app, _):
        await app.push_screen(NeverResized(ANSWER))
        await eventually(lambda: "Relevance 0.91" in screen_text(app))


async def test_panels_are_shown_and_hidden(open_app: OpenApp):
    async with open_app(FakeMorgan(), size=(120, 30)) as (app, pilot):
        screen = app._chat_screen
        assert screen.sidebar.display
        await pilot.press("ctrl+b")
        assert not screen.sidebar.display
        await pilot.press("ctrl+s")
        assert screen.sources.display
        await pilot.press("ctrl+s")
        assert not screen.sources.display


async def test_a_narrow_terminal_hides_the_conversations(open_app: OpenApp):
    async with open_app(FakeMorgan(), size=(70, 24)) as (app, pilot):
        screen = app._chat_screen
        assert not screen.sidebar.display
        await pilot.press("ctrl+b")
        assert screen.sidebar.display
        await pilot.press("ctrl+s")
        assert screen.sources.display and not screen.sidebar.display


async def test_the_palette_offers_conversations_and_models(open_app: OpenApp):
    morgan = FakeMorgan()
    morgan.conversations.add("About the lease", ("q", "hidden treasure"))
    async with open_app(morgan) as (app, pilot):
        await eventually(lambda: app.conversations)
        await pilot.press("ctrl+p")
        await pilot.press(*"qwen")
        await eventually(lambda: "Use model qwen3-4b" in screen_text(app))
        await pilot.press("enter")
        await eventually(lambda: morgan.models.used == ["qwen3-4b"])
        await pilot.press("ctrl+p")
        await pilot.press(*"treasure")
        await eventually(lambda: "hidden treasure" in screen_text(app))
        await pilot.press("enter")
        await eventually(lambda: app._chat_screen.chat.id == "c1")


async def test_conversations_are_renamed_and_deleted(open_app: OpenApp):
    morgan = FakeMorgan()
    morgan.conversations.add("Old name", ("q", "a"))
    async with open_app(morgan) as (app, pilot):
        await eventually(lambda: "Old name" in screen_text(app))
        await pilot.press("f4", "down", "r")
        await eventually(lambda: app.screen.query("Input"))
        app.screen.query_one("Input").value = "New name"
        await pilot.press("enter")
        await eventually(lambda: "New name" in screen_text(app))
        await pilot.press("d")
        await eventually(lambda: "Delete this conversation?" in screen_text(app))
        await pilot.press("y")
        await eventually(lambda: morgan.conversations.known == {})
        await eventually(lambda: "New name" not in screen_text(app))


async def test_a_conversation_is_exported_as_markdown(open_app: OpenApp, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    morgan = FakeMorgan()
    old = morgan.conversations.add("The lease!", ("When?", "In June."))
    async with open_app(morgan) as (app, _pilot):
        await eventually(lambda: app.conversations)
        await app.show_conversation(old.id)
        await app.run_action("app.export")
        (path,) = tmp_path.glob("*-the-lease.md")
        assert path.read_text() == "# The lease!\n\n## When?\n\nIn June.\n"
