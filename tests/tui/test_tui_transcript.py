"""A long conversation opens at its end at once, and older messages come while scrolling up."""

from __future__ import annotations

import time

from tests.helpers import eventually
from tests.tui.conftest import OpenApp, screen_text
from tests.tui.fake_morgan import FakeMorgan

from morgan_tui.widgets.transcript import LONGEST, PAGE

ANSWER = "The **lease** ends in June [1].\n\n- one\n- two\n\nAnd `more` text follows. Number {n}."


def long_conversation(pairs: int) -> tuple[FakeMorgan, str]:
    morgan = FakeMorgan()
    turns = [(f"Question {n}?", ANSWER.format(n=n)) for n in range(1, pairs + 1)]
    return morgan, morgan.conversations.add("Long", *turns).id


async def test_two_thousand_messages_open_at_their_end(open_app: OpenApp):
    morgan, conversation = long_conversation(1000)
    async with open_app(morgan) as (app, pilot):
        await eventually(lambda: app.conversations)
        await app.show_conversation(conversation)
        await app.show_conversation(None)
        before = time.process_time()
        await app.show_conversation(conversation)
        await eventually(lambda: "Number 1000." in screen_text(app), every=0.005)
        assert time.process_time() - before < 0.3
        assert len(app._chat_screen.transcript.messages.children) == PAGE


async def test_older_messages_come_while_scrolling_up_and_the_view_stays(open_app: OpenApp):
    morgan, conversation = long_conversation(40)
    async with open_app(morgan) as (app, pilot):
        await eventually(lambda: app.conversations)
        await app.show_conversation(conversation)
        transcript = app._chat_screen.transcript
        transcript.focus()
        await pilot.press("home")
        await eventually(lambda: len(transcript.messages.children) == 2 * PAGE)
        await eventually(lambda: not transcript._loading_older)
        assert "Question 35?" in screen_text(app)
        for _ in range(10):
            await pilot.press("home")
            await eventually(lambda: not transcript._loading_older)
            if not transcript.has_older:
                break
        await pilot.press("home")
        await eventually(lambda: "Question 1?" in screen_text(app))


async def test_messages_far_below_are_let_go_and_come_back_at_the_end(open_app: OpenApp):
    morgan, conversation = long_conversation(200)
    async with open_app(morgan) as (app, pilot):
        await eventually(lambda: app.conversations)
        await app.show_conversation(conversation)
        transcript = app._chat_screen.transcript
        transcript.focus()
        while not transcript.cut:
            await pilot.press("home")
            await eventually(lambda: not transcript._loading_older)
            await pilot.pause()
        assert len(transcript.messages.children) <= LONGEST
        await pilot.press("end")
        await eventually(lambda: "Number 200." in screen_text(app))


async def test_the_answer_above_is_chosen_with_a_bracket(open_app: OpenApp):
    morgan, conversation = long_conversation(3)
    async with open_app(morgan) as (app, pilot):
        await eventually(lambda: app.conversations)
        await app.show_conversation(conversation)
        screen = app._chat_screen
        await eventually(lambda: screen.chosen is not None)
        assert "Number 3." in screen.chosen.text
        screen.transcript.focus()
        await pilot.press("left_square_bracket")
        assert "Number 2." in screen.chosen.text
        await pilot.press("right_square_bracket")
        assert "Number 3." in screen.chosen.text
