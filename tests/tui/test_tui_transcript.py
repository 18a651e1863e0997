"""A long conversation opens at its end at once, and older messages come while scrolling up."""

from __future__ import annotations

import time

from morgan_tui.widgets.transcript import FIRST, LONGEST, PAGE
from tests.helpers import eventually
from tests.tui.conftest import OpenApp, screen_text
from tests.tui.fake_morgan import FakeMorgan

ANSWER = "The **lease** ends in June [1].\n\n- one\n- two\n\nAnd `more` text follows. Number {n}."


def long_conversation(pairs: int) -> tuple[FakeMorgan, str]:
    morgan = FakeMorgan()
    turns = [(f"Question {n}?", ANSWER.format(n=n)) for n in range(1, pairs + 1)]
    return morgan, morgan.conversations.add("Long", *turns).id


async def test_two_thousand_messages_open_at_their_end_as_fast_as_six(open_app: OpenApp):
    morgan, long = long_conversation(1000)
    short = morgan.conversations.add("Short", *[(f"Q{n}?", ANSWER.format(n=n)) for n in (7, 8, 9)])
    async with open_app(morgan) as (app, pilot):
        await eventually(lambda: app.conversations)

        async def opening(conversation: str, end: str) -> float:
            await app.show_conversation(None)
            await pilot.pause()
            before = time.process_time()
            await app.show_conversation(conversation)
            took = time.process_time() - before
            await eventually(lambda: end in screen_text(app))
            return took

        took_short = min([await opening(short.id, "Number 9.") for _ in range(3)])
        took_long = min([await opening(long, "Number 1000.") for _ in range(3)])
        assert took_long < 2 * took_short + 0.1
        assert took_long < 0.3
        assert len(app._chat_screen.transcript.messages.children) <= FIRST + PAGE


async def test_older_messages_come_while_scrolling_up_and_the_view_stays(open_app: OpenApp):
    morgan, conversation = long_conversation(40)
    async with open_app(morgan) as (app, pilot):
        await eventually(lambda: app.conversations)
        await app.show_conversation(conversation)
        transcript = app._chat_screen.transcript
        await eventually(lambda: transcript.scroll_y >= 3 and not transcript._loading_older)
        await pilot.pause()
        transcript.focus()
        loaded = len(transcript.messages.children)
        top = 41 - loaded // 2
        await pilot.press("home")
        await eventually(lambda: len(transcript.messages.children) > loaded)
        await eventually(lambda: not transcript._loading_older)
        await pilot.pause()
        assert f"Question {top}?" in screen_text(app)
        assert transcript.scroll_y > 3
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
