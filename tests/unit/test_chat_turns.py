"""A turn: saved before anything else, journalled before it is seen, continued after a death."""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing
from pathlib import Path

import pytest

from morgan_core.chat.journal import journal_path, read_journal
from morgan_core.chat.turns import Turns
from morgan_core.errors import BadInput, Leaving, ModelError, NotFound
from morgan_core.events import Checked, Done, Failed, Queued, Searching, Sources, Token
from morgan_core.retrieval.search import Searcher
from morgan_core.settings import Settings
from morgan_core.storage.conversations import ConversationStore
from morgan_core.storage.engine import database_url, open_engine
from morgan_core.storage.migrate import migrate
from morgan_core.types import Scope
from tests.core_fakes import ListLibrary, ReadyEmbedder, ScriptedModel, chunk
from tests.helpers import eventually

LEASE = chunk("1", "The lease of the house ends on 31 March 2027.", document="lease", start=40)
ANSWER = "The lease ends on 31 March 2027."
RELEVANT = [(LEASE, 0.8, 12.0)]
IRRELEVANT = [(LEASE, 0.05, 0.1)]


class Core:
    """One owner's turns on a data directory; a second Core on it is the next owner."""

    def __init__(self, directory: Path, answer: str = ANSWER, hits=RELEVANT, **embedder) -> None:
        self.engine = open_engine(database_url("", directory / "morgan.db"))
        self.store = ConversationStore(self.engine)
        self.model = ScriptedModel(answer)
        self.library = ListLibrary(hits)
        self.journal = directory / "journal"
        self.turns = Turns(
            store=self.store,
            journal=self.journal,
            searcher=Searcher(self.library, ReadyEmbedder(**embedder)),
            model=lambda: self.model,
            settings=Settings(),
        )

    async def begin(self, question="When does the lease end?", **kwargs):
        fields = {"conversation_id": None, "scope": None, "context": "", "turn_id": None} | kwargs
        return await self.turns.begin(question, **fields)

    async def ask(self, question="When does the lease end?", **kwargs):
        turn = await self.begin(question, **kwargs)
        return [event async for event in turn.stream(after_seq=0, detached=False)]


@pytest.fixture
async def make_core(tmp_path):
    cores = []

    async def make(**kwargs):
        core = Core(tmp_path, **kwargs)
        await migrate(core.engine)
        cores.append(core)
        return core

    yield make
    for core in cores:
        await core.turns.leave()
        await core.engine.dispose()


async def test_an_answer_streams_with_sources_and_ends_checked_and_stored(make_core):
    core = await make_core()

    events = await core.ask()

    assert [e.seq for e in events] == list(range(1, len(events) + 1))
    kinds = [type(e) for e in events]
    assert kinds[0] is Queued and kinds[-1] is Done
    assert kinds.index(Sources) < kinds.index(Token) < kinds.index(Checked)
    assert "".join(e.text for e in events if isinstance(e, Token)) == ANSWER
    answer = events[-1].answer
    assert answer.grounded and answer.answer == "The lease ends on 31 March 2027 [1]."
    assert (answer.citations[0].start, answer.citations[0].document) == (40, "lease")
    question, stored = await core.store.messages(answer.conversation_id)
    assert question.text == "When does the lease end?"
    assert stored.state == "complete" and stored.answer == answer


async def test_each_sentence_is_checked_once_the_next_has_begun(make_core):
    text = f"{ANSWER} It belongs to Anna. Nothing else is known."
    core = await make_core(answer=text)
    core.model.gate = asyncio.Semaphore(len(ANSWER.split()) + 1)
    turn = await core.begin()

    def verdicts():
        return [e.sentence for e in turn.events if isinstance(e, Checked)]

    await eventually(verdicts)
    [first] = verdicts()
    assert (first.start, first.end, first.status) == (0, len(ANSWER), "supported")
    assert not turn.finished and first.citations == (1,)

    for _ in text.split():
        core.model.gate.release()
    await eventually(lambda: turn.finished)
    assert [text[v.start : v.end] for v in verdicts()] == [
        ANSWER,
        "It belongs to Anna.",
        "Nothing else is known.",
    ]


OLD = chunk("1", "The notice period of the lease is 30 days.", document="lease v1")
NEW = chunk("2", "The notice period of the lease is 14 days.", document="lease v2")
DISAGREEING = [(OLD, 0.8, 12.0), (NEW, 0.79, 11.9)]
NOTICE = "What is the notice period of the lease?"


