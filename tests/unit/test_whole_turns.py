"""A turn that a tool answers: no model, no search, counted and stored."""

from __future__ import annotations

import asyncio

import pytest

from morgan_core.chat.turns import Turns
from morgan_core.events import Checked, Done, Failed, Progress, Prompted, Searching, Sources, Token
from morgan_core.library.mentions import Mention, Mentions
from morgan_core.retrieval.search import Searcher
from morgan_core.settings import Settings
from morgan_core.storage.conversations import ConversationStore
from morgan_core.storage.engine import database_url, open_engine
from morgan_core.storage.migrate import migrate
from morgan_core.types import Document, DocumentText, LibraryCounts, LibraryListing, Scope
from tests.core_fakes import ListLibrary, ReadyEmbedder, ScriptedModel, chunk
from tests.helpers import eventually

LEASE = chunk("1", "The lease of the house ends on 31 March 2027.", document="lease", start=40)
ANSWER = "The lease ends on 31 March 2027."
SUMMED_UP = "The keeper may close the dome without asking. The dome has one keeper at night."


class Shelf:
    """Documents ``d0`` … of one sentence each; ``gate`` holds the scan before each piece."""

    def __init__(self, count: int) -> None:
        self.documents = tuple(
            Document(
                id=f"d{n}",
                path=f"/docs/d{n}.md",
                paths=(f"/docs/d{n}.md",),
                state="ready",
                kind="markdown",
                passages=1,
                revision=1,
            )
            for n in range(count)
        )
        self.gate: asyncio.Semaphore | None = None
        self.has_texts = True
        self.asked = 0

    async def list(self):
        return LibraryListing(documents=self.documents, folders=(), counts=LibraryCounts())

    async def mentions(self, documents, phrases, *, most):
        self.asked += 1
        if self.gate:
            await self.gate.acquire()
        if not self.has_texts:
            return [Mentions(document=d) for d in documents]
        place = Mention(start=0, end=9, text="The dome.")
        return [Mentions(document=d, revision=1, counts=(1,), places=(place,)) for d in documents]

    async def passages(self, document):
        return [chunk(f"{document}-1", SUMMED_UP, document=document)]

    async def text(self, document, *, start=0, end=None, context=2000):
        return DocumentText(
            document=document, path=f"/docs/{document}.md", offset=start, text="", total=99
        )

    async def vectors(self, ids):
        return {}


class Core:
    def __init__(self, directory, shelf: Shelf) -> None:
        self.engine = open_engine(database_url("", directory / "morgan.db"))
        self.store = ConversationStore(self.engine)
        self.model = ScriptedModel(ANSWER)
        self.library = ListLibrary([(LEASE, 0.8, 12.0)])
        self.shelf = shelf
        self.turns = Turns(
            store=self.store,
            journal=directory / "journal",
            searcher=Searcher(self.library, ReadyEmbedder()),
            model=lambda: self.model,
            settings=Settings(),
            shelf=shelf,
        )

    async def begin(self, question, **kwargs):
        fields = {"conversation_id": None, "scope": None, "context": "", "turn_id": None} | kwargs
        return await self.turns.begin(question, **fields)

    async def ask(self, question, **kwargs):
        turn = await self.begin(question, **kwargs)
        return [event async for event in turn.stream(after_seq=0, detached=False)]


@pytest.fixture
async def make_core(tmp_path):
    cores = []

    async def make(shelf=None):
        core = Core(tmp_path, shelf or Shelf(3))
        await migrate(core.engine)
        cores.append(core)
        return core

    yield make
    for core in cores:
        await core.turns.leave()
        await core.engine.dispose()


async def test_a_count_is_told_at_once_without_a_model_and_without_a_search(make_core):
    core = await make_core()

    events = await core.ask("How many documents do I have?")

    answer = events[-1].answer
    assert answer.method == "counted" and answer.grounded and answer.finish_reason == "end"
    assert answer.answer == "Counted in your library: **3 documents**."
    assert not core.model.prompts and not core.library.queries
    assert not [e for e in events if isinstance(e, Searching | Prompted | Checked)]
    [sources] = [e for e in events if isinstance(e, Sources)]
    assert sources.method == "counted"
    [_, stored] = await core.store.messages(answer.conversation_id)
    assert stored.state == "complete" and stored.answer == answer


async def test_listed_documents_are_its_sources(make_core):
    core = await make_core()
    answer = (await core.ask("List all documents"))[-1].answer
    assert [s.passage.document for s in answer.sources] == ["d0", "d1", "d2"]
    [_, stored] = await core.store.messages(answer.conversation_id)
    assert stored.sources == answer.sources


async def test_a_scan_cites_a_sentence_of_each_document(make_core):
    core = await make_core()
    answer = (await core.ask("Which documents mention the dome?"))[-1].answer
    assert [(c.n, c.document, c.quote, c.verified) for c in answer.citations] == [
        (n, f"d{n - 1}", "The dome.", True) for n in (1, 2, 3)
    ]
    cited = [s.citations for s in answer.sentences if s.citations]
    assert cited == [(1,), (2,), (3,)]


