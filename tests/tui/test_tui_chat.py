"""Asking, answering, stopping, and what the person sees meanwhile."""

from __future__ import annotations

import msgspec
from textual import events

from morgan_core.errors import ModelError, MorganError, Unavailable
from morgan_core.types import Answer, Citation, Sentence
from morgan_tui.app import MorganApp
from morgan_tui.screens.passage import PassageScreen
from morgan_tui.turns import Chat, LiveTurn
from morgan_tui.widgets.answer import AnswerView, status_content
from tests.answers import WHY
from tests.helpers import eventually
from tests.tui.conftest import OpenApp, screen_text
from tests.tui.fake_morgan import FakeMorgan, FakeOpener, Reply, passage, sources


async def ask(pilot, question: str) -> None:
    await pilot.press(*question, "enter")


def shows(app: MorganApp, *texts: str):
    return lambda: all(text in screen_text(app) for text in texts)


async def test_an_answer_streams_in_with_its_sources_and_verdicts(open_app: OpenApp):
    reply = Reply(
        text="It ends in June [1]. The cat is blue.",
        sources=sources(),
        statuses=("supported", "unsupported"),
        holds=frozenset({"token:4"}),
    )
    morgan = FakeMorgan(reply)
    async with open_app(morgan, size=(150, 36)) as (app, pilot):
        await ask(pilot, "When?")
        await eventually(shows(app, "When?", "It ends in", "answering…"))
        assert "[1]" not in screen_text(app).split("Sources")[0]
        morgan.release("token:4")
        await eventually(shows(app, "June [1]", "✓ 1 supported", "✗ 1 not in the sources"))
        assert "blue. ✗" in screen_text(app)
        await eventually(shows(app, "lease.pdf", "p. 3 · Term of the lease", "✓ quote verified"))


async def test_while_an_answer_streams_its_verdicts_are_counted(open_app: OpenApp):
    turn = LiveTurn(Chat(), "When?", turn_id="t")
    turn.state, turn.text = "answering", "It ends in June. "
    turn.sentences = [Sentence(start=0, end=16, status="supported")]
    assert "✓ 1 supported" in status_content(AnswerView(turn=turn)).plain


async def test_an_old_answer_tells_that_its_sources_changed_or_are_gone(open_app: OpenApp):
    morgan = FakeMorgan()
    old = morgan.conversations.add("Lease", ("When?", "June [1]. July [2]."))
    given = sources(passage(), passage())
    citations = tuple(
        Citation(
            n=source.n,
            document=source.passage.document,
            path=source.passage.path,
            page=None,
            heading="",
            start=source.passage.start,
            end=source.passage.end,
            quote=source.passage.text,
            verified=True,
            state=state,
        )
        for source, state in zip(given, ("stale", "gone"), strict=False)
    )
    answer = Answer(answer="June [1]. July [2].", citations=citations, sources=given)
    stored = morgan.conversations.stored[old.id]
    stored[-1] = msgspec.structs.replace(stored[-1], answer=answer)
    async with open_app(morgan, size=(150, 36)) as (app, pilot):
        await eventually(lambda: app.conversations)
        await app.show_conversation(old.id)
        await eventually(shows(app, "2 citations changed or gone since"))
        await eventually(shows(app, "changed since: quote not found", "no longer in the library"))
        await pilot.press("escape", "1")
        await eventually(shows(app, "this is the passage as it was used"))


async def test_typing_and_asking_work_before_the_core_is_open(open_app: OpenApp):
    opener = FakeOpener(FakeMorgan(), ready=False)
    async with open_app(opener) as (app, pilot):
        await ask(pilot, "When?")
        await eventually(shows(app, "When?", "waiting: opening Morgan"))
        await pilot.press(*"next")
        opener.ready.set()
        await eventually(shows(app, "The lease ends on 30 June 2027"))
        assert app.focused is not None and app.focused.text == "next"
        assert opener.morgan.asked == ["When?"]