async def test_documents_that_disagree_are_told_newest_first(make_core):
    core = await make_core(hits=DISAGREEING, answer="The notice period of the lease is 30 days.")

    answer = (await core.ask(NOTICE))[-1].answer

    [conflict] = answer.conflicts
    assert [(side.n, side.value) for side in conflict.sides] == [(2, "14 days"), (1, "30 days")]
    assert [side.sentences for side in conflict.sides] == [(), (0,)]
    assert answer.sentences[0].status == "supported"
    [_, stored] = await core.store.messages(answer.conversation_id)
    assert stored.answer == answer


async def test_the_model_reads_the_newest_next_to_the_question_and_is_told(make_core):
    core = await make_core(hits=DISAGREEING)

    await core.ask(NOTICE)

    asked = core.model.prompts[0][-1].content
    assert asked.index("[1]") < asked.index("[2]") < asked.index("These sources disagree: [2] says")
    assert "14 days; [1] says 30 days. Tell both, in this order." in asked


async def test_a_small_model_is_given_the_order_alone(make_core):
    core = await make_core(hits=DISAGREEING)
    core.model.size = 100_000_000

    await core.ask(NOTICE)

    asked = core.model.prompts[0][-1].content
    assert asked.index("30 days") < asked.index("14 days") and "disagree" not in asked


async def test_sources_that_agree_make_no_conflict(make_core):
    core = await make_core(hits=[(OLD, 0.8, 12.0), (LEASE, 0.79, 11.9)])

    answer = (await core.ask(NOTICE))[-1].answer

    assert not answer.conflicts
    assert "disagree" not in core.model.prompts[0][-1].content


async def test_with_nothing_relevant_the_model_is_not_asked_and_the_nearest_are_shown(make_core):
    core = await make_core(hits=IRRELEVANT)

    events = await core.ask("Who won the cup?")

    [found] = [e for e in events if isinstance(e, Sources)]
    assert not found.relevant and len(found.sources) == 1
    assert events[-1].answer.finish_reason == "not_found"
    assert not events[-1].answer.grounded and not core.model.prompts


async def test_a_refusal_says_of_each_nearest_passage_why_it_was_not_enough(make_core):
    core = await make_core(hits=IRRELEVANT)

    answer = (await core.ask("Does the lease name a helicopter?"))[-1].answer

    [short] = answer.shortfalls
    assert (short.n, short.held, short.missing) == (1, ("lease",), ("name", "helicopter"))
    assert short.likeness == pytest.approx(0.05)
    assert answer.answer.startswith("I found nothing about this in your documents.")
    [_, stored] = await core.store.messages(answer.conversation_id)
    assert stored.answer == answer


async def test_a_refusal_within_a_scope_names_it(make_core):
    core = await make_core(hits=IRRELEVANT)
    scope = Scope(folders=("/docs",), words=("#docs",))

    answer = (await core.ask("Who won the cup? #docs", scope=scope))[-1].answer

    assert answer.answer.startswith("I found nothing about this within #docs.")


async def test_the_models_own_knowledge_is_asked_without_a_search_and_never_checked(make_core):
    core = await make_core(answer="Turin won the cup [1]. So they say.", hits=IRRELEVANT)
    scope = Scope(documents=("lease",), words=("@lease",), own_knowledge=True)

    events = await core.ask("Who won the cup? @lease", scope=scope)

    answer = events[-1].answer
    assert answer.own_knowledge and answer.finish_reason == "end" and not answer.grounded
    assert answer.answer == "Turin won the cup. So they say."
    assert not (answer.sentences or answer.citations or answer.sources or answer.shortfalls)
    assert not core.library.queries
    assert not [e for e in events if isinstance(e, Checked | Searching)]
    assert answer.why.prompt.sources == () and not answer.why.retrieval.query
    [question, stored] = await core.store.messages(answer.conversation_id)
    assert question.scope.own_knowledge and stored.answer == answer


async def test_own_knowledge_is_asked_for_in_the_question_and_leaves_the_prompt_before_it_alone(
    make_core,
):
    core = await make_core(hits=IRRELEVANT)
    own = Scope(own_knowledge=True)
    first = (await core.ask("Who won?", scope=own))[-1].answer
    core.library.hits = RELEVANT

    second = (await core.ask(conversation_id=first.conversation_id))[-1].answer

    alone, after = core.model.prompts
    assert after[: len(alone)] == alone and after[len(alone)].content == ANSWER
    assert "your own general knowledge" in alone[-1].content
    assert "your own general knowledge" not in after[-1].content
    assert second.grounded and not second.own_knowledge


