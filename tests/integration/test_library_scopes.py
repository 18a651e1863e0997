"""Searches that are limited to places, types and dates."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from morgan_core.library import scoping
from morgan_core.library.manifest import Manifest
from morgan_core.library.room import LibraryRoom
from morgan_core.types import Scope
from tests.helpers import eventually
from tests.hits import ask
from tests.library_parts import room_in, vector_of

OLD = time.mktime((2020, 5, 1, 0, 0, 0, 0, 0, -1))
YEAR_2021 = time.mktime((2021, 1, 1, 0, 0, 0, 0, 0, -1))


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[LibraryRoom]:
    docs = tmp_path / "docs"
    (docs / "sub").mkdir(parents=True)
    for number in range(6):
        (docs / f"new{number}.md").write_text(f"# Walrus {number}\n\nThe walrus sleeps.")
    (docs / "old.txt").write_text("An old walrus sleeps.")
    (docs / "sub" / "late.txt").write_text("A late walrus sleeps.")
    os.utime(docs / "old.txt", (OLD, OLD))
    async with room_in(tmp_path) as room:
        job = await room.jobs.learn("job", [str(docs)], watch=False)
        await eventually(lambda: room.jobs.get(job.id).state == "done")
        yield room


async def names(room: LibraryRoom, scope: Scope, limit: int = 10) -> list[str]:
    """What both halves find, by file name; they must agree on where they look."""
    found = await ask(room, "walrus", vector_of("walrus"), limit=limit, scope=scope)
    dense, words = ([Path(hit.chunk.paths[0]).name for hit in half] for half in found[:2])
    assert sorted(dense) == sorted(words)
    return sorted(words)


@pytest.mark.parametrize("long_list", [1000, 1])
async def test_types_dates_and_places_narrow_each_other(
    room: LibraryRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, long_list: int
) -> None:
    monkeypatch.setattr(scoping, "LONG_LIST", long_list)
    folder = str(tmp_path / "docs" / "sub")

    assert await names(room, Scope(kinds=("md",))) == [f"new{n}.md" for n in range(6)]
    assert await names(room, Scope(kinds=("txt",))) == ["late.txt", "old.txt"]
    assert await names(room, Scope(kinds=("txt",), modified_after=YEAR_2021)) == ["late.txt"]
    assert await names(room, Scope(modified_before=YEAR_2021)) == ["old.txt"]
    assert await names(room, Scope(folders=(folder,), kinds=("txt", "md"))) == ["late.txt"]


async def test_a_long_list_is_given_to_the_index_when_too_few_are_found_outside_of_it(
    room: LibraryRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hopeful(manifest: Manifest, scope: Scope | None) -> scoping.Reach | None:
        reach = scoping.reach_of(manifest, scope)
        return reach and reach._replace(share=1.0)

    monkeypatch.setattr(scoping, "LONG_LIST", 1)
    monkeypatch.setattr("morgan_core.library.room.reach_of", hopeful)

    assert await names(room, Scope(kinds=("txt",)), limit=2) == ["late.txt", "old.txt"]


@pytest.mark.parametrize(
    "scope",
    [
        Scope(kinds=("pdf",)),
        Scope(modified_after=time.time() + 3600),
        Scope(folders=("/nowhere",)),
        Scope(documents=("nobody",), kinds=("md",)),
    ],
)
async def test_an_empty_scope_is_said_to_be_empty(room: LibraryRoom, scope: Scope) -> None:
    found = await room.query("walrus", vector_of("walrus"), limit=5, scope=scope)

    assert found.empty_scope
    assert not found.dense and not found.bm25


async def test_a_scope_without_the_words_is_not_empty(room: LibraryRoom) -> None:
    found = await room.query("zebra", None, limit=5, scope=Scope(kinds=("md",)))

    assert not found.bm25 and not found.empty_scope
