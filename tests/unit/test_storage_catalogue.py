"""What the catalogue writes, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from morgan_core.storage.catalogue import Catalogue
from morgan_core.storage.catalogue_rows import ChunkRow, DocumentRow
from morgan_core.storage.engine import database_url
from tests.library_parts import make_database, paths_in


@pytest.fixture
async def catalogue(tmp_path: Path) -> AsyncIterator[Catalogue]:
    paths = paths_in(tmp_path)
    await make_database(paths)
    catalogue = Catalogue(database_url("", paths.database))
    yield catalogue
    await catalogue.close()


def document(name: str, revision: int = 1) -> DocumentRow:
    return DocumentRow(name, "0" * 64, "findable", 1.0, 1.0, revision=revision, passages=2)


def chunks(name: str, revision: int = 1) -> list[ChunkRow]:
    return [ChunkRow(name, revision, n, f"{name}-{n}", f"{n}" * 64, n, n + 1) for n in range(2)]


async def test_a_row_is_written_as_it_was_when_it_was_handed_in(catalogue: Catalogue) -> None:
    """Else a crash could leave a new revision in the catalogue that has no chunks yet."""
    row = document("a")

    saving = asyncio.create_task(catalogue.save(documents=[row]))
    await asyncio.sleep(0)
    row.revision = 2
    await saving

    assert [d.revision for d in (await catalogue.load()).documents] == [1]


async def test_documents_are_flipped_together_and_replace_their_chunks(
    catalogue: Catalogue,
) -> None:
    await catalogue.flip([document("a")], {"a": chunks("a")})

    await catalogue.flip(
        [document("a", 2), document("b")], {"a": chunks("a", 2)[:1], "b": chunks("b")}
    )

    assert await catalogue.chunks_of(["a", "b", "c"]) == {
        "a": chunks("a", 2)[:1],
        "b": chunks("b"),
        "c": [],
    }
    steps = {row.document_id: row.step for row in (await catalogue.load()).journal}
    assert steps == {"a": "flipped", "b": "flipped"}