async def test_an_interrupted_answer_from_own_knowledge_goes_on_as_such(make_core):
    first = await make_core()
    first.model.gate = asyncio.Semaphore(3)
    turn = await first.begin(scope=Scope(own_knowledge=True))
    await eventually(lambda: turn.text.count(" ") == 3)
    await first.turns.leave()

    second = await make_core()
    resumed = await second.turns.resume(turn.id)
    events = [event async for event in resumed.stream(after_seq=0, detached=True)]

    answer = events[-1].answer
    assert answer.own_knowledge and answer.answer == ANSWER and not answer.sentences
    assert not second.library.queries


async def test_own_knowledge_cannot_be_searched(make_core):
    core = await make_core()
    searcher = Searcher(core.library, ReadyEmbedder())
    with pytest.raises(BadInput, match="cannot be searched"):
        await searcher.search("cup", limit=3, scope=Scope(own_knowledge=True))


async def test_before_refusing_the_turn_waits_for_the_embedder(make_core):
    core = await make_core(hits=[(LEASE, 0.8, 0.0)], ready=False)
    events = await core.ask("Wann endet die Miete?")
    assert events[-1].answer.finish_reason == "end"
    assert len(core.library.queries) == 2


async def test_the_question_is_stored_before_the_first_event(make_core):
    core = await make_core()
    core.model.gate = asyncio.Semaphore(0)
    turn = await core.begin()
    question, answer = await core.store.messages(turn.conversation_id)
    assert question.state == "complete" and answer.state == "running"


async def test_stopping_keeps_what_had_streamed(make_core):
    core = await make_core()
    core.model.gate = asyncio.Semaphore(3)
    turn = await core.begin()
    await eventually(lambda: turn.text == "The lease ends ")

    core.turns.stop(turn.id)
    events = [e async for e in turn.stream(after_seq=0, detached=False)]

    assert events[-1].answer.finish_reason == "stopped"
    stored = (await core.store.messages(turn.conversation_id))[1]
    assert stored.state == "stopped" and stored.text.startswith("The lease ends")


async def test_closing_the_last_stream_stops_the_turn_unless_it_is_detached(make_core):
    core = await make_core()
    core.model.gate = asyncio.Semaphore(1)
    for detached in (False, True):
        turn = await core.begin()
        async with aclosing(turn.stream(after_seq=0, detached=detached)) as stream:
            await anext(stream)
        assert (turn.ending == "stop") is (not detached)
        core.model.gate.release()


async def test_a_leaving_owner_interrupts_and_the_next_continues_without_gap(make_core):
    first = await make_core()
    first.model.gate = asyncio.Semaphore(2)
    turn = await first.begin()
    seen = []

    async def read():
        async for event in turn.stream(after_seq=0, detached=False):
            seen.append(event)

    reader = asyncio.create_task(read())
    await eventually(lambda: turn.text == "The lease ")
    await first.turns.leave()
    with pytest.raises(Leaving):
        await reader
    assert (await first.store.messages(turn.conversation_id))[1].state == "interrupted"

    second = await make_core()
    await second.turns.recover()
    resumed = await second.turns.resume(turn.id)
    rest = [e async for e in resumed.stream(after_seq=seen[-1].seq, detached=True)]

    assert [e.seq for e in seen + rest] == list(range(1, len(seen + rest) + 1))
    assert second.model.prefixes == ["The lease "]
    assert "".join(e.text for e in seen + rest if isinstance(e, Token)) == ANSWER
    assert rest[-1].answer.grounded


async def test_after_a_sudden_death_the_journal_gives_the_answer_back(make_core):
    first = await make_core()
    first.model.gate = asyncio.Semaphore(2)
    turn = await first.begin()
    await eventually(lambda: turn.text == "The lease ")
    with journal_path(first.journal, turn.id).open("ab") as file:
        file.write(b'{"event":"token","te')  # a torn last line

    second = await make_core()
    await second.turns.recover()

    stored = (await second.store.messages(turn.conversation_id))[1]
    assert (stored.state, stored.text) == ("interrupted", "The lease ")
    assert [e.seq for e in read_journal(second.journal, turn.id)] == list(
        range(1, len(turn.events) + 1)
    )