async def test_a_loading_model_is_shown_in_the_answer(open_app: OpenApp):
    morgan = FakeMorgan(Reply(loading=(0.1, 0.43), holds=frozenset({"loading"})))
    async with open_app(morgan) as (app, pilot):
        await ask(pilot, "When?")
        await eventually(shows(app, "waiting: loading the model 43 %"))
        morgan.release("loading")
        await eventually(shows(app, "30 June 2027"))


async def test_escape_stops_and_keeps_the_text(open_app: OpenApp):
    morgan = FakeMorgan(Reply(text="one two three four", holds=frozenset({"token:3"})))
    async with open_app(morgan) as (app, pilot):
        await ask(pilot, "Count")
        await eventually(shows(app, "one two"))
        await pilot.press("escape")
        await eventually(shows(app, "stopped"))
        assert "one two" in screen_text(app) and "three" not in screen_text(app)
        assert len(morgan.stopped) == 1


async def test_a_second_question_is_taken_while_the_first_is_answered(open_app: OpenApp):
    first = Reply(text="first answer", holds=frozenset({"token:2"}))
    second = Reply(text="second answer", position=1, holds=frozenset({"queued"}))
    morgan = FakeMorgan(first, second)
    async with open_app(morgan) as (app, pilot):
        await ask(pilot, "One?")
        await eventually(shows(app, "answering…"))
        await ask(pilot, "Two?")
        await eventually(shows(app, "waiting: 1 before this one"))
        morgan.release("token:2", "queued")
        await eventually(shows(app, "first answer", "second answer"))
        assert morgan.asked == ["One?", "Two?"]
        assert len(morgan.conversations.known) == 1


async def test_an_interrupted_answer_goes_on_with_r(open_app: OpenApp):
    morgan = FakeMorgan()
    conversation = morgan.conversations.create("Old")
    morgan.conversations.append(conversation.id, "t1", "user", "Count")
    morgan.conversations.append(conversation.id, "t1", "assistant", "one two ", state="interrupted")
    from tests.tui.fake_morgan import FakeTurn

    reply = Reply(text="one two three")
    morgan.turns["t1"] = FakeTurn("t1", conversation.id, "Count", reply, text="one two ")
    async with open_app(morgan) as (app, pilot):
        await eventually(lambda: app.conversations)
        await app.show_conversation(conversation.id)
        await eventually(shows(app, "interrupted — Esc, then R continues"))
        await pilot.press("escape", "R")
        await eventually(shows(app, "one two three"))
        await eventually(lambda: "interrupted" not in screen_text(app))
        assert morgan.resumed == ["t1"]


async def test_a_stream_that_breaks_is_marked_interrupted(open_app: OpenApp):
    morgan = FakeMorgan(Reply(text="one two three", break_after=2))
    async with open_app(morgan) as (app, pilot):
        await ask(pilot, "Count")
        await eventually(shows(app, "one two", "interrupted — Esc, then R continues"))
        await pilot.press("escape", "r")
        await eventually(shows(app, "one two three"))


async def test_a_failure_names_its_mend_and_r_asks_again(open_app: OpenApp):
    error = ModelError("The model x.gguf is damaged.", mend="Download it again.")
    morgan = FakeMorgan(Reply(text="one two", error=error, error_after=1), Reply(text="better"))
    async with open_app(morgan) as (app, pilot):
        await ask(pilot, "Count")
        await eventually(shows(app, "one", "x.gguf is damaged. Download it again."))
        await pilot.press("escape", "r")
        await eventually(shows(app, "better"))
        assert morgan.asked == ["Count", "Count"]


