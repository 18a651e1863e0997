"""``@`` and ``#`` in the prompt: names are offered, taken, and looked up before a question goes."""

from __future__ import annotations

import msgspec
import pytest

from morgan_core.types import Scope
from morgan_tui.scope_names import ScopeNames
from tests.helpers import eventually
from tests.tui.conftest import OpenApp, screen_text
from tests.tui.fake_morgan import FakeMorgan, document


@pytest.fixture
def morgan() -> FakeMorgan:
    fake = FakeMorgan()
    paths = (
        "/home/ann/papers/My lease.pdf",
        "/home/ann/papers/notes.md",
        "/home/ann/work/notes.md",
    )
    fake.library.put(
        *(
            msgspec.structs.replace(document(n, "ready"), path=path, paths=(path,), kind="pdf")
            for n, path in enumerate(paths)
        )
    )
    return fake


async def type_in(pilot, text: str) -> None:
    await pilot.press(*("space" if c == " " else c for c in text))


async def test_a_name_is_offered_filtered_and_taken(open_app: OpenApp, morgan: FakeMorgan):
    async with open_app(morgan) as (app, pilot):
        await eventually(lambda: app.link.open is not None)
        screen = app._chat_screen
        await type_in(pilot, "ends @")
        await eventually(lambda: len(screen.choices.choices) == 3)
        await type_in(pilot, "lea")
        await eventually(lambda: [c.name for c in screen.choices.choices] == ["My lease.pdf"])
        assert "My lease.pdf" in screen_text(app)

        await pilot.press("tab")

        assert screen.prompt.text == 'ends @"My lease.pdf" '
        assert not screen.choices.open
        assert screen.prompt.has_focus


async def test_arrows_move_enter_takes_and_esc_closes(open_app: OpenApp, morgan: FakeMorgan):
    async with open_app(morgan) as (app, pilot):
        await eventually(lambda: app.link.open is not None)
        screen = app._chat_screen
        await type_in(pilot, "@notes")
        await eventually(lambda: len(screen.choices.choices) == 2)
        second = screen.choices.choices[1].name

        await pilot.press("down", "enter")
        assert screen.prompt.text == f"@{second} "

        await type_in(pilot, "#pa")
        await eventually(lambda: screen.choices.open)
        await pilot.press("escape")
        assert not screen.choices.open
        await type_in(pilot, "p")
        await pilot.pause()
        assert not screen.choices.open
        assert screen.prompt.text == f"@{second} #pap"


async def test_a_question_is_asked_with_its_scope_and_shown_with_it(
    open_app: OpenApp, morgan: FakeMorgan
):
    async with open_app(morgan) as (app, pilot):
        await eventually(lambda: app.link.open is not None)
        await type_in(pilot, "what is in #papers type:pdf")
        await pilot.press("enter")
        await eventually(lambda: morgan.scopes)

        assert morgan.scopes == [
            Scope(folders=("/home/ann/papers",), kinds=("pdf",), words=("#papers", "type:pdf"))
        ]
        assert "what is in #papers type:pdf" in screen_text(app)


async def test_a_name_that_is_not_there_keeps_the_question_in_the_prompt(
    open_app: OpenApp, morgan: FakeMorgan
):
    async with open_app(morgan) as (app, pilot):
        await eventually(lambda: app.link.open is not None)
        await app.scope_names()
        await type_in(pilot, "what is in @note.md")

        await pilot.press("enter")

        await eventually(lambda: "There is no document 'note.md'" in screen_text(app))
        assert app._chat_screen.prompt.text == "what is in @note.md"
        assert not morgan.scopes


async def test_mail_addresses_and_headings_open_no_list(open_app: OpenApp, morgan: FakeMorgan):
    async with open_app(morgan) as (app, pilot):
        await eventually(lambda: app.link.open is not None)
        await app.scope_names()
        for text in ("me@no", "# note", "C#n", "#1"):
            app._chat_screen.prompt.clear()
            await type_in(pilot, text)
            await pilot.pause()
            assert not app._chat_screen.choices.open, text


def test_names_of_the_same_ending_are_told_apart():
    documents = [
        msgspec.structs.replace(document(n, "ready"), path=path, paths=(path,), modified=float(n))
        for n, path in enumerate(("/a/x/notes.md", "/a/y/notes.md", "/a/Résumé.md", "/a/old lease"))
    ]
    names = ScopeNames(documents, ["/a"])

    def offered(mark, typed):
        return [choice.name for choice in names.matching(mark, typed)]

    assert offered("@", "not") == ["y/notes.md", "x/notes.md"]
    assert offered("@", "resu") == ["Résumé.md"]
    assert offered("@", "lea") == ["old lease"]
    assert offered("#", "") == ["a", "x", "y"]
