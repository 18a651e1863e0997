"""In which order, and how eagerly, passages get their vectors."""

from __future__ import annotations

import os
from pathlib import Path

from morgan_core.library import service as library_service
from morgan_core.settings import Settings
from tests.helpers import eventually
from tests.library_parts import HashEmbedder, TestLibrary, library_in, paths_in

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


async def test_what_was_searched_for_comes_before_all_others(tmp_path: Path):
    async with library_in(tmp_path) as library:
        await _hold_three(library, tmp_path / "documents")

        assert await library.found("pears") == ["middle.md"]
        assert await library.found("apples") == ["old.md"]
        library.embedder.gate.set()
        await library.settled()

        assert _embedded(library) == ["old", "middle", "new"]


async def test_an_embedder_that_failed_gets_every_passage_again(tmp_path: Path):
    async with library_in(tmp_path) as library:
        await _hold_three(library, tmp_path / "documents")

        library.embedder.broken = True
        library.embedder.gate.set()
        await eventually(lambda: library.embedder.called > 1)
        library.embedder.broken = False
        await library.settled()

        assert _embedded(library) == ["new", "middle", "old"]


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