async def test_asking_twice_with_one_id_asks_once(make_core):
    core = await make_core()
    id = "0123456789abcdef0123456789abcdef"
    first = await core.ask(turn_id=id)
    second = await core.ask(turn_id=id)
    assert first == second and len(core.model.prompts) == 1


async def test_the_transcript_is_sent_again_exactly_as_it_was(make_core):
    core = await make_core()
    first = await core.ask()
    await core.ask("And who signed it?", conversation_id=first[0].conversation_id)

    before, after = core.model.prompts
    assert after[: len(before)] == before
    assert after[len(before)].content == ANSWER
    assert core.library.queries[1] == "When does the lease end?\nAnd who signed it?"


async def test_past_the_window_the_sources_of_earlier_turns_are_cut_at_once(make_core):
    core = await make_core()
    core.model.context_tokens = 90
    conversation = None
    for _ in range(4):
        events = await core.ask(conversation_id=conversation)
        assert isinstance(events[-1], Done | Failed)
        conversation = events[0].conversation_id
    assert "Sources:" not in core.model.prompts[-1][1].content


async def test_a_failing_model_fails_the_turn_and_keeps_the_question(make_core):
    core = await make_core()
    core.model.error = ModelError("The model ran out of memory.", mend="Choose a smaller one.")
    events = await core.ask()
    assert isinstance(events[-1], Failed) and "smaller" in events[-1].details["mend"]
    question, answer = await core.store.messages(events[0].conversation_id)
    assert question.text and answer.state == "failed" and "smaller" in answer.error


async def test_wrong_questions_are_refused_with_a_reason(make_core):
    core = await make_core()
    with pytest.raises(BadInput, match="empty"):
        await core.ask("  \n")
    with pytest.raises(NotFound):
        await core.ask(conversation_id="nope")
    with pytest.raises(BadInput, match="UUID"):
        await core.turns.resume("../../etc/passwd")
    assert await core.store.list() == []


async def test_a_turn_that_is_continued_keeps_its_scope_and_what_was_given_with_it(make_core):
    scope = Scope(folders=("/docs",))
    first = await make_core(hits=IRRELEVANT)
    first.model.gate = asyncio.Semaphore(2)
    turn = await first.begin(scope=scope, context="The lease ends in 2027.")
    await eventually(lambda: turn.text == "The lease ")

    second = await make_core(hits=IRRELEVANT)
    await second.turns.recover()
    resumed = await second.turns.resume(turn.id)
    events = [e async for e in resumed.stream(after_seq=0, detached=True)]

    assert (resumed.asked.scope, resumed.asked.context) == (scope, "The lease ends in 2027.")
    assert "The lease ends in 2027." in second.model.prompts[0][-1].content
    assert "".join(e.text for e in events if isinstance(e, Token)) == ANSWER


async def test_however_many_ask_for_an_interrupted_turn_it_is_continued_once(make_core):
    first = await make_core()
    first.model.gate = asyncio.Semaphore(2)
    turn = await first.begin()
    await eventually(lambda: turn.text == "The lease ")

    second = await make_core()
    await second.turns.recover()
    resumed = await asyncio.gather(*(second.turns.resume(turn.id) for _ in range(3)))
    events = [e async for e in resumed[0].stream(after_seq=0, detached=True)]

    assert resumed[0] is resumed[1] is resumed[2]
    assert len(second.model.prompts) == 1
    assert read_journal(second.journal, turn.id) == events


async def test_an_answer_that_was_stored_before_its_owner_died_is_not_written_on(make_core):
    first = await make_core()
    id = "0123456789abcdef0123456789abcdef"
    events = await first.ask(turn_id=id)
    path = journal_path(first.journal, id)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))  # it died before it could tell that it was done

    second = await make_core()
    await second.turns.recover()
    resumed = await second.turns.resume(id)

    assert [e async for e in resumed.stream(after_seq=0, detached=True)] == events
    assert second.model.prompts == []


async def test_an_interrupted_turn_keeps_its_journal_however_old(make_core):
    first = await make_core()
    first.model.gate = asyncio.Semaphore(2)
    turn = await first.begin()
    await eventually(lambda: turn.text == "The lease ")
    await first.turns.leave()
    os.utime(journal_path(first.journal, turn.id), (0, 0))

    second = await make_core()
    await second.turns.recover()
    resumed = await second.turns.resume(turn.id)
    events = [e async for e in resumed.stream(after_seq=0, detached=True)]

    assert second.model.prefixes == ["The lease "]
    assert "".join(e.text for e in events if isinstance(e, Token)) == ANSWER


