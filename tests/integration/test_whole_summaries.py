"""Summaries in the documents' own words, on a real library process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from morgan_core.chat.whole import summary_answers
from morgan_core.chat.whole.summary_answers import answer_with_summary
from morgan_core.chat.whole.summary_questions import summary_question
from morgan_core.chat.whole.told import Told
from morgan_core.errors import BadInput
from morgan_core.retrieval.grounding import Grounder
from morgan_core.types import Scope
from tests.library_parts import TestLibrary, library_in

RULES = """# Rules of the observatory

The observatory stands on a headland above the northern sea.

## The night

The keeper may close any dome of the observatory without asking anybody.

## The kitchen

The soup of the keeper keeps for three nights in the kitchen.
"""
TEXTS = {
    "house_rules.md": RULES,
    "lease.txt": "The lease of the house ends in March. The house has a garden and a lease.",
    "prices.csv": "name,price\nsoup,3\ncake,4\n",
}


@pytest.fixture
async def library(tmp_path: Path) -> AsyncIterator[TestLibrary]:
    docs = tmp_path / "docs"
    docs.mkdir()
    for name, text in TEXTS.items():
        (docs / name).write_text(text)
    async with library_in(tmp_path) as library:
        await library.service.watch_add(str(docs))
        for name in TEXTS:
            await library.in_state(name)
        yield library


async def tell(
    library: TestLibrary, question: str, scope: Scope | None = None, cited: tuple[str, ...] = ()
) -> Told | None:
    asked = summary_question(question, limited=scope is not None)
    assert asked is not None
    return await answer_with_summary(asked, library.service, scope, cited, lambda *_: None)


async def test_a_document_is_summed_up_by_its_sentences_below_their_headings(library):
    told = await tell(library, "Summarise the house rules")

    assert told.method == "extracted"
    assert told.text.splitlines() == [
        "`house_rules.md` in its own words (1 passage read):",
        "",
        "*Rules of the observatory*",
        "",
        "- The observatory stands on a headland above the northern sea [1].",
        "",
        "*The night*",
        "",
        "- The keeper may close any dome of the observatory without asking anybody [1].",
        "",
        "*The kitchen*",
        "",
        "- The soup of the keeper keeps for three nights in the kitchen [1].",
    ]


async def test_each_of_its_sentences_stands_the_usual_check_and_nothing_else_of_it_claims(library):
    told = await tell(library, "Summarise my documents")
    checked = Grounder(told.sources, items_only=True).ground(told.text)
    assert checked.grounded and checked.text == told.text
    assert {s.status for s in checked.sentences} == {"supported"}
    assert len(checked.sentences) == told.text.count("\n- ")
    for citation in checked.citations:
        assert citation.quote in TEXTS[citation.path.rpartition("/")[2]]


async def test_several_documents_are_summed_up_one_by_one_and_those_without_sentences_named(
    library,
):
    lines = (await tell(library, "Summarise my documents")).text.splitlines()
    assert lines[0].startswith("3 documents in their own words (")
    assert "`house_rules.md`:" in lines and "`lease.txt`:" in lines
    assert lines[-1] == "Without whole sentences to quote, as tables and forms: `prices.csv`."


async def test_of_many_documents_the_longest_are_summed_up_and_the_lead_says_so(
    library, monkeypatch
):
    monkeypatch.setattr(summary_answers, "DOCUMENTS", 1)
    lead = (await tell(library, "Summarise my documents")).text.splitlines()[0]
    assert lead.startswith("1 of 3 documents, the longest ones, in their own words")


async def test_this_document_is_the_one_that_the_answer_before_cites(library):
    lease = await library.document("lease.txt")
    told = await tell(library, "Summarise this document", cited=(lease.id,))
    assert told.text.startswith("`lease.txt` in its own words")
    with pytest.raises(BadInput, match="not clear which document"):
        await tell(library, "Summarise this document")


async def test_a_name_that_no_document_has_and_a_table_are_left_to_the_search(library):
    assert await tell(library, "Summarise the causes of the war") is None
    assert await tell(library, "Summarise prices.csv") is None


async def test_as_many_sentences_as_are_wished_for_are_given(library):
    told = await tell(library, "Summarise the house rules in one sentence")
    assert told.text.count("\n- ") == 1


async def test_limits_say_what_is_summed_up(library):
    lease = await library.document("lease.txt")
    told = await tell(library, "Summarise", Scope(documents=(lease.id,), words=("@lease",)))
    assert told.text.startswith("`lease.txt` in its own words")


async def test_several_documents_are_named_by_their_names(library):
    told = await tell(library, "Compare the house rules with the lease")
    assert told.text.startswith("2 documents in their own words")
    assert await tell(library, "Compare the house rules with the causes of the war") is None


async def test_a_loose_question_for_something_unknown_is_left_to_the_search(library):
    assert await tell(library, "What is this about?") is None
