"""Sources chosen from a real library: joined from its texts, weighed by the age of its files."""

from __future__ import annotations

import os
import time
from pathlib import Path

from morgan_core.chat.finding import Finder
from morgan_core.chat.rewrite import Query
from morgan_core.retrieval.search import Searcher
from morgan_core.retrieval.sources import choose_sources
from tests.library_parts import library_in

LAST_YEAR = time.time() - 365 * 86400


async def test_neighbours_are_joined_to_the_very_text_of_the_document(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    sentence = "The walrus of number {} sleeps on the ice and dreams of clams. "
    text = "".join(sentence.format(n) for n in range(30))
    (docs / "walrus.txt").write_text(text)
    async with library_in(tmp_path) as library:
        await library.service.learn([str(docs)])
        await library.in_state("walrus.txt")
        searcher = Searcher(library.service, library.embedder, patient=True)
        found = await searcher.search("walrus", limit=10)

        chosen = await choose_sources("walrus", found.results, library.service, limit=6)

        assert len(found.results) > 1
        [source] = [s for s in chosen.sources if s.passage.start == 0]
        whole = await library.service.text(
            source.passage.document, start=0, end=source.passage.end, context=0
        )
        assert source.passage.text == whole.text and len(whole.text) > 900
        assert any(one.fate == "merged" for one in chosen.considered)


async def test_the_file_that_was_changed_last_is_the_latest(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for name, price in (("a.txt", "nine"), ("b.txt", "ten")):
        (docs / name).write_text(f"The price of a walrus is {price} clams.")
    os.utime(docs / "a.txt", (LAST_YEAR, LAST_YEAR))
    async with library_in(tmp_path) as library:
        await library.service.learn([str(docs)])
        await library.in_state("a.txt")
        await library.in_state("b.txt")
        searcher = Searcher(library.service, library.embedder, patient=True)
        question = "What is the latest price of a walrus?"
        found = await searcher.search(question, limit=10)

        chosen = await choose_sources(question, found.results, library.service, limit=1)

        assert Path(chosen.sources[0].passage.path).name == "b.txt"
        newest = {Path(one.path).name: one.prior > 0.1 for one in chosen.considered}
        assert newest == {"a.txt": False, "b.txt": True}


async def test_files_that_contradict_each_other_are_told_by_their_age(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    days = {"contract.txt": 14, "contract copy.txt": 30}
    for name, number in days.items():
        (docs / name).write_text(
            "The walrus is let from June.\n\nThe notice period of the contract is"
            f" {number} days.\n\nThe notice must be given in writing.\n"
        )
    os.utime(docs / "contract copy.txt", (LAST_YEAR, LAST_YEAR))
    async with library_in(tmp_path) as library:
        await library.service.learn([str(docs)])
        for name in days:
            await library.in_state(name)
        searcher = Searcher(library.service, library.embedder, patient=True)
        finder = Finder(searcher, library.service, 6)
        question = "What is the notice period of the contract?"
        found = await finder.find(Query(text=question), None)

        conflicts = await finder.conflicts(found.sources, question)

        [conflict] = conflicts.asked
        assert not conflicts.others
        assert [side.value for side in conflict.sides] == ["14 days", "30 days"]
        assert abs(conflict.sides[1].modified - LAST_YEAR) < 1
        for side in conflict.sides:
            text = await library.service.text(
                side.document, start=side.start, end=side.end, context=0
            )
            assert text.text == side.quote