async def test_the_model_and_the_search_read_the_question_without_its_scope(make_core):
    core = await make_core()
    scope = Scope(documents=("lease",), words=("@lease.txt", "type:txt"))

    first = await core.ask("When does @lease.txt end? type:txt", scope=scope)
    await core.ask("And why that?", conversation_id=first[0].conversation_id)

    assert core.library.queries[0] == "When does end?"
    assert core.library.queries[1] == "When does end?\nAnd why that?"
    prompt = core.model.prompts[0][-1].content
    assert prompt.endswith("Question: When does lease.txt end?")
    question, _ = (await core.store.messages(first[0].conversation_id))[:2]
    assert question.text == "When does @lease.txt end? type:txt"
    assert question.scope == scope


async def test_nothing_in_the_scope_is_said_without_waiting_for_the_embedder(make_core):
    core = await make_core(hits=[], ready=False)
    scope = Scope(kinds=("pdf",), words=("type:pdf",))

    events = await core.ask("When does the lease end? type:pdf", scope=scope)

    answer = events[-1].answer
    assert "nothing within type:pdf" in answer.answer
    assert len(core.library.queries) == 1
    assert answer.finish_reason == "not_found"


async def test_a_scope_alone_is_no_question(make_core):
    core = await make_core()

    with pytest.raises(BadInput, match="no question beside @lease"):
        await core.ask("@lease.txt", scope=Scope(documents=("lease",), words=("@lease.txt",)))


async def test_an_answer_tells_why_it_is_as_it_is(make_core):
    other = chunk("2", "Pets are welcome.", document="pets")
    core = await make_core(hits=[*RELEVANT, (other, 0.2, 1.0)])

    first = await core.ask()
    again = await core.ask("And who signed it?", conversation_id=first[0].conversation_id)

    why = first[-1].answer.why
    assert [(c.document, c.n) for c in why.retrieval.considered] == [("lease", 1), ("pets", 2)]
    assert why.retrieval.signal >= why.retrieval.threshold > 0
    assert why.retrieval.considered[0].scores.dense == 0.8
    assert [use.n for use in why.prompt.sources] == [1, 2]
    assert why.prompt.tokens == await core.model.count_tokens(core.model.prompts[0])
    assert (why.prompt.model, why.prompt.history.turns) == ("scripted", 0)
    later = again[-1].answer.why
    assert later.retrieval.rewritten == "rule" and later.prompt.history.turns == 1
    stored = await core.store.messages(first[0].conversation_id)
    assert stored[-1].answer.why == later


async def test_a_refusal_tells_why_and_that_the_model_was_not_asked(make_core):
    core = await make_core(hits=IRRELEVANT)
    why = (await core.ask("Who won the cup?"))[-1].answer.why
    assert why.retrieval.signal < why.retrieval.threshold and why.prompt is None


async def test_who_continues_a_turn_knows_what_the_first_owner_sent(make_core):
    first = await make_core()
    first.model.gate = asyncio.Semaphore(2)
    turn = await first.begin()
    await eventually(lambda: turn.text == "The lease ")
    await first.turns.leave()

    second = await make_core()
    await second.turns.recover()
    resumed = await second.turns.resume(turn.id)
    events = [e async for e in resumed.stream(after_seq=0, detached=True)]

    assert events[-1].answer.why == turn.why
    assert turn.why.prompt.sources[0].tokens > 0


async def test_a_strong_model_that_is_loaded_makes_a_follow_up_stand_alone(make_core):
    core = await make_core(answer="Who signed the lease?")
    core.model.size = 2_000_000_000
    first = await core.ask()
    again = await core.ask("And who signed it?", conversation_id=first[0].conversation_id)
    assert core.library.queries[1] == "Who signed the lease?"
    assert again[-1].answer.why.retrieval.rewritten == "model"


async def test_a_document_that_was_named_is_read_even_if_it_shares_no_word(make_core):
    core = await make_core(hits=IRRELEVANT)
    scope = Scope(documents=("lease",), words=("@lease.txt",))

    events = await core.ask("Summarise @lease.txt", scope=scope)

    assert events[-1].answer.finish_reason == "end"
    assert "The lease of the house" in core.model.prompts[0][-1].content
