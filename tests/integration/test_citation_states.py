"""When an old conversation is opened, each citation says what has become of its quote."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from morgan_core.events import Done
from morgan_core.local import LocalMorgan
from morgan_core.local.citation_states import with_states
from morgan_core.settings import load_settings
from morgan_core.types import Answer, Citation, Document, Message
from tests.counting_core import chat_settings, counting_host, embedding_settings
from tests.helpers import eventually
from tests.journalled_core import make_paths
from tests.library_parts import TestLibrary, library_in

TEXT = "Herons fish.\n\nThe walrus sleeps on the ice.\n"
QUOTE = "The walrus sleeps on the ice."


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[TestLibrary]:
    (tmp_path / "docs").mkdir()
    async with library_in(tmp_path) as library:
        await library.service.watch_add(str(tmp_path / "docs"))
        yield library


@pytest.fixture
async def file(tmp_path: Path) -> Path:
    file = tmp_path / "docs" / "a.txt"
    file.write_text(TEXT)
    return file


def cite(document: Document, *, quote: str = QUOTE, start: int = TEXT.index(QUOTE)) -> Citation:
    return Citation(
        n=1,
        document=document.id,
        path=document.path,
        page=None,
        heading="",
        start=start,
        end=start + len(quote),
        quote=quote,
        verified=True,
        revision=document.revision,
    )


async def test_an_unchanged_document_keeps_its_citations_current(library, file):
    citation = cite(await library.in_state("a.txt"))
    assert await library.service.place([citation]) == [citation]


async def test_a_quote_that_moved_is_current_at_its_new_place(library, file):
    citation = cite(await library.in_state("a.txt"))
    changed = f"A new line.\n\n{TEXT.replace('walrus sleeps', 'walrus  sleeps')}"
    file.write_text(changed)
    await eventually(lambda: library.found("line"))

    [now] = await library.service.place([citation])

    assert now.state == "current" and now.revision > citation.revision
    assert changed[now.start : now.end] == "The walrus  sleeps on the ice."


async def test_of_several_places_the_nearest_is_taken(library, file):
    citation = cite(await library.in_state("a.txt"), quote="fish", start=60)
    changed = "One fish.\n" + "Something else.\n" * 4 + "Another fish, and a heron.\n"
    file.write_text(changed)
    await eventually(lambda: library.found("another"))

    [now] = await library.service.place([citation])

    assert now.start == changed.rindex("fish")


async def test_a_quote_that_was_edited_away_is_stale(library, file):
    citation = cite(await library.in_state("a.txt"))
    file.write_text("Herons fish.\n\nThe walrus dances.\n")
    await eventually(lambda: library.found("dances"))

    [now] = await library.service.place([citation])

    assert (now.state, now.start, now.quote) == ("stale", citation.start, QUOTE)


async def test_the_citations_of_a_deleted_document_are_gone_and_come_back_with_it(library, file):
    citation = cite(await library.in_state("a.txt"))
    file.unlink()

    async def state() -> str:
        return (await library.service.place([citation]))[0].state

    async def is_gone() -> bool:
        return await state() == "gone"

    async def is_current() -> bool:
        return await state() == "current"

    await eventually(is_gone)
    file.write_text(TEXT)
    await eventually(is_current)


async def test_a_renamed_document_is_cited_at_its_new_path(library, file):
    citation = cite(await library.in_state("a.txt"))
    file.rename(file.with_name("b.txt"))
    await library.in_state("b.txt")

    [now] = await library.service.place([citation])

    assert now.state == "current" and now.path.endswith("b.txt")


async def test_while_the_library_cannot_tell_the_state_is_unknown(library, file):
    citation = cite(await library.in_state("a.txt"))
    answer = Answer(answer="It sleeps [1].", citations=(citation,))
    message = Message(
        id="m",
        conversation_id="c",
        turn_id="t",
        role="assistant",
        text=answer.answer,
        state="complete",
        created=0.0,
        answer=answer,
    )
    await library.service.stop()

    [now] = await with_states([message], library.service)

    assert now.answer is not None and now.answer.citations[0].state == "unknown"


async def test_an_old_conversation_tells_that_its_source_was_edited(tmp_path):
    paths = make_paths(tmp_path)
    paths.create()
    file = tmp_path / "walrus.txt"
    file.write_text(TEXT)
    async with counting_host(says=["The walrus ", "sleeps ", "on the ice."]) as url:
        flags = {**chat_settings(url), **embedding_settings(url)}
        async with LocalMorgan(load_settings(paths, flags=flags, environ={}), paths) as morgan:
            job = await morgan.learn([str(file)])
            await eventually(lambda: _done(morgan, job.id))
            events = [e async for e in morgan.ask("Where does the walrus sleep on the ice?")]
            assert isinstance(events[-1], Done)
            asked = events[-1].answer
            assert [c.state for c in asked.citations] == ["current"]
            assert asked.citations[0].revision > 0

            file.write_text("Herons fish.\n")
            await morgan.learn([str(file)])

            async def is_stale() -> bool:
                _, answer = await morgan.conversations.messages(asked.conversation_id)
                assert answer.answer is not None
                return [c.state for c in answer.answer.citations] == ["stale"]

            await eventually(is_stale)


async def _done(morgan: LocalMorgan, job: str) -> bool:
    return (await morgan.jobs.get(job)).state == "done"
