"""The first start offers something to do and keeps nobody from typing."""

from __future__ import annotations

from morgan_tui.sample import QUESTIONS, sample_folder
from tests.helpers import eventually
from tests.tui.conftest import OpenApp, screen_text
from tests.tui.fake_morgan import FakeMorgan, document


async def test_an_empty_library_is_welcomed(open_app: OpenApp):
    async with open_app(FakeMorgan()) as (app, pilot):
        await eventually(lambda: "Use the sample library" in screen_text(app))
        await pilot.press(*"hello")
        assert app._chat_screen.prompt.text == "hello"


async def test_the_sample_library_brings_questions_to_press(open_app: OpenApp):
    morgan = FakeMorgan()
    async with open_app(morgan) as (app, pilot):
        await eventually(lambda: "Use the sample library" in screen_text(app))
        await pilot.press("up", "down", "enter")
        await eventually(lambda: str(sample_folder()) in morgan.library.folders)
        await eventually(lambda: all(question in screen_text(app) for question in QUESTIONS))
        await pilot.press("up", "enter")
        await eventually(lambda: morgan.asked == [QUESTIONS[0]])
        await eventually(lambda: "30 June 2027" in screen_text(app))
        assert "Or choose a question" not in screen_text(app)


async def test_with_documents_there_is_no_welcome(open_app: OpenApp):
    morgan = FakeMorgan()
    morgan.library.put(document(1))
    async with open_app(morgan) as (app, _pilot):
        await eventually(lambda: "Ask your documents." in screen_text(app))
        assert "Welcome" not in screen_text(app)
