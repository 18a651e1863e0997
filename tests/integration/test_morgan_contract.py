"""What every implementation of ``Morgan`` must do.

To put another implementation under this contract, add its name to ``IMPLEMENTATIONS`` and a
context manager of that name to ``_open``; it yields a started Morgan that answers ``count N``
with at least N tokens and any other question at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest

from morgan_core.assistant import Morgan
from morgan_core.client import MorganClient
from morgan_core.errors import BadInput, ModelError, NotFound, RemoteError
from morgan_core.events import (
    CountsChanged,
    DocumentChanged,
    Done,
    Failed,
    HealthChanged,
    Queued,
    Sources,
    Token,
)
from morgan_core.server.listen import listen_private, listen_tcp
from morgan_core.server.state import ServerState
from morgan_core.settings import Settings
from morgan_core.types import Scope
from tests.counting_core import counting_core
from tests.helpers import eventually
from tests.journalled_core import JournalledMorgan, make_paths

# "core" is LocalMorgan with all its stores and children; the others show that what stands
# between a face and a core adds and loses nothing.
IMPLEMENTATIONS = ["core", "local", "socket", "tcp"]


@asynccontextmanager
async def _open(implementation: str, root: Path, *, pace: float = 0.0) -> AsyncIterator[Morgan]:
    paths = make_paths(root)
    paths.create()
    if implementation == "core":
        async with counting_core(paths, pace=pace) as core:
            yield core
        return
    core = JournalledMorgan(None, paths, pace=pace)
    await core.start()
    settings = Settings()
    try:
        if implementation == "local":
            yield core
        elif implementation == "socket":
            listener = await listen_private(core, settings, paths, ServerState())
            yield MorganClient(f"unix:{listener.socket}")
            await listener.close()
        elif implementation == "tcp":
            keyed = Settings(api_key="the key")  # type: ignore[arg-type]
            listener = await listen_tcp(core, keyed, paths, ServerState(), "127.0.0.1", 0)
            yield MorganClient(listener.url, api_key="the key")
            await listener.close()
    finally:
        await core.close()


@pytest.fixture(params=IMPLEMENTATIONS)
def implementation(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def morgan(implementation: str, tmp_path: Path) -> AsyncIterator[Morgan]:
    async with _open(implementation, tmp_path) as morgan:
        yield morgan


@pytest.fixture
def document(tmp_path: Path) -> str:
    path = tmp_path / "läse.md"
    path.write_text("The lease ends in March 2031.")
    return str(path)


def _takes_paths(implementation: str) -> bool:
    return implementation != "tcp"


async def _learn(morgan: Morgan, path: str) -> str:
    job = await morgan.learn([path])

    async def done() -> bool:
        return (await morgan.jobs.get(job.id)).state == "done"

    await eventually(done)
    return (await morgan.jobs.get(job.id)).documents[0].id


# --- turns -------------------------------------------------------------------------------


async def test_a_turn_streams_events_numbered_without_gaps_and_ends_with_done(morgan: Morgan):
    events = [event async for event in morgan.ask("count 5")]

    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert isinstance(events[0], Queued)
    assert isinstance(events[-1], Done)
    text = "".join(event.text for event in events if isinstance(event, Token))
    assert text == events[-1].answer.answer


async def test_an_answer_from_the_models_own_knowledge_says_so_before_its_first_word(
    morgan: Morgan,
):
    scope = Scope(own_knowledge=True)
    events = [event async for event in morgan.ask("count 3", scope=scope)]

    kinds = [type(event) for event in events]
    [found] = [event for event in events if isinstance(event, Sources)]
    assert found.own_knowledge and not found.sources
    assert kinds.index(Sources) < kinds.index(Token)
    answer = events[-1].answer
    assert answer.own_knowledge and not answer.grounded
    assert not (answer.sentences or answer.citations or answer.sources)


async def test_an_empty_question_is_refused(morgan: Morgan):
    with pytest.raises(BadInput):
        await anext(morgan.ask("  "))


async def test_an_unknown_conversation_is_not_found(morgan: Morgan):
    with pytest.raises(NotFound):
        await anext(morgan.ask("hello", conversation_id="nowhere"))


async def test_the_caller_may_name_the_turn_and_asking_again_does_not_save_it_twice(
    morgan: Morgan,
):
    name = "0" * 32
    first = [event async for event in morgan.ask("count 3", turn_id=name)]

    again = [event async for event in morgan.ask("count 3", turn_id=name)]

    assert again == first
    assert {event.turn_id for event in first} == {name}
    assert len(await morgan.conversations.list()) == 1


async def test_a_turn_resumes_after_a_seq(morgan: Morgan):
    events = [event async for event in morgan.ask("count 5")]

    rest = [event async for event in morgan.resume(events[0].turn_id, after_seq=4)]

    assert rest == events[4:]


async def test_resuming_an_unknown_turn_is_not_found(morgan: Morgan):
    with pytest.raises(NotFound):
        await anext(morgan.resume("f" * 32))


async def test_closing_the_stream_stops_the_turn(implementation: str, tmp_path: Path):
    async with _open(implementation, tmp_path, pace=0.01) as morgan:
        async with aclosing(morgan.ask("count 2000")) as events:
            async for event in events:
                if isinstance(event, Token):
                    break

        last = [event async for event in morgan.resume(event.turn_id)][-1]

    assert isinstance(last, Done)
    assert last.answer.finish_reason == "stopped"


async def test_a_detached_turn_goes_on_without_its_reader(implementation: str, tmp_path: Path):
    async with _open(implementation, tmp_path, pace=0.001) as morgan:
        async with aclosing(morgan.ask("count 50", detached=True)) as events:
            first = await anext(events)

        last = [event async for event in morgan.resume(first.turn_id)][-1]

    assert isinstance(last, Done)
    assert last.answer.finish_reason == "end"


async def test_stop_ends_the_turn_and_keeps_what_had_streamed(implementation: str, tmp_path: Path):
    seen = []
    async with _open(implementation, tmp_path, pace=0.01) as morgan:
        async for event in morgan.ask("count 2000"):
            seen.append(event)
            if isinstance(event, Token) and event.text == "3 ":
                await morgan.stop(event.turn_id)

    assert isinstance(seen[-1], Done)
    assert seen[-1].answer.answer.startswith("0 1 2 3 ")
    assert len(seen) < 1000


async def test_a_model_that_fails_ends_the_turn_with_its_reason(
    morgan: Morgan, implementation: str
):
    last = [event async for event in morgan.ask("fail")][-1]

    assert isinstance(last, Failed) and last.details["mend"]
    assert last.error == (RemoteError.code if implementation == "core" else ModelError.code)


# --- search and the library --------------------------------------------------------------


async def test_what_is_learned_is_found_listed_and_shown(
    morgan: Morgan, implementation: str, document: str
):
    if not _takes_paths(implementation):
        pytest.skip("free paths are refused over TCP; see tests/server")
    learned = await _learn(morgan, document)

    found = await morgan.search("March", scope=Scope(documents=(learned,)))
    listing = await morgan.library.list()
    window = await morgan.library.text(learned, start=4, end=9, context=4)

    assert [passage.path for passage in found.results] == [document]
    assert [each.id for each in listing.documents] == [learned]
    assert listing.counts == await morgan.library.counts()
    assert (window.offset, window.text) == (0, "The lease end")


async def test_what_is_forgotten_is_gone(morgan: Morgan, implementation: str, document: str):
    if not _takes_paths(implementation):
        pytest.skip("free paths are refused over TCP; see tests/server")
    await _learn(morgan, document)

    job = await morgan.forget([document])

    assert job.kind == "forget"
    assert (await morgan.jobs.get(job.id)).id == job.id
    assert (await morgan.library.list()).documents == ()
    assert (await morgan.search("March")).results == ()


async def test_what_was_forgotten_is_proven_gone_and_what_was_not_is_left(
    morgan: Morgan, implementation: str, document: str
):
    if not _takes_paths(implementation):
        pytest.skip("free paths are refused over TCP; see tests/server")
    learned = await _learn(morgan, document)
    before = await morgan.prove([document, learned])
    job = await morgan.forget([document])

    async def done() -> bool:
        return (await morgan.jobs.get(job.id)).state == "done"

    await eventually(done)
    after = await morgan.prove([document, learned])

    assert not before.clean and sum(check.left for check in before.checks)
    assert after.clean and after.checks and not any(check.left for check in after.checks)


async def test_of_what_was_never_there_nothing_is_left(morgan: Morgan):
    proof = await morgan.prove(["/nowhere/at all.md"])

    assert proof.clean and proof.checks and proof.answers == ()


async def test_an_unknown_document_is_not_found(morgan: Morgan):
    with pytest.raises(NotFound):
        await morgan.library.text("nothing")
    with pytest.raises(NotFound):
        await morgan.library.retry("nothing")


async def test_an_unknown_job_is_not_found(morgan: Morgan):
    with pytest.raises(NotFound):
        await morgan.jobs.get("nothing")


async def test_changes_begin_with_the_present_state_and_go_on(
    morgan: Morgan, implementation: str, document: str
):
    if not _takes_paths(implementation):
        pytest.skip("free paths are refused over TCP; see tests/server")
    seen = []

    async def follow() -> None:
        async with aclosing(morgan.library.changes()) as changes:
            async for change in changes:
                seen.append(change)

    following = asyncio.create_task(follow())
    await eventually(lambda: any(isinstance(change, HealthChanged) for change in seen))
    await _learn(morgan, document)
    await eventually(lambda: any(isinstance(change, DocumentChanged) for change in seen))
    following.cancel()

    assert isinstance(seen[0], CountsChanged)


async def test_the_library_is_paused_and_goes_on(morgan: Morgan):
    paused = await morgan.library.pause()
    listed = (await morgan.library.list()).counts
    resumed = await morgan.library.resume()

    assert paused.paused and listed.paused
    assert not resumed.paused
    assert await morgan.library.counts() == resumed


async def test_folders_are_watched_and_unwatched(
    morgan: Morgan, implementation: str, tmp_path: Path
):
    if not _takes_paths(implementation):
        pytest.skip("free paths are refused over TCP; see tests/server")
    folder = tmp_path / "a folder & more"
    folder.mkdir()

    await morgan.watches.add(str(folder))
    watched = [each.path for each in await morgan.watches.list()]
    await morgan.watches.remove(str(folder), forget=True)

    assert watched == [str(folder)]
    assert await morgan.watches.list() == []
    with pytest.raises(NotFound):
        await morgan.watches.remove(str(folder))
    with pytest.raises(BadInput):
        await morgan.watches.add(str(folder / "missing"))


# --- conversations, models, health -------------------------------------------------------


async def test_conversations_are_listed_read_renamed_searched_and_deleted(morgan: Morgan):
    done = [event async for event in morgan.ask("where is the lease?")][-1]
    conversation = done.answer.conversation_id
    await _finish(morgan.ask("and the deposit?", conversation_id=conversation))

    renamed = await morgan.conversations.rename(conversation, "The läse")
    messages = await morgan.conversations.messages(conversation, limit=3)
    earlier = await morgan.conversations.messages(conversation, before=messages[0].id)
    found = await morgan.conversations.search("deposit and", limit=5)

    assert renamed.title == "The läse"
    assert await morgan.conversations.get(conversation) == renamed
    assert [message.role for message in messages] == ["assistant", "user", "assistant"]
    assert [message.text for message in earlier] == ["where is the lease?"]
    assert "and the deposit?" in {message.text for message in found}

    await morgan.conversations.delete(conversation)

    assert await morgan.conversations.list() == []
    with pytest.raises(NotFound):
        await morgan.conversations.get(conversation)


async def test_models_are_listed_used_tested_and_pulled(morgan: Morgan, implementation: str):
    if implementation == "core":
        pytest.skip("its model is remote; models on the machine are in test_llm_*")
    name = (await morgan.models.list())[0].name

    assert (await morgan.models.use(name)).state == "active"
    assert (await morgan.models.test(name)).name == name
    with pytest.raises(NotFound):
        await morgan.models.use("no such model")
    with pytest.raises(NotFound):
        await anext(morgan.models.pull("no such model"))
    pulled = [state async for state in morgan.models.pull(name)]
    assert pulled[-1].state == "present"


async def test_health_tells_what_works(morgan: Morgan):
    async def is_ok() -> bool:
        return (await morgan.health()).status == "ok"

    await eventually(is_ok)

    assert (await morgan.health()).components["llm"] == "ok"


async def _finish(events: AsyncIterator[object]) -> None:
    async for _ in events:
        pass
