"""``forget --prove``: nothing of a document is left in any store, and a look that finds what is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from morgan_core.embedding.cache import text_hash
from morgan_core.events import Done
from morgan_core.library.readers.base import Extracted
from morgan_core.library.room import LibraryRoom
from morgan_core.types import Document
from tests.counting_core import counting_core
from tests.helpers import eventually
from tests.integration.index_parts import chunk
from tests.journalled_core import make_paths
from tests.library_parts import library_in, room_in, vector_of

SECRET = "The password of the safe is heron."


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[LibraryRoom]:
    async with room_in(tmp_path) as room:
        yield room


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "secret.md"


async def learn(room: LibraryRoom, path: Path, text: str) -> Document:
    path.write_text(text)
    job = await room.jobs.learn(f"learn {text}", [str(path)], watch=False)
    await eventually(lambda: room.jobs.get(job.id).state == "done")

    async def written() -> bool:
        return not (await room._catalogue.load()).journal

    await eventually(written)
    return room.jobs.get(job.id).documents[0]


async def forget(room: LibraryRoom, path: Path) -> None:
    job = await room.jobs.forget("forget", [str(path)])
    await eventually(lambda: room.jobs.get(job.id).state == "done")


async def left(room: LibraryRoom, *names: str) -> dict[str, int]:
    """What is left in each store that has something left."""
    checks = await room.requests.check_forgotten(names)
    return {check.store: check.left for check in checks if check.left}


async def test_a_document_that_is_there_is_left_in_every_catalogue_and_in_the_index(
    room: LibraryRoom, path: Path
):
    document = await learn(room, path, SECRET)

    assert await left(room, str(path)) == {"files": 1, "points at the path": 1}
    assert await left(room, document.id) == {
        "files": 1,
        "documents": 1,
        "chunks": 1,
        "points without a document": 1,
    }
    assert (await left(room, str(path.parent)))["points at the path"] == 1


async def test_nothing_is_left_of_what_was_forgotten_and_it_says_how_much_that_was(
    room: LibraryRoom, path: Path
):
    document = await learn(room, path, SECRET)

    await forget(room, path)

    assert await left(room, str(path), document.id) == {}
    assert [each.path for each in room.jobs.get("forget").documents] == [str(path)]


async def test_vectors_of_earlier_revisions_go_too(room: LibraryRoom, path: Path):
    await learn(room, path, SECRET)
    await learn(room, path, "There is no password.")
    assert text_hash(SECRET) in room._cache.hashes()

    await forget(room, path)

    assert room._cache.hashes() == set()


async def test_a_vector_that_was_being_computed_does_not_come_back(tmp_path: Path, path: Path):
    async with library_in(tmp_path) as library:
        library.embedder.gate.clear()
        path.write_text(SECRET)
        await library.service.learn([str(path)])
        await eventually(lambda: library.embedder.called)
        forgotten = await library.service.forget([str(path)])
        assert (await library.done(forgotten)).state == "done"
        library.embedder.gate.set()
        other = tmp_path / "other.md"
        other.write_text("The heron fishes.")
        await library.service.learn([str(other)])
        await library.in_state("other.md")

        checks = await library.service.check_forgotten([str(path)])

        assert library.embedder.texts[0] == SECRET
        assert {check.store: check.looked_at for check in checks}["cached vectors"] == 1
        assert not any(check.left for check in checks if check.store != "journal")


async def test_what_another_document_shares_stays(room: LibraryRoom, path: Path, tmp_path: Path):
    await learn(room, path, SECRET)
    other = await learn(room, tmp_path / "other.md", f"{SECRET}\n")

    await forget(room, path)

    assert await left(room, str(path)) == {}
    assert room._cache.hashes() == {text_hash(SECRET)}
    assert room._texts.get(room.manifest.documents[other.id].sha256) is not None


async def test_every_leftover_is_found_and_the_next_forget_clears_it(room: LibraryRoom, path: Path):
    await learn(room, path, "The heron fishes.")
    room._texts.put("a" * 64, Extracted(sha256="a" * 64, kind="text", text=SECRET, bytes=1))
    room._cache.put_many({text_hash(SECRET): vector_of(SECRET)})
    await room._index.upsert_words([chunk(SECRET, "stray", folders=("/gone",))])

    found = await left(room, "/gone/stray.md")
    await forget(room, path)

    assert found == {
        "texts": 1,
        "cached vectors": 1,
        "points without a document": 1,
        "points at the path": 1,
    }
    assert await left(room, "/gone/stray.md") == {}


async def test_past_answers_that_quote_it_are_listed_until_their_conversation_is_deleted(
    tmp_path: Path,
):
    paths = make_paths(tmp_path)
    paths.create()
    path, renamed = tmp_path / "lease.md", tmp_path / "renamed.md"
    path.write_text("The lease ends in March 2031.")
    async with counting_core(paths) as morgan:
        job = await morgan.learn([str(path)])

        async def ready() -> bool:
            return (await morgan.jobs.get(job.id)).state == "done"

        await eventually(ready)
        done = [event async for event in morgan.ask("When does the lease end?")][-1]
        assert isinstance(done, Done) and done.answer.sources
        document = done.answer.sources[0].passage.document
        path.rename(renamed)

        by_path = await morgan.prove([str(path)])
        by_id = await morgan.prove([document])
        by_folder = await morgan.prove([str(tmp_path)])
        elsewhere = await morgan.prove([str(tmp_path / "leas")])
        await morgan.conversations.delete(done.answer.conversation_id)
        deleted = await morgan.prove([str(path)])

    (answer,) = by_path.answers
    assert answer.question == "When does the lease end?"
    assert answer.conversation_id == done.answer.conversation_id
    assert by_id.answers == by_folder.answers == by_path.answers
    assert elsewhere.answers == deleted.answers == ()
    assert {check.store: check.left for check in deleted.checks}["journals of turns"] == 0
