"""Files dropped on the terminal are offered to the library, and everything else stays text."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events

from morgan_tui.dropped_paths import dropped_paths
from tests.helpers import eventually
from tests.tui.conftest import OpenApp, screen_text
from tests.tui.fake_morgan import FakeMorgan


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = [tmp_path / "my report.pdf", tmp_path / "notes.md"]
    for path in made:
        path.write_text("x")
    return made


def test_every_way_a_terminal_writes_a_path_is_understood(files: list[Path]):
    report, notes = files
    escaped = str(report).replace(" ", "\\ ")
    url = "file://" + str(report).replace(" ", "%20")
    for text in (str(report), f"'{report}'", escaped, url, f"{report}\n"):
        assert dropped_paths(text) == [report], text
    assert dropped_paths(f"{escaped} {notes}") == files
    assert dropped_paths(f"{report}\n{notes}\n") == files


def test_text_that_only_mentions_a_path_stays_text(files: list[Path]):
    for text in (f"read {files[1]}", f"{files[1]} please", "/no/such/file", "/", "notes.md", ""):
        assert dropped_paths(text) == [], text


@given(st.text())
def test_any_text_is_judged_without_an_error(text: str):
    for path in dropped_paths(text):
        assert path.exists()


@given(
    name=st.text(
        st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=40
    )
)
def test_a_quoted_name_of_any_characters_is_found(tmp_path_factory, name: str):
    path = tmp_path_factory.mktemp("d") / f"a{name}b"
    path.write_text("x")
    assert dropped_paths(shlex.quote(str(path))) == [path]


async def test_a_dropped_folder_is_offered_and_enter_watches_it(open_app: OpenApp, tmp_path: Path):
    folder = tmp_path / "papers"
    folder.mkdir()
    morgan = FakeMorgan()
    async with open_app(morgan) as (app, pilot):
        prompt = app._chat_screen.prompt
        prompt.post_message(events.Paste(str(folder)))
        await eventually(lambda: "to the library?" in screen_text(app))
        assert prompt.text == ""
        await pilot.press("enter")
        await eventually(lambda: str(folder) in morgan.library.folders)
        await eventually(lambda: "1 ready" in screen_text(app))


async def test_typing_on_makes_an_offered_path_text(open_app: OpenApp, files: list[Path]):
    async with open_app(FakeMorgan()) as (app, pilot):
        prompt = app._chat_screen.prompt
        prompt.post_message(events.Paste(str(files[1])))
        await eventually(lambda: prompt.offered)
        await pilot.press("x")
        assert prompt.text == f"{files[1]}x"


async def test_dropped_files_are_learned(open_app: OpenApp, files: list[Path]):
    morgan = FakeMorgan()
    async with open_app(morgan) as (app, pilot):
        app._chat_screen.prompt.post_message(events.Paste(str(files[1])))
        await eventually(lambda: app._chat_screen.prompt.offered)
        await pilot.press("enter")
        await eventually(lambda: morgan.learned == [[str(files[1])]])
