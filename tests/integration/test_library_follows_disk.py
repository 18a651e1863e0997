"""The library is always true to the disk: real files, real watcher, real index, real processes."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from morgan_core.events import DocumentRemoved
from morgan_core.library.names import to_text
from tests.helpers import eventually
from tests.library_parts import HashEmbedder, TestLibrary, library_in


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    return folder


@pytest.fixture
async def library(tmp_path: Path, docs: Path) -> AsyncIterator[TestLibrary]:
    """A library that watches ``docs``, with a purge that does not come by itself."""
    async with library_in(tmp_path) as library:
        await library.service.watch_add(str(docs))
        await eventually(lambda: watching(library))
        yield library


async def watching(library: TestLibrary) -> bool:
    return [folder.state for folder in await library.service.watch_list()] == ["watching"]


async def test_a_dropped_file_is_found_and_then_ready(library: TestLibrary, docs: Path) -> None:
    (docs / "lease.md").write_text("# Lease\n\nThe lease ends in March.\n")

    await eventually(lambda: library.found("lease"), timeout=5)
    document = await library.in_state("lease.md")

    assert document.path == str(docs / "lease.md")
    assert (document.passages, document.embedded, document.title) == (1, 1, "Lease")


async def test_an_edit_replaces_the_old_text_and_keeps_the_document(
    library: TestLibrary, docs: Path
) -> None:
    (docs / "a.txt").write_text("The walrus sleeps.")
    before = await library.in_state("a.txt")

    (docs / "a.txt").write_text("The heron fishes.")
    await eventually(lambda: library.found("heron"))
    after = await library.in_state("a.txt")

    assert after.id == before.id
    assert after.revision > before.revision
    assert await library.found("walrus") == []


async def test_an_editor_that_saves_by_renaming_edits_the_same_document(
    library: TestLibrary, docs: Path
) -> None:
    (docs / "a.txt").write_text("The walrus sleeps.")
    before = await library.in_state("a.txt")

    (docs / ".a.txt.new").write_text("The heron fishes.")
    (docs / ".a.txt.new").rename(docs / "a.txt")
    await eventually(lambda: library.found("heron"))

    assert [d.id for d in (await library.documents()).values()] == [before.id]


async def test_a_rename_keeps_the_document_and_embeds_nothing(
    library: TestLibrary, docs: Path
) -> None:
    (docs / "old.txt").write_text("The walrus sleeps.")
    before = await library.in_state("old.txt")
    library.embedder.texts.clear()

    (docs / "old.txt").rename(docs / "new.txt")
    after = await library.in_state("new.txt")

    assert (after.id, after.revision, after.paths) == (
        before.id,
        before.revision,
        (str(docs / "new.txt"),),
    )
    assert await library.found("walrus") == ["new.txt"]
    assert library.embedder.texts == []


async def test_a_deleted_file_is_hidden_at_once(library: TestLibrary, docs: Path) -> None:
    (docs / "a.txt").write_text("The walrus sleeps.")
    document = await library.in_state("a.txt")

    (docs / "a.txt").unlink()
    await eventually(lambda: gone(library, "a.txt"), timeout=5)

    assert await library.found("walrus") == []
    removed = [c for c in library.changes if isinstance(c, DocumentRemoved)]
    await eventually(lambda: DocumentRemoved(id=document.id, path=document.path) in library.changes)
    assert len(removed) <= 1


async def gone(library: TestLibrary, name: str) -> bool:
    return name not in await library.documents()


async def test_a_file_that_comes_back_is_the_same_document_and_is_not_embedded_again(
    library: TestLibrary, docs: Path, tmp_path: Path
) -> None:
    (docs / "a.txt").write_text("The walrus sleeps.")
    before = await library.in_state("a.txt")
    library.embedder.texts.clear()

    (docs / "a.txt").rename(tmp_path / "elsewhere.txt")
    await eventually(lambda: gone(library, "a.txt"))
    (tmp_path / "elsewhere.txt").rename(docs / "b.txt")
    after = await library.in_state("b.txt")

    assert after.id == before.id
    assert library.embedder.texts == []


async def test_identical_files_are_paths_of_one_document(library: TestLibrary, docs: Path) -> None:
    (docs / "a.txt").write_text("The walrus sleeps.")
    await library.in_state("a.txt")

    shutil.copyfile(docs / "a.txt", docs / "b.txt")
    await eventually(lambda: has_paths(library, docs, "a.txt", "b.txt"))
    (docs / "a.txt").unlink()
    await eventually(lambda: has_paths(library, docs, "b.txt"))

    assert await library.found("walrus") == ["b.txt"]


async def has_paths(library: TestLibrary, docs: Path, *names: str) -> bool:
    paths = [document.paths for document in (await library.documents()).values()]
    return paths == [tuple(str(docs / name) for name in names)]


async def test_an_edited_copy_becomes_its_own_document(library: TestLibrary, docs: Path) -> None:
    (docs / "a.txt").write_text("The walrus sleeps.")
    before = await library.in_state("a.txt")
    shutil.copyfile(docs / "a.txt", docs / "b.txt")
    await eventually(lambda: has_paths(library, docs, "a.txt", "b.txt"))

    (docs / "b.txt").write_text("The heron fishes.")
    copy = await library.in_state("b.txt")

    original = await library.document("a.txt")
    assert original is not None
    assert original.id == before.id
    assert copy.id != before.id
    assert await library.found("walrus") == ["a.txt"]
    assert await library.found("heron") == ["b.txt"]


async def test_a_renamed_folder_takes_its_documents_along(library: TestLibrary, docs: Path) -> None:
    (docs / "old" / "deep").mkdir(parents=True)
    for n in range(5):
        (docs / "old" / "deep" / f"{n}.txt").write_text(f"Animal number {n} sleeps.")
    await eventually(lambda: counted(library, ready=5))
    before = {d.id for d in (await library.documents()).values()}
    library.embedder.texts.clear()

    (docs / "old").rename(docs / "new")

    async def moved() -> bool:
        paths = [d.path for d in (await library.documents()).values()]
        return len(paths) == 5 and all(p.startswith(str(docs / "new")) for p in paths)

    await eventually(moved)
    assert {d.id for d in (await library.documents()).values()} == before
    assert library.embedder.texts == []


async def counted(library: TestLibrary, **states: int) -> bool:
    counts = await library.service.counts()
    return all(getattr(counts, state) == count for state, count in states.items())


async def test_a_folder_moved_in_is_taken_in(
    library: TestLibrary, docs: Path, tmp_path: Path
) -> None:
    (tmp_path / "new" / "deep").mkdir(parents=True)
    (tmp_path / "new" / "deep" / "a.txt").write_text("The walrus sleeps.")

    (tmp_path / "new").rename(docs / "new")

    await library.in_state("a.txt")


async def test_a_deleted_folder_hides_what_was_in_it(library: TestLibrary, docs: Path) -> None:
    (docs / "sub").mkdir()
    (docs / "sub" / "a.txt").write_text("The walrus sleeps.")
    (docs / "b.txt").write_text("The heron fishes.")
    await eventually(lambda: counted(library, ready=2))

    shutil.rmtree(docs / "sub")

    await eventually(lambda: counted(library, ready=1))
    assert await library.found("walrus") == []


async def test_hidden_files_secrets_and_links_are_left_alone(
    library: TestLibrary, docs: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside.txt").write_text("A narwhal outside.")
    (docs / ".env").write_text("PASSWORD=narwhal")
    (docs / "id_rsa").write_text("narwhal")
    (docs / "key.pem").write_text("-----BEGIN RSA PRIVATE KEY-----\nnarwhal\n")
    (docs / ".git").mkdir()
    (docs / ".git" / "note.txt").write_text("A narwhal in git.")
    (docs / "link.txt").symlink_to(tmp_path / "outside.txt")
    (docs / "links").symlink_to(tmp_path)
    os.mkfifo(docs / "pipe.txt")
    (docs / "last.txt").write_text("The walrus sleeps.")

    await library.in_state("last.txt")

    documents = await library.documents()
    assert documents.keys() <= {"last.txt", "key.pem"}
    assert await library.found("narwhal") == []


async def test_names_may_hold_any_bytes(library: TestLibrary, docs: Path) -> None:
    names = [b"line\nbreak.txt", b"caf\xe9.txt", b"\x1b]0;owned\x07.txt", "öé☃.txt".encode()]
    for number, name in enumerate(names):
        with open(os.fsencode(docs) + b"/" + name, "w") as file:  # noqa: ASYNC230, PTH123
            file.write(f"Animal number {number} sleeps.")

    await eventually(lambda: counted(library, ready=len(names)))

    shown = {d.path for d in (await library.documents()).values()}
    assert shown == {to_text(os.fsdecode(os.fsencode(docs) + b"/" + name)) for name in names}
    for path in shown:
        await library.service.forget([path])
    assert await library.documents() == {}


async def test_a_file_that_cannot_be_read_is_listed_with_its_reason_and_the_rest_goes_on(
    library: TestLibrary, docs: Path
) -> None:
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing of a document")
    (docs / "fine.txt").write_text("The walrus sleeps.")

    broken = await library.in_state("broken.pdf", "failed")
    await library.in_state("fine.txt")

    assert broken.reason


async def test_a_document_whose_new_content_cannot_be_read_is_no_longer_found(
    library: TestLibrary, docs: Path
) -> None:
    (docs / "a.txt").write_text("The walrus sleeps.")
    await library.in_state("a.txt")

    (docs / "a.txt").write_bytes(b"")
    document = await library.in_state("a.txt", "failed")

    assert document.passages == 0
    assert await library.found("walrus") == []


async def test_words_are_found_while_the_embedder_is_loading(tmp_path: Path, docs: Path) -> None:
    embedder = HashEmbedder()
    embedder.gate.clear()
    async with library_in(tmp_path, embedder=embedder) as library:
        await library.service.watch_add(str(docs))
        (docs / "a.txt").write_text("The walrus sleeps.")

        await library.in_state("a.txt", "findable")
        assert await library.found("walrus") == ["a.txt"]
        embedder.gate.set()
        await library.in_state("a.txt", "ready")


async def test_an_embedder_that_is_gone_fails_no_document(tmp_path: Path, docs: Path) -> None:
    embedder = HashEmbedder()
    embedder.broken = True
    async with library_in(tmp_path, embedder=embedder) as library:
        await library.service.watch_add(str(docs))
        (docs / "a.txt").write_text("The walrus sleeps.")
        await library.in_state("a.txt", "findable")

        embedder.broken = False

        await library.in_state("a.txt", "ready")


async def test_an_unchanged_passage_of_an_edited_document_is_not_embedded_again(
    library: TestLibrary, docs: Path
) -> None:
    first, second = "walrus " * 100, "heron " * 100
    (docs / "a.txt").write_text(f"{first}\n\n{second}")
    await library.in_state("a.txt")
    library.embedder.texts.clear()

    (docs / "a.txt").write_text(f"{first}\n\n{second}\n\n{'lynx ' * 100}")
    await eventually(lambda: library.found("lynx"))
    await library.settled()

    assert library.embedder.texts
    assert not any("walrus" in text for text in library.embedder.texts)


async def test_the_text_of_a_passage_is_shown_in_its_context(
    library: TestLibrary, docs: Path
) -> None:
    (docs / "a.txt").write_text("Before.\nThe walrus sleeps.\nAfter.")
    document = await library.in_state("a.txt")

    window = await library.service.text(document.id, start=8, end=26, context=4)

    assert (window.offset, window.text, window.total) == (4, "re.\nThe walrus sleeps.\nAft", 33)
    assert not window.stale