async def test_before_any_text_is_read_a_scan_does_not_claim_that_the_words_stand_nowhere(
    make_core,
):
    core = await make_core()
    core.shelf.has_texts = False
    answer = (await core.ask("Which documents mention the dome?"))[-1].answer
    assert "no document can be looked through yet for “dome”" in answer.answer
    assert "3 documents could not be read or are still to be read" in answer.answer
    assert "none" not in answer.answer


async def test_an_ordinary_question_goes_the_ordinary_way(make_core):
    core = await make_core()
    answer = (await core.ask("When does the lease end?"))[-1].answer
    assert answer.method == "generated" and answer.citations and core.model.prompts


@pytest.mark.parametrize(
    "given", [{"context": "A list of documents."}, {"scope": Scope(own_knowledge=True)}]
)
async def test_text_given_with_it_and_own_knowledge_are_never_for_the_tools(make_core, given):
    core = await make_core()
    answer = (await core.ask("How many documents do I have?", **given))[-1].answer
    assert answer.method == "generated" and core.model.prompts


async def test_of_a_long_list_the_model_later_reads_the_first_line_only(make_core):
    core = await make_core()
    first = (await core.ask("List all documents"))[-1].answer

    await core.ask("When does the lease end?", conversation_id=first.conversation_id)

    [prompt] = core.model.prompts
    assert [m.content for m in prompt[1:3]] == [
        "List all documents",
        "Counted in your library: **3 documents**.",
    ]


async def test_a_scan_tells_how_far_it_is_and_can_be_stopped(make_core):
    core = await make_core(Shelf(100))
    core.shelf.gate = asyncio.Semaphore(0)
    turn = await core.begin("Which documents mention the dome?")
    await eventually(lambda: core.shelf.asked)
    assert [(e.done, e.total, e.unit) for e in turn.events if isinstance(e, Progress)] == [
        (0, 100, "document")
    ]

    core.turns.stop(turn.id)

    await eventually(lambda: turn.finished)
    assert turn.events[-1].answer.finish_reason == "stopped" and core.shelf.asked == 1


async def test_a_scan_that_an_owner_left_is_made_again_by_the_next(make_core):
    shelf = Shelf(3)
    first = await make_core(shelf)
    shelf.gate = asyncio.Semaphore(0)
    turn = await first.begin("Which documents mention the dome?")
    await eventually(lambda: shelf.asked)
    await first.turns.leave()
    shelf.gate = None

    second = await make_core(shelf)
    resumed = await second.turns.resume(turn.id)
    events = [event async for event in resumed.stream(after_seq=0, detached=True)]

    assert isinstance(events[-1], Done) and len(events[-1].answer.citations) == 3
    assert len([e for e in events if isinstance(e, Token)]) == 1


async def test_a_summary_in_the_documents_own_words_is_checked_as_any_answer(make_core):
    core = await make_core()

    events = await core.ask("Summarise d1")

    answer = events[-1].answer
    assert answer.method == "extracted" and answer.grounded and not core.model.prompts
    assert [(s.status, s.citations) for s in answer.sentences] == [("supported", (1,))] * 2
    assert answer.citations[0].quote == SUMMED_UP
    assert [e.sentence.status for e in events if isinstance(e, Checked)] == ["supported"] * 2


async def test_this_document_is_the_one_that_the_last_answer_cites(make_core):
    core = await make_core()
    first = (await core.ask("Summarise d1"))[-1].answer

    events = await core.ask("Summarise this", conversation_id=first.conversation_id)

    assert events[-1].answer.citations[0].document == "d1"


async def test_when_nobody_can_tell_which_document_is_meant_the_turn_asks_for_its_name(make_core):
    core = await make_core()
    failed = (await core.ask("Summarise this document"))[-1]
    assert isinstance(failed, Failed)
    assert "which document is meant" in failed.message and "@" in failed.details["mend"]


async def test_a_small_model_lets_the_documents_say_what_is_to_be_compared(make_core):
    core = await make_core()
    answer = (await core.ask("Compare the lease and the house"))[-1].answer
    assert answer.method == "extracted" and answer.grounded and not core.model.prompts
    assert [topic.text for topic in answer.why.retrieval.topics] == ["lease", "house"]
    assert answer.citations[0].quote == LEASE.text


async def test_a_strong_model_compares_by_itself(make_core):
    core = await make_core()
    core.model.size = 2_000_000_000
    answer = (await core.ask("Compare the lease and the house"))[-1].answer
    assert answer.method == "generated" and core.model.prompts
    assert [topic.text for topic in answer.why.retrieval.topics] == ["lease", "house"]


async def test_of_a_comparison_that_cannot_be_made_it_is_said_what_was_not_found(make_core):
    core = await make_core()
    core.library.hits = [(LEASE, 0.05, 1.0)]
    answer = (await core.ask("Compare the lease and the helicopter"))[-1].answer
    assert answer.finish_reason == "not_found" and not core.model.prompts
    assert answer.answer.startswith("I found nothing about “helicopter” in your documents.")