async def test_a_core_that_does_not_open_is_said_and_the_question_kept(open_app: OpenApp, tmp_path):
    opener = FakeOpener(FakeMorgan(), error=Unavailable("The data is in use.", mend="Close it."))
    async with open_app(opener, data=tmp_path) as (app, pilot):
        await eventually(shows(app, "The data is in use. Close it."))
        await pilot.press(*"When?")
    async with open_app(FakeMorgan(), data=tmp_path) as (app, pilot):
        await eventually(shows(app, "When?"))


async def test_nothing_relevant_shows_the_nearest_passages(open_app: OpenApp):
    morgan = FakeMorgan(
        Reply(
            text="This is not in your documents.",
            sources=sources(),
            relevant=False,
            statuses=(),
            finish_reason="not_found",
        )
    )
    async with open_app(morgan, size=(150, 36)) as (app, pilot):
        await ask(pilot, "Who?")
        await eventually(
            shows(app, "not in your documents · F3, then 1…9 opens", "Nearest passages")
        )


async def test_a_digit_opens_the_source_at_its_passage(open_app: OpenApp):
    morgan = FakeMorgan(Reply(sources=sources()))
    morgan.library.texts["d1"] = "x" * 100 + passage().text + " And more."
    async with open_app(morgan) as (app, pilot):
        await ask(pilot, "When?")
        await eventually(shows(app, "✓ 1 supported"))
        await pilot.press("escape", "1")
        await eventually(lambda: isinstance(app.screen, PassageScreen))
        await eventually(shows(app, "lease.pdf", "and may be prolonged", "And more."))
        await pilot.press("escape")
        await eventually(lambda: not isinstance(app.screen, PassageScreen))


async def test_a_citation_in_the_answer_is_a_link_to_its_source(open_app: OpenApp):
    morgan = FakeMorgan(Reply(text="Ends in June [1].", sources=sources()))
    morgan.library.texts["d1"] = "x" * 100 + passage().text
    async with open_app(morgan) as (app, pilot):
        await ask(pilot, "When?")
        await eventually(shows(app, "✓ 1 supported"))
        lines = screen_text(app).splitlines()
        y = next(n for n, line in enumerate(lines) if "June [1]" in line)
        await pilot.click(offset=(lines[y].index("[1]") + 1, y))
        await eventually(lambda: isinstance(app.screen, PassageScreen))


async def test_a_web_link_opens_only_after_the_person_agrees(open_app: OpenApp, monkeypatch):
    opened: list[str] = []
    morgan = FakeMorgan(Reply(text="See [the site](https://example.org/a)."))
    async with open_app(morgan) as (app, pilot):
        monkeypatch.setattr(app, "open_url", lambda url, **_: opened.append(url))
        await ask(pilot, "Where?")
        await eventually(shows(app, "See the site.", "✓"))
        lines = screen_text(app).splitlines()
        y = next(n for n, line in enumerate(lines) if "See the site" in line)
        await pilot.click(offset=(lines[y].index("the site") + 1, y))
        await eventually(shows(app, "Open this address", "https://example.org/a"))
        assert opened == []
        await pilot.press("y")
        await eventually(lambda: opened == ["https://example.org/a"])


async def test_scrolling_up_while_an_answer_streams_stays(open_app: OpenApp):
    words = "\n\n".join(f"line {n}" for n in range(1, 60))
    morgan = FakeMorgan(Reply(text=words, holds=frozenset({"token:90"})))
    async with open_app(morgan, size=(100, 24)) as (app, pilot):
        await ask(pilot, "Many?")
        await eventually(shows(app, "line 44"))
        transcript = app._chat_screen.transcript
        await pilot.press("escape") if not app._chat_screen.chat.turns else None
        transcript.focus()
        await pilot.press("pageup", "pageup")
        await pilot.pause()
        await eventually(lambda: "line 44" not in screen_text(app))
        before = transcript.scroll_y
        morgan.release("token:90")
        await eventually(lambda: app._chat_screen.chat.turns[0].ended)
        await pilot.pause()
        assert transcript.scroll_y == before


