"""A refusal says why, and offers the model's own knowledge; what comes of it is marked."""

from __future__ import annotations

import pytest

from morgan_core.errors import Unavailable
from morgan_core.types import Answer, Scope, Shortfall
from tests.helpers import eventually
from tests.tui.conftest import OpenApp, screen_text
from tests.tui.fake_morgan import FakeMorgan, FakeOpener, Reply, document, sources

MARK = "From the model's own knowledge, not from your documents"
REASON = "holds none of the question's words: Osaka; little alike in meaning (0.05)"
REFUSAL = Reply(
    text="I found nothing about this in your documents.",
    sources=sources(),
    relevant=False,
    statuses=(),
    finish_reason="not_found",
    shortfalls=(Shortfall(n=1, missing=("Osaka",), likeness=0.05, reason=REASON),),
)
OWN = Reply(text="Osaka is in Japan.", statuses=(), holds=frozenset({"token:3"}))


def shows(app, *texts: str):
    return lambda: all(text in screen_text(app) for text in texts)


@pytest.mark.parametrize("question", ["Where?", "Where? type:pdf"])
async def test_a_refusal_offers_the_model_itself_whose_answer_is_marked_from_its_first_word(
    open_app: OpenApp, question: str
):
    morgan = FakeMorgan(REFUSAL, OWN)
    morgan.library.put(document(kind="pdf"))
    async with open_app(morgan, size=(98, 36)) as (app, pilot):
        await eventually(lambda: app.link.open is not None)
        await pilot.press(*("space" if c == " " else c for c in question), "enter")
        await eventually(shows(app, "[1] lease.pdf · p. 3", REASON, "F6 asks the model"))
        assert MARK not in screen_text(app)

        await pilot.press("escape", "m")

        await eventually(shows(app, "to the model itself", MARK, "Osaka is", "answering…"))
        morgan.release("token:3")
        await eventually(shows(app, "Osaka is in Japan.", "tokens/s"))
        assert "✗" not in screen_text(app) and "✓" not in screen_text(app)
    assert morgan.asked == [question, question]
    assert len(morgan.conversations.known) == 1
    own = morgan.scopes[-1]
    assert own.own_knowledge
    assert own.words == (("type:pdf",) if "type" in question else ())


async def test_such_an_answer_is_not_asked_for_again(open_app: OpenApp):
    morgan = FakeMorgan(REFUSAL, Reply(text="In Japan.", statuses=()))
    async with open_app(morgan) as (app, pilot):
        await pilot.press(*"Where?", "enter")
        await eventually(shows(app, "F6 asks the model"))
        await pilot.press("escape", "m")
        await eventually(shows(app, "In Japan.", "tokens/s"))
        await pilot.press("m")
        await eventually(shows(app, "own knowledge already"))
    assert len(morgan.asked) == 2


async def test_a_stored_answer_keeps_its_mark_and_a_stopped_one_is_asked_again_as_it_was(
    open_app: OpenApp,
):
    morgan = FakeMorgan(Reply(text="In Japan.", statuses=()))
    chat = morgan.conversations.create("Osaka")
    own = Scope(own_knowledge=True)
    for turn, text, state in (("t1", "Japan, I think.", "complete"), ("t2", "In J", "stopped")):
        morgan.conversations.append(chat.id, turn, "user", "Where?", scope=own)
        answer = Answer(answer=text, own_knowledge=True) if state == "complete" else None
        morgan.conversations.append(chat.id, turn, "assistant", text, state=state, answer=answer)
    async with open_app(morgan, size=(98, 36)) as (app, pilot):
        await eventually(lambda: app.conversations)
        await app.show_conversation(chat.id)
        await eventually(lambda: screen_text(app).count(MARK) == 2)

        await pilot.press("escape", "r")

        await eventually(lambda: morgan.scopes == [own])
        await eventually(lambda: screen_text(app).count(MARK) == 3)


async def test_a_question_to_the_model_itself_that_was_not_delivered_stays_one(
    open_app: OpenApp, tmp_path
):
    closed = FakeOpener(FakeMorgan(), error=Unavailable("The data is in use.", mend="Close it."))
    async with open_app(closed, data=tmp_path) as (app, _):
        await eventually(shows(app, "The data is in use. Close it."))
        await app.ask("Where?", own_knowledge=True)
    morgan = FakeMorgan(Reply(text="In Japan.", statuses=()))
    async with open_app(morgan, data=tmp_path) as (_, _):
        await eventually(lambda: morgan.scopes == [Scope(own_knowledge=True)])


async def test_the_export_marks_it_and_says_why_passages_fell_short(
    open_app: OpenApp, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    morgan = FakeMorgan(REFUSAL, Reply(text="In Japan.", statuses=()))
    async with open_app(morgan) as (app, pilot):
        await pilot.press(*"Where?", "enter")
        await eventually(shows(app, "F6 asks the model"))
        await app.run_action("app.own_knowledge")
        await eventually(shows(app, "In Japan.", "tokens/s"))
        await app.run_action("app.export")
        (path,) = tmp_path.glob("*.md")
    text = path.read_text()
    assert f"- [1] lease.pdf · p. 3 · Term of the lease: {REASON}\n" in text
    assert f"*{MARK}:*\n\nIn Japan.\n" in text
