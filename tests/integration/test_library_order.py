"""In which order, and how eagerly, files are read and passages get their vectors."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from morgan_core.library import service as library_service
from morgan_core.library.reader import Reader
from morgan_core.library.readers import Extracted
from morgan_core.settings import Settings
from tests.helpers import eventually
from tests.library_parts import HashEmbedder, TestLibrary, library_in, paths_in, room_in

WORDS = {"old": "apples", "middle": "pears", "new": "plums"}


async def _hold_three(library: TestLibrary, folder: Path) -> None:
    """Three documents whose words are found, while the embedder is held by a fourth."""
    library.embedder.gate.clear()
    folder.mkdir()
    (folder / "first.md").write_text("It began with cherries.")
    await library.service.learn([str(folder / "first.md")])
    await eventually(lambda: library.embedder.called)
    for age, (name, word) in enumerate(WORDS.items()):
        path = folder / f"{name}.md"
        path.write_text(f"A basket of {word}.")
        os.utime(path, (1_000_000_000 + age, 1_000_000_000 + age))
    for name in ("middle", "old", "new"):
        await library.service.learn([str(folder / f"{name}.md")])
        await library.in_state(f"{name}.md", "findable")

    async def all_wait() -> bool:
        return (await library.service.counts()).pending_passages == 4

    await eventually(all_wait)


def _long(passages: int, of: int = 0) -> str:
    """Markdown whose every section is a passage of its own."""
    return "\n\n".join(f"# Day {n} of {of}\n\n{'It rained. ' * 60}" for n in range(passages))


def _embedded(library: TestLibrary) -> list[str]:
    """The names of the three in the order in which their passages were embedded."""
    texts = [text for text in library.embedder.texts if "basket" in text]
    return [name for text in texts for name, word in WORDS.items() if word in text]


async def test_the_newest_documents_come_first(tmp_path: Path):
    async with library_in(tmp_path) as library:
        await _hold_three(library, tmp_path / "documents")

        library.embedder.gate.set()
        await library.settled()

        assert _embedded(library) == ["new", "middle", "old"]


async def test_a_dropped_file_is_read_before_the_backlog(tmp_path: Path):
    docs = tmp_path / "docs"
    docs.mkdir()
    for number in range(200):
        path = docs / f"{number}.txt"
        path.write_text(f"Animal number {number} sleeps.")
        os.utime(path, (1_000_000_000, 1_000_000_000))
    order: list[str] = []
    known = asyncio.Event()

    class Backlog:
        """Once twenty files are read, reading stops until the dropped one is known."""

        def __init__(self, reader: Reader) -> None:
            self._reader = reader

        async def read(self, path: str, *, root: str, ocr: bool = False) -> Extracted:
            order.append(Path(path).name)
            if len(order) == 20:
                (docs / "dropped.txt").write_text("A zebra.")
            if len(order) >= 20:
                await known.wait()
            return await self._reader.read(path, root=root, ocr=ocr)

    async with room_in(tmp_path, reader=Backlog) as room:
        await room.requests.watch_add(str(docs))
        await eventually(
            lambda: any(d.path.endswith("dropped.txt") for d in room.listing().documents)
        )
        held = len(order)
        known.set()
        await eventually(lambda: "dropped.txt" in order)

    assert order.index("dropped.txt") == held


async def test_what_was_searched_for_comes_before_all_others(tmp_path: Path):
    async with library_in(tmp_path) as library:
        await _hold_three(library, tmp_path / "documents")

        assert await library.found("pears") == ["middle.md"]
        assert await library.found("apples") == ["old.md"]
        library.embedder.gate.set()
        await library.settled()

        assert _embedded(library) == ["old", "middle", "new"]


async def test_the_next_call_is_made_ahead_when_it_is_full(tmp_path: Path):
    async with library_in(tmp_path) as library:
        library.embedder.gate.clear()
        for number in range(3):
            file = tmp_path / f"{number}.md"
            file.write_text(_long(30, of=number))
            await library.service.learn([str(file)])

        await eventually(lambda: library.embedder.called == 2)
        library.embedder.gate.set()
        await library.settled()

        assert len(library.embedder.texts) == 90
        assert {d.state for d in (await library.documents()).values()} == {"ready"}


async def test_an_embedder_that_failed_gets_every_passage_again(tmp_path: Path):
    async with library_in(tmp_path) as library:
        await _hold_three(library, tmp_path / "documents")

        library.embedder.broken = True
        library.embedder.gate.set()
        await eventually(lambda: library.embedder.called > 1)
        library.embedder.broken = False
        await library.settled()

        assert _embedded(library) == ["new", "middle", "old"]


async def test_a_long_document_is_whole_when_the_embedder_fails_between_two_calls(tmp_path: Path):
    class Embedder(HashEmbedder):
        async def embed(self, texts, kind):
            self.broken = self.called == 1
            return await super().embed(texts, kind)

    async with library_in(tmp_path, embedder=Embedder()) as library:
        file = tmp_path / "long.md"
        file.write_text(_long(100))
        await library.service.learn([str(file)])

        document = await library.in_state("long.md")

        assert document.embedded == document.passages == len(set(library.embedder.texts))


async def test_two_calls_stand_back_as_one_while_an_answer_is_generated(monkeypatch, tmp_path):
    monkeypatch.setattr(library_service, "_REST", 0.0)
    inside: list[int] = []

    class Embedder(HashEmbedder):
        at_once = 0

        async def embed(self, texts, kind):
            self.at_once += 1
            inside.append(self.at_once)
            await asyncio.sleep(0)
            self.at_once -= 1
            return await super().embed(texts, kind)

    service = library_service.LibraryService(
        Settings(),
        paths_in(tmp_path),
        embedder=Embedder(),
        lock_fd=None,
        on_change=lambda change: None,
        generating=lambda: True,
    )

    await asyncio.gather(*(service._embed([f"text {n}" for n in range(10)]) for _ in range(2)))

    assert set(inside) == {1}


async def test_passages_stand_back_while_an_answer_is_generated(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(library_service, "_REST", 0.0)
    sizes: list[int] = []

    class Embedder(HashEmbedder):
        async def embed(self, texts, kind):
            sizes.append(len(texts))
            return await super().embed(texts, kind)

    generating = [True]
    service = library_service.LibraryService(
        Settings(),
        paths_in(tmp_path),
        embedder=Embedder(),
        lock_fd=None,
        on_change=lambda change: None,
        generating=lambda: generating[0],
    )
    texts = [f"text {n}" for n in range(10)]

    yielding = await service._embed(texts)
    generating[0] = False
    eager = await service._embed(texts)

    assert sizes == [4, 4, 2, 10]
    assert yielding == eager
