"""The index knows where the documents are, whenever the library died."""

from __future__ import annotations

from pathlib import Path

import pytest

from morgan_core.library.room import LibraryRoom
from tests.helpers import eventually
from tests.library_parts import room_in


async def test_a_move_that_the_index_was_not_told_of_is_told_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "old.txt").write_text("The walrus sleeps.")

    def where(room: LibraryRoom) -> list[str]:
        return [Path(d.path).name for d in room.listing().documents if d.state == "ready"]

    async def told(room: LibraryRoom) -> list[str]:
        found = (await room.query("walrus", None, limit=5)).bm25
        chunks = await room._index.chunks([one.id for one in found])
        return [Path(path).name for chunk in chunks for path in chunk.paths]

    async def dead(_document_ids: object) -> None: ...

    async with room_in(tmp_path) as room:
        await room.requests.watch_add(str(docs))
        await eventually(lambda: where(room) == ["old.txt"])
        monkeypatch.setattr(room.ingest, "set_paths", dead)
        (docs / "old.txt").rename(docs / "new.txt")
        await eventually(lambda: where(room) == ["new.txt"])
        assert await told(room) == ["old.txt"]

    async with room_in(tmp_path) as room:

        async def knows() -> bool:
            return await told(room) == ["new.txt"]

        await eventually(knows)
