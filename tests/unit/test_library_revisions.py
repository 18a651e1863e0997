"""New revisions are written together, and what goes wrong with one leaves the others alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from morgan_core.index.base import Chunk
from morgan_core.library.chunking import chunk
from morgan_core.library.manifest import Manifest
from morgan_core.library.readers.base import Extracted
from morgan_core.library.reconcile import Seen
from morgan_core.library.revisions import Content, Revisions
from morgan_core.storage.catalogue import Catalogue
from morgan_core.storage.catalogue_rows import Snapshot
from morgan_core.storage.engine import database_url
from tests.library_parts import make_database, paths_in


class GatedIndex:
    """Holds writes while ``gate`` is clear, and refuses the word ``bad``."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = asyncio.Event()
        self.writes: list[list[str]] = []

    async def upsert_words(self, chunks: Sequence[Chunk]) -> None:
        self.begun.set()
        await self.gate.wait()
        if any("bad" in chunk.text for chunk in chunks):
            raise OSError("bad")
        self.writes.append([chunk.text for chunk in chunks])

    async def delete_document(self, document_id: str, **kept: Any) -> None: ...

    async def set_paths(self, document_id: str, *where: Any) -> None: ...


class Desk:
    """Revisions on a real catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.manifest = Manifest(catalogue, Snapshot())
        self.index = GatedIndex()
        self.dropped: set[str] = set()
        index: Any = self.index
        self.revisions = Revisions(self.manifest, index, self._drop)

    async def _drop(self, sha256s: set[str]) -> None:
        self.dropped |= sha256s - {""}

    def content(self, text: str) -> Content:
        """What was read of a new file with ``text``."""
        digest = sha256(text.encode()).hexdigest()
        path = f"/docs/{digest[:8]}.txt"
        document_id = self.manifest.settle(path, "/docs", Seen(len(text), 1, 1), digest)
        extracted = Extracted(text=text, kind="text", sha256=digest, bytes=len(text))
        document = self.manifest.documents[document_id]
        return Content(document, extracted, chunk(extracted, size=900))

    async def held(self) -> dict[str, tuple[int, int]]:
        """Revision and number of chunks of every document that the catalogue shows."""
        counts = await self.catalogue.chunk_counts()
        rows = (await self.catalogue.load()).documents
        return {row.id: (row.revision, counts[row.id]) for row in rows if row.revision}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    paths = paths_in(tmp_path)
    await make_database(paths)
    catalogue = Catalogue(database_url("", paths.database))
    yield Desk(catalogue)
    await catalogue.close()


async def written_while_the_first_is_held(
    desk: Desk, contents: Sequence[Content]
) -> list[bool | BaseException]:
    desk.index.gate.clear()
    first = asyncio.create_task(desk.revisions.write(contents[0]))
    await desk.index.begun.wait()
    others = [asyncio.create_task(desk.revisions.write(content)) for content in contents[1:]]
    await asyncio.sleep(0)
    desk.index.gate.set()
    return await asyncio.gather(first, *others, return_exceptions=True)


async def test_documents_that_wait_for_a_write_are_written_in_one(desk: Desk) -> None:
    contents = [desk.content(f"text {n}") for n in range(5)]

    assert await written_while_the_first_is_held(desk, contents) == [True] * 5

    assert desk.index.writes == [["text 0"], ["text 1", "text 2", "text 3", "text 4"]]
    assert await desk.held() == {content.document.id: (1, 1) for content in contents}
    assert {content.document.state for content in contents} == {"findable"}


async def test_one_that_cannot_be_written_does_not_hold_up_the_others(desk: Desk) -> None:
    contents = [desk.content(text) for text in ("first", "good", "bad", "better")]

    results = await written_while_the_first_is_held(desk, contents)

    assert [type(result) for result in results] == [bool, bool, OSError, bool]
    assert (await desk.held()).keys() == {
        content.document.id for content in contents if content.extracted.text != "bad"
    }
    assert contents[2].document.state != "findable"


async def test_what_changed_while_it_was_written_is_not_shown_and_its_text_goes(
    desk: Desk,
) -> None:
    contents = [desk.content("first"), desk.content("outdated")]
    contents[1].document.sha256 = "f" * 64

    assert await written_while_the_first_is_held(desk, contents) == [True, False]

    assert (await desk.held()).keys() == {contents[0].document.id}
    assert desk.dropped == {contents[1].extracted.sha256}


async def test_a_revision_number_is_never_used_twice(desk: Desk) -> None:
    content = desk.content("bad luck")
    with pytest.raises(OSError, match="bad"):
        await desk.revisions.write(content)
    tried = content.document.last_revision
    content.extracted = Extracted(
        text="luck", kind="text", sha256=content.extracted.sha256, bytes=4
    )
    content.pieces = chunk(content.extracted, size=900)

    assert await desk.revisions.write(content)

    assert content.document.revision > tried
