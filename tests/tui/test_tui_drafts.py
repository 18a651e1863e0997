"""No typed word is lost: drafts and waiting questions outlive the app."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from morgan_tui.drafts import Drafts, PendingQuestion
from tests.helpers import eventually
from tests.tui.conftest import OpenApp, screen_text
from tests.tui.fake_morgan import FakeMorgan, FakeOpener, Reply


async def test_a_draft_is_on_disk_soon_after_the_last_key(open_app: OpenApp, tmp_path: Path):
    async with open_app(FakeMorgan(), data=tmp_path) as (_app, pilot):
        await pilot.press(*"half a quest")

        def written() -> bool:
            files = list((tmp_path / "drafts").glob("*.json"))
            return any("half a quest" in file.read_text() for file in files)

        await eventually(written)


async def test_a_draft_is_there_at_the_next_start(open_app: OpenApp, tmp_path: Path):
    async with open_app(FakeMorgan(), data=tmp_path) as (_app, pilot):
        await pilot.press(*"half")
    async with open_app(FakeMorgan(), data=tmp_path) as (app, _pilot):
        await eventually(lambda: app._chat_screen.prompt.text == "half")


async def test_a_question_sent_before_the_core_opened_is_asked_at_the_next_start(
    open_app: OpenApp, tmp_path: Path
):
    async with open_app(FakeOpener(FakeMorgan(), ready=False), data=tmp_path) as (app, pilot):
        await pilot.press(*"When?", "enter")
        await eventually(lambda: "waiting" in screen_text(app))
    morgan = FakeMorgan(Reply(text="In June."))
    async with open_app(morgan, data=tmp_path) as (app, _pilot):
        await eventually(lambda: "When?" in screen_text(app) and "In June." in screen_text(app))
    assert morgan.asked == ["When?"]
    again = FakeMorgan()
    async with open_app(again, data=tmp_path) as (app, _pilot):
        await eventually(lambda: app.link.open)
    assert again.asked == []


async def test_after_an_answer_was_cut_short_its_conversation_is_shown_again(
    open_app: OpenApp, tmp_path: Path
):
    morgan = FakeMorgan(Reply(text="one two three", holds=frozenset({"token:3"})))
    async with open_app(morgan, data=tmp_path) as (app, pilot):
        await pilot.press(*"Count", "enter")
        await eventually(lambda: "one two" in screen_text(app))
    async with open_app(morgan, data=tmp_path) as (app, _pilot):
        await eventually(lambda: "Count" in screen_text(app) and app._chat_screen.chat.id)


def test_the_files_of_a_living_app_are_left_alone(tmp_path: Path):
    first, second = Drafts(tmp_path), Drafts(tmp_path)
    first.open()
    first._texts[""] = "mine"
    first.save()
    second.open()
    assert second.text(None) == ""
    first.close()
    third = Drafts(tmp_path)
    third.open()
    assert third.text(None) == "mine"
    third.close()
    second.close()


def test_a_damaged_file_is_set_aside_and_the_rest_is_read(tmp_path: Path):
    (tmp_path / "bad.json").write_text("{half")
    (tmp_path / "good.json").write_text(json.dumps({"drafts": {"c1": "x"}, "pending": []}))
    drafts = Drafts(tmp_path)
    drafts.open()
    assert drafts.text("c1") == "x"
    assert (tmp_path / "bad.damaged").read_text() == "{half"
    drafts.close()


def test_a_disk_that_cannot_be_written_is_told(tmp_path: Path):
    drafts = Drafts(tmp_path / "drafts")
    drafts.open()
    assert drafts._path is not None
    drafts._path.with_suffix(".tmp").mkdir()
    drafts.add_pending(PendingQuestion("When?"))
    assert drafts.error is not None


@given(text=st.text(min_size=1))
def test_any_text_comes_back_as_it_was(tmp_path_factory, text: str):
    folder = tmp_path_factory.mktemp("drafts")
    drafts = Drafts(folder)
    drafts.open()
    drafts.add_pending(PendingQuestion(text, "c1"))
    drafts.close()
    again = Drafts(folder)
    again.open()
    assert [(p.question, p.conversation_id) for p in again.pending] == [(text, "c1")]
    again.close()
