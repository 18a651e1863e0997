"""What people ask for: learn, forget, watch, retry."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from morgan_core.errors import BadInput, NotFound
from morgan_core.index.factory import make_index
from morgan_core.settings import Settings
from morgan_core.storage.catalogue import Catalogue
from morgan_core.storage.catalogue_rows import JobRow
from morgan_core.storage.engine import database_url
from morgan_core.types import Scope
from tests.helpers import eventually
from tests.hits import ask
from tests.library_parts import TestLibrary, library_in, make_database, paths_in


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.txt").write_text("The walrus sleeps.")
    (folder / "b.txt").write_text("The heron fishes.")
    return folder


@pytest.fixture
async def library(tmp_path: Path, docs: Path) -> AsyncIterator[TestLibrary]:
    async with library_in(tmp_path) as library:
        yield library


async def test_a_learned_folder_is_done_when_every_file_is_ready_or_failed(
    library: TestLibrary, docs: Path
) -> None:
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing of a document")
    (docs / ".hidden").write_text("hidden")

    job = await library.learned(docs)

    assert job.state == "done"
    assert sorted(d.state for d in job.documents) == ["failed", "ready", "ready"]
    assert job.skipped == {str(docs): "1 hidden"}
    assert await library.service.watch_list() == []


async def test_a_job_tells_how_many_vectors_it_reused_and_how_many_it_embedded(
    library: TestLibrary, tmp_path: Path
) -> None:
    folder = tmp_path / "long"
    folder.mkdir()
    lines = [f"Line {n} tells of animal{n}, and of nothing else at all." for n in range(2000)]
    (folder / "long.txt").write_text("\n".join(lines))
    first = await library.learned(folder)
    again = await library.learned(folder)
    lines.insert(1000, "A line that was not there.")
    (folder / "long.txt").write_text("\n".join(lines))

    edited = await library.learned(folder)

    passages = edited.documents[0].passages
    assert passages > 100
    assert (first.reused, first.embedded) == (0, first.documents[0].passages)
    assert (again.reused, again.embedded) == (0, 0)
    assert edited.reused + edited.embedded == passages
    assert 1 <= edited.embedded <= 15
    assert edited.documents[0].reused == edited.reused


async def test_what_was_written_a_moment_ago_is_learned_before_the_job_is_done(
    library: TestLibrary, tmp_path: Path
) -> None:
    folder = tmp_path / "fresh"
    folder.mkdir()
    (folder / "known.txt").write_text("The otter swims.")
    await library.learned(folder)
    (folder / "new.txt").write_text("The lynx waits.")
    (folder / "known.txt").write_text("The badger digs.")

    job = await library.learned(folder)

    assert sorted(d.path for d in job.documents if d.state == "ready") == [
        str(folder / "known.txt"),
        str(folder / "new.txt"),
    ]
    assert job.skipped == {}
    assert await library.found("lynx") == ["new.txt"]
    assert await library.found("badger") == ["known.txt"]


async def test_a_file_that_is_still_being_written_is_learned_when_it_is_whole(
    library: TestLibrary, tmp_path: Path
) -> None:
    folder = tmp_path / "growing"
    folder.mkdir()
    stop = threading.Event()

    def write() -> None:
        with (folder / "log.txt").open("w") as file:
            while not stop.wait(0.001):
                file.write("The walrus sleeps. ")
                file.flush()
            file.write("The lynx waits.")

    writing = asyncio.create_task(asyncio.to_thread(write))
    await eventually(lambda: (folder / "log.txt").exists())
    job = await library.service.learn([str(folder)])
    stop.set()
    await writing

    finished = await library.done(job)

    assert [d.path for d in finished.documents] == [str(folder / "log.txt")]


async def test_a_path_that_is_not_there_is_named(library: TestLibrary, docs: Path) -> None:
    with pytest.raises(BadInput, match=r"nowhere\.txt"):
        await library.service.learn([str(docs / "nowhere.txt")])
    with pytest.raises(BadInput, match=r"relative\.txt"):
        await library.service.learn(["relative.txt"])


async def test_a_secret_is_skipped_even_when_it_is_named(library: TestLibrary, docs: Path) -> None:
    (docs / ".env").write_text("PASSWORD=walrus")

    job = await library.learned(docs / ".env")

    assert job.skipped[str(docs / ".env")].startswith("secret")
    assert job.documents == ()


async def test_one_learned_file_is_followed_for_edits(library: TestLibrary, docs: Path) -> None:
    job = await library.learned(docs / "a.txt")

    assert [d.path for d in job.documents] == [str(docs / "a.txt")]
    assert sorted(await library.documents()) == ["a.txt"]


async def test_a_learned_file_that_was_edited_or_deleted_is_noticed_at_the_next_start(
    tmp_path: Path, docs: Path
) -> None:
    async with library_in(tmp_path) as library:
        await library.learned(docs)
    (docs / "a.txt").write_text("The lynx waits.")
    (docs / "b.txt").unlink()
    (docs / "c.txt").write_text("The otter swims.")

    async with library_in(tmp_path) as library:
        await eventually(lambda: library.found("lynx"))

        async def only_a() -> bool:
            return sorted(await library.documents()) == ["a.txt"]

        await eventually(only_a)


async def test_learn_with_watch_keeps_the_folder_watched(library: TestLibrary, docs: Path) -> None:
    await library.done(await library.service.learn([str(docs)], watch=True))

    (docs / "c.txt").write_text("The lynx waits.")

    await eventually(lambda: library.found("lynx"))
    assert [f.path for f in await library.service.watch_list()] == [str(docs)]


async def test_a_forgotten_file_is_gone_at_once_and_kept_out(
    library: TestLibrary, docs: Path
) -> None:
    await library.done(await library.service.learn([str(docs)], watch=True))

    job = await library.service.forget([str(docs / "a.txt")])
    assert await library.found("walrus") == []
    assert (await library.done(job)).state == "done"
    (docs / "a.txt").write_text("The walrus sleeps again.")
    (docs / "c.txt").write_text("The lynx waits.")
    await eventually(lambda: library.found("lynx"))

    assert await library.found("walrus") == []
    assert "a.txt" not in await library.documents()


async def test_learning_a_forgotten_file_lifts_that(library: TestLibrary, docs: Path) -> None:
    await library.done(await library.service.learn([str(docs)], watch=True))
    await library.done(await library.service.forget([str(docs / "a.txt")]))
    library.embedder.texts.clear()

    await library.learned(docs / "a.txt")

    assert await library.found("walrus") == ["a.txt"]
    assert library.embedder.texts == ["The walrus sleeps."]


async def test_a_file_below_a_forgotten_folder_can_be_learned_alone(
    library: TestLibrary, docs: Path
) -> None:
    await library.done(await library.service.learn([str(docs)], watch=True))
    await library.done(await library.service.forget([str(docs)]))

    await library.learned(docs / "a.txt")

    assert sorted(await library.documents()) == ["a.txt"]


async def test_a_document_is_forgotten_by_its_id_with_all_its_paths(
    library: TestLibrary, docs: Path
) -> None:
    (docs / "copy.txt").write_text("The walrus sleeps.")
    await library.done(await library.service.learn([str(docs)], watch=True))
    document = await library.document("a.txt")
    assert document is not None
    assert len(document.paths) == 2

    await library.done(await library.service.forget([document.id]))

    assert sorted(await library.documents()) == ["b.txt"]
    with pytest.raises(NotFound):
        await library.service.text(document.id)


async def test_forgetting_what_is_not_known_says_so(library: TestLibrary, docs: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        await library.service.forget([str(docs / "nowhere.txt")])


async def test_exclusions_outlive_the_process(tmp_path: Path, docs: Path) -> None:
    async with library_in(tmp_path) as library:
        await library.done(await library.service.learn([str(docs)], watch=True))
        await library.service.forget([str(docs / "a.txt")])

    async with library_in(tmp_path) as library:
        await library.in_state("b.txt")
        await library.settled()

        assert sorted(await library.documents()) == ["b.txt"]


async def test_a_watch_that_is_removed_keeps_its_documents(
    library: TestLibrary, docs: Path
) -> None:
    await library.done(await library.service.learn([str(docs)], watch=True))

    await library.service.watch_remove(str(docs))

    assert await library.service.watch_list() == []
    assert sorted(await library.documents()) == ["a.txt", "b.txt"]


async def test_a_watch_that_is_removed_with_forget_takes_its_documents_along(
    library: TestLibrary, docs: Path
) -> None:
    await library.done(await library.service.learn([str(docs)], watch=True))

    await library.service.watch_remove(str(docs), forget=True)

    assert await library.documents() == {}
    assert await library.found("walrus") == []


async def test_only_folders_can_be_watched_and_only_watched_ones_removed(
    library: TestLibrary, docs: Path
) -> None:
    with pytest.raises(BadInput, match=r"a\.txt"):
        await library.service.watch_add(str(docs / "a.txt"))
    with pytest.raises(BadInput, match="nowhere"):
        await library.service.watch_add(str(docs / "nowhere"))
    with pytest.raises(NotFound, match="docs"):
        await library.service.watch_remove(str(docs))


async def test_a_folder_within_a_watched_folder_can_be_watched_too(
    library: TestLibrary, docs: Path
) -> None:
    (docs / "sub").mkdir()
    (docs / "sub" / "c.txt").write_text("The lynx waits.")
    await library.done(await library.service.learn([str(docs)], watch=True))
    await library.service.watch_add(str(docs / "sub"))

    await library.service.watch_remove(str(docs / "sub"))
    (docs / "sub" / "d.txt").write_text("The otter swims.")

    await eventually(lambda: library.found("otter"))
    assert sorted(await library.documents()) == ["a.txt", "b.txt", "c.txt", "d.txt"]


async def test_a_search_keeps_to_its_scope(library: TestLibrary, docs: Path) -> None:
    (docs / "sub").mkdir()
    (docs / "sub" / "c.txt").write_text("Another walrus sleeps here.")
    await library.learned(docs)

    found = await ask(
        library.service, "walrus", None, limit=10, scope=Scope(folders=(str(docs / "sub"),))
    )

    assert [hit.chunk.paths for hit in found.bm25] == [(str(docs / "sub" / "c.txt"),)]


async def test_a_failed_document_can_be_retried(library: TestLibrary, docs: Path) -> None:
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing of a document")
    job = await library.learned(docs / "broken.pdf")
    library.changes.clear()

    await library.service.retry(job.documents[0].id)

    await eventually(lambda: library.states("broken.pdf")[-1:] == ["failed"])
    with pytest.raises(NotFound):
        await library.service.retry("nothing")


async def test_a_deleted_file_is_purged_after_a_while(tmp_path: Path, docs: Path) -> None:
    async with library_in(tmp_path, purge_after=0.1) as library:
        await library.done(await library.service.learn([str(docs)], watch=True))
        document = await library.document("a.txt")
        assert document is not None
        (docs / "a.txt").unlink()

        def texts() -> int:
            return len(list(library.paths.texts.glob("*/*.zst")))

        await eventually(lambda: texts() == 1)
    index = make_index(Settings(), library.paths, library.embedder.info)
    await index.open()
    assert document.id not in await index.documents()
    await index.close()


async def test_a_folder_to_be_watched_is_watched_though_who_was_asked_died(
    tmp_path: Path, docs: Path
) -> None:
    paths = paths_in(tmp_path)
    await make_database(paths)
    catalogue = Catalogue(database_url("", paths.database))
    await catalogue.save_job(JobRow("j", "learn", [str(docs)], 0.0, watch=True))
    await catalogue.close()

    async with library_in(tmp_path) as library:
        await library.in_state("a.txt")

        assert [folder.path for folder in await library.service.watch_list()] == [str(docs)]