async def test_switching_conversations_keeps_the_stream_and_each_draft(open_app: OpenApp):
    morgan = FakeMorgan(Reply(text="one two three", holds=frozenset({"token:3"})))
    old = morgan.conversations.add("Old talk", ("old question", "old answer"))
    async with open_app(morgan) as (app, pilot):
        await ask(pilot, "Count")
        await eventually(shows(app, "one two"))
        await pilot.press(*"draft a")
        await app.show_conversation(old.id)
        await eventually(shows(app, "old question", "old answer"))
        assert app._chat_screen.prompt.text == ""
        await pilot.press(*"draft b")
        morgan.release("token:3")
        new = next(c for c in morgan.conversations.known if c != old.id)
        await app.show_conversation(new)
        await eventually(shows(app, "one two three", "draft a"))
        await app.show_conversation(old.id)
        await eventually(shows(app, "draft b"))


async def test_an_error_of_the_core_is_a_note_not_a_crash(open_app: OpenApp):
    async with open_app(FakeMorgan()) as (app, _pilot):
        await eventually(lambda: app.link.open)

        async def breaks() -> None:
            raise MorganError("The disk is [bold]full[/bold].", mend="Make room.")

        await app.guard(breaks())
        await eventually(shows(app, "The disk is [bold]full[/bold]."))


async def test_next_and_previous_go_through_the_sources(open_app: OpenApp):
    second = passage(document="d2", path="/papers/annex.md", text="The annex.", start=0)
    morgan = FakeMorgan(Reply(sources=sources(passage(), second)))
    morgan.library.texts["d1"] = "x" * 100 + passage().text
    morgan.library.texts["d2"] = "The annex. It is short."
    async with open_app(morgan) as (app, pilot):
        await ask(pilot, "When?")
        await eventually(shows(app, "✓ 1 supported"))
        await pilot.press("escape", "1")
        await eventually(shows(app, "and may be prolonged"))
        await pilot.press("n")
        await eventually(shows(app, "[2] annex.md", "It is short."))
        await pilot.press("n")
        await eventually(shows(app, "[1] lease.pdf", "and may be prolonged"))


async def test_a_forgotten_document_still_shows_the_passage_that_was_used(open_app: OpenApp):
    morgan = FakeMorgan(Reply(sources=sources()))
    async with open_app(morgan) as (app, pilot):
        await ask(pilot, "When?")
        await eventually(shows(app, "✓ 1 supported"))
        await pilot.press("escape", "1")
        await eventually(shows(app, "can no longer be opened", "and may be prolonged"))


async def test_keys_that_come_all_at_once_keep_their_order(open_app: OpenApp):
    async with open_app(FakeMorgan()) as (app, _pilot):
        for key in [*"Who?", "\n", *"next", "\n", *"draft"]:
            name = "enter" if key == "\n" else key
            app.post_message(events.Key(name, None if key == "\n" else key))
        await eventually(lambda: app._chat_screen.prompt.text == "draft")

        def asked() -> list[str]:
            return [turn.question for turn in app._chat_screen.chat.turns]

        await eventually(lambda: asked() == ["Who?", "next"])
        assert app._chat_screen.prompt.text == "draft"


async def test_w_tells_why_the_chosen_answer_is_as_it_is(open_app: OpenApp):
    morgan = FakeMorgan(Reply(sources=sources(passage()), why=WHY))
    async with open_app(morgan) as (app, pilot):
        await pilot.press("escape", "w")
        await eventually(lambda: "no finished answer here" in screen_text(app))
        await pilot.press("i", *"When?", "enter")
        await eventually(lambda: "the model read 2 of 3 sources (F5 tells why)" in screen_text(app))
        await pilot.press("escape", "w")
        await eventually(lambda: "Relevance 0.91 of at least 0.60" in screen_text(app))
        await pilot.press("w")
        await eventually(lambda: len(app.screen_stack) == 1)
