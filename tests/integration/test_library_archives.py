"""Archives follow their setting: refused by name, read once it is on, forgotten once it is off."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from morgan_core.library.room import LibraryRoom
from morgan_core.types import Document
from tests.helpers import eventually
from tests.library_parts import room_in

SECONDS = 60.0  # a child must start


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    folder = tmp_path / "docs"
    folder.mkdir()
    with zipfile.ZipFile(folder / "papers.zip", "w") as archive:
        archive.writestr("notes/walrus.md", "# Walrus\n\nThe walrus sleeps on the ice.")
        archive.writestr("id_rsa", "-----BEGIN RSA PRIVATE KEY-----\nsekrit")
    return folder


async def in_state(room: LibraryRoom, name: str, state: str) -> Document:
    def reached() -> Document | None:
        documents = room.listing().documents
        found = [one for one in documents if one.path.endswith(name) and one.state == state]
        return found[0] if found else None

    document = await eventually(reached, timeout=SECONDS)
    assert document is not None
    return document


async def places(room: LibraryRoom, words: str) -> list[tuple[str, str]]:
    """The headings and places of the passages that hold ``words``."""
    found = await room.query(words, None, limit=5)
    chunks = await room.chunks([one.id for one in found.bm25])
    return [(chunk.heading, chunk.place) for chunk in chunks]


async def test_an_archive_that_was_refused_is_read_once_archives_are_switched_on(
    tmp_path: Path, docs: Path
) -> None:
    async with room_in(tmp_path) as room:
        await room.requests.watch_add(str(docs))

        refused = await in_state(room, "papers.zip", "failed")

        assert refused.reason == (
            "archives are switched off (zip)."
            " Switch them on with the setting read_archives, or unpack it."
        )

    async with room_in(tmp_path, read_archives=True) as room:
        ready = await in_state(room, "papers.zip", "ready")

        assert (ready.id, ready.kind, ready.reason) == (refused.id, "archive", "")
        assert await places(room, "walrus") == [("notes/walrus.md", "notes/walrus.md")]
        assert await places(room, "sekrit") == []


async def test_an_archive_is_forgotten_once_archives_are_switched_off(
    tmp_path: Path, docs: Path
) -> None:
    async with room_in(tmp_path, read_archives=True) as room:
        await room.requests.watch_add(str(docs))
        await in_state(room, "papers.zip", "ready")

    async with room_in(tmp_path) as room:
        await in_state(room, "papers.zip", "failed")

        async def forgotten() -> bool:
            return not await places(room, "walrus")

        await eventually(forgotten, timeout=SECONDS)


async def test_a_bomb_is_listed_with_its_reason_and_others_are_read(
    tmp_path: Path, docs: Path
) -> None:
    with zipfile.ZipFile(docs / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.txt", bytes(40 * 1024 * 1024))

    async with room_in(tmp_path, read_archives=True) as room:
        await room.requests.watch_add(str(docs))

        assert "a zip bomb" in (await in_state(room, "bomb.zip", "failed")).reason
        await in_state(room, "papers.zip", "ready")
