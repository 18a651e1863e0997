"""A file that is renamed while it is being read is taken in under its new name."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from morgan_core.errors import UnreadableFile
from morgan_core.index.factory import make_index
from morgan_core.library.readers import read
from morgan_core.library.readers.base import Extracted
from morgan_core.library.room import LibraryRoom
from morgan_core.library.texts import TextStore
from morgan_core.library.web.pages import WebPages
from morgan_core.settings import Settings
from morgan_core.storage.catalogue import Catalogue
from morgan_core.storage.engine import database_url
from tests.helpers import eventually
from tests.hits import ask
from tests.library_parts import DIMENSION, HashEmbedder, make_database, paths_in, vector_of


class HeldReader:
    """Reads in this process, from when it is let."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.let = asyncio.Event()

    async def read(self, path: str, *, root: str, ocr: bool = False) -> Extracted:
        self.asked.set()
        await self.let.wait()
        if not Path(path).exists():
            raise UnreadableFile("Cannot be opened: No such file or directory.")
        return read(path, max_bytes=10**6)


class NoCache:
    def get_many(self, sha256s: Sequence[str]) -> Mapping[str, bytes]:
        return {}

    def put_many(self, vectors: Mapping[str, bytes]) -> None: ...

    def delete_many(self, sha256s: Sequence[str]) -> None: ...


async def test_a_file_renamed_while_it_is_read_is_not_left_waiting(tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    await make_database(paths)
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "old.txt").write_text("The walrus eats mussels.")
    reader = HeldReader()

    async def embed(texts: Sequence[str]) -> bytes:
        return b"".join(vector_of(text) for text in texts)

    async def send(_changes: object) -> None: ...

    room = LibraryRoom(
        Settings(),
        catalogue=Catalogue(database_url("", paths.database)),
        index=make_index(Settings(), paths, HashEmbedder.info),
        texts=TextStore(paths.texts),
        reader=reader,
        cache=NoCache(),
        embed=embed,
        dimension=DIMENSION,
        paused=paths.paused,
        pages=WebPages(paths.pages, Settings()),
        send=send,
        on_answering=send,
    )
    await room.start()
    try:
        await room.requests.watch_add(str(folder))
        await asyncio.wait_for(reader.asked.wait(), 20)

        (folder / "old.txt").rename(folder / "new.txt")
        await eventually(
            lambda: [Path(d.path).name for d in room.listing().documents] == ["new.txt"]
        )
        reader.let.set()

        await eventually(lambda: room.listing().documents[0].state == "ready")
        assert [hit.chunk.paths for hit in (await ask(room, "walrus", None, limit=5)).bm25] == [
            (str(folder / "new.txt"),)
        ]
    finally:
        await room.close()
