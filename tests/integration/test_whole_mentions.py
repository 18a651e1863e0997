"""Questions for every place where words stand, on a real library process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from morgan_core.chat.whole import mention_answers
from morgan_core.chat.whole.mention_answers import answer_with_mentions
from morgan_core.chat.whole.mention_questions import mention_question
from morgan_core.chat.whole.told import Told, counted
from morgan_core.types import Scope
from tests.library_parts import TestLibrary, library_in

TEXTS = {
    "rules.md": "# Rules\n\nThe dome is closed. No domes at night. The keeper decides.",
    "soup.txt": "Keeper's soup is hot. Nobody eats below a dome.",
    "tea.txt": "Tea is served at five.",
}


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[TestLibrary]:
    docs = tmp_path / "docs"
    (docs / "more").mkdir(parents=True)
    for name, text in TEXTS.items():
        (docs / name).write_text(text)
    (docs / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    async with library_in(tmp_path) as library:
        await library.service.watch_add(str(docs))
        for name in TEXTS:
            await library.in_state(name)
        await library.in_state("broken.pdf", "failed")
        yield library


async def tell(library: TestLibrary, question: str, scope: Scope | None = None) -> Told | None:
    asked = mention_question(question)
    assert asked is not None
    reports: list[tuple[int, int, str]] = []
    told = await answer_with_mentions(
        asked, library.service, scope, lambda *report: reports.append(report)
    )
    library.reports = reports  # type: ignore[attr-defined]
    return told


async def test_documents_are_listed_by_how_often_they_hold_the_words_with_a_quote_of_each(library):
    told = await tell(library, "Which documents mention the dome?")

    assert told.text.splitlines() == [
        "Counted in the whole text of 3 documents: “dome” stands in **2 documents**, 3 times in all.",
        "",
        "1. `rules.md`: 2 times [1]",
        "2. `soup.txt`: 1 time [2]",
        "",
        "1 document could not be read or is still to be read, and was not looked through.",
    ]
    checked = counted(told.text, told.sources)
    assert [c.quote for c in checked.citations] == [
        "The dome is closed.",
        "Nobody eats below a dome.",
    ]
    for citation in checked.citations:
        text = TEXTS[citation.path.rpartition("/")[2]]
        assert text[citation.start : citation.end] == citation.quote


async def test_a_citation_of_such_an_answer_is_known_again_as_current(library):
    told = await tell(library, "Which documents mention the keeper?")
    cited = counted(told.text, told.sources).citations
    assert [c.state for c in await library.service.place(cited)] == ["current", "current"]


async def test_in_one_document_every_place_is_named(library):
    rules = await library.document("rules.md")
    told = await tell(
        library,
        "How often is the dome mentioned in",
        Scope(documents=(rules.id,), words=("@rules",)),
    )
    assert told.text.splitlines() == [
        "Counted in the whole text of `rules.md`: “dome” stands there **2 times**.",
        "",
        "1. `rules.md`, line 3 [1]",
        "2. `rules.md`, line 3 [2]",
    ]


async def test_and_wants_both_in_one_document_or_either(library):
    both = await tell(library, "which documents mention the dome and the soup?")
    assert [s.passage.path.rpartition("/")[2] for s in both.sources] == ["soup.txt"]
    either = await tell(library, "which documents mention soup or tea?")
    assert len(either.sources) == 2


async def test_words_that_stand_nowhere_are_said_to_stand_nowhere(library):
    told = await tell(library, "Which documents mention helicopters?")
    assert "“helicopters” stands in **none**" in told.text and not told.sources
    assert "Only these words were looked for" in told.text


async def test_what_documents_are_about_is_left_to_the_search_when_the_words_stand_nowhere(library):
    assert await tell(library, "Which documents are about astronomy?") is None


async def test_a_large_library_is_looked_through_in_pieces_with_progress(library, monkeypatch):
    monkeypatch.setattr(mention_answers, "BATCH", 1)
    told = await tell(library, "Which documents mention the dome?")
    assert "**2 documents**, 3 times" in told.text
    assert library.reports == [(0, 3, "document"), (1, 3, "document"), (2, 3, "document")]
