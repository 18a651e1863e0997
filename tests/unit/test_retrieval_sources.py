"""Choosing sources: copies once, neighbours joined, no document crowds out others as good."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.errors import NotFound
from morgan_core.retrieval.duplicates import same_text, wording
from morgan_core.retrieval.prior import priors
from morgan_core.retrieval.sources import choose_sources
from morgan_core.types import DocumentText, Passage, Scores

NOTICE = (
    "Either party may end the lease with a notice of three months to the end of a quarter. "
    "The notice must be given in writing and reach the other party by registered mail."
)


def passage(text: str, score: float, *, path: str = "", start: int = 0, **fields) -> Passage:
    document = fields.pop("document", path or "d")
    return Passage(
        document=document,
        path=path or f"/docs/{document}",
        page=fields.pop("page", None),
        heading=fields.pop("heading", ""),
        text=text,
        start=start,
        end=start + len(text),
        score=score,
        scores=Scores(fused=score),
        **fields,
    )


class Shelf:
    """Texts and ages of documents, by id."""

    def __init__(self, texts: dict[str, str] | None = None, **modified: float) -> None:
        self._texts = texts or {}
        self._modified = modified

    async def text(
        self, document: str, *, start: int = 0, end: int | None = None, context: int = 2000
    ) -> DocumentText:
        text = self._texts.get(document)
        if text is None:
            raise NotFound(f"There is no document {document}.")
        return DocumentText(
            document=document, path="", offset=start, text=text[start:end], total=len(text)
        )

    async def modified(self, documents: Sequence[str]) -> dict[str, float]:
        return {id: self._modified[id] for id in documents if id in self._modified}


async def test_a_copy_is_no_source_of_its_own_and_its_document_is_named():
    copy = NOTICE.replace("Either party", "EITHER PARTY").replace(". ", ".\n\n")
    found = [passage(NOTICE, 0.9, document="a"), passage(copy, 0.8, document="b")]

    chosen = await choose_sources("notice?", found, Shelf(), limit=5)

    [source] = chosen.sources
    assert source.passage.document == "a"
    assert [(e.document, e.path) for e in source.passage.also_in] == [("b", "/docs/b")]
    assert [(c.fate, c.n) for c in chosen.considered] == [("source", 1), ("duplicate", 1)]


def test_a_text_that_denies_what_another_says_is_no_copy_of_it():
    says = wording(f"{NOTICE} The deposit is paid back to the tenant.")
    denies = wording(f"{NOTICE} The deposit is not paid back to the tenant.")
    longer = wording(f"{NOTICE} The deposit is paid back to the tenant. It is never pledged.")

    assert not denies.holds(says) and not says.holds(denies)
    assert longer.holds(says)


async def test_a_passage_with_another_fact_is_no_copy_however_alike():
    other = NOTICE.replace("three months", "six months")
    found = [passage(NOTICE, 0.9, document="a"), passage(other, 0.8, document="b")]

    chosen = await choose_sources("notice?", found, Shelf(), limit=5)

    assert [s.passage.document for s in chosen.sources] == ["a", "b"]


@given(st.lists(st.sampled_from(["the", "lease", "ends", "not", "2027", "Rome"]), max_size=30))
def test_a_wording_holds_its_own_words_and_none_more(words):
    text = " ".join(words)
    assert wording(text).holds(wording(text.upper())) is bool(words)
    assert not wording(text).holds(wording(f"{text} never"))


async def test_neighbours_become_one_source_with_the_text_between_them():
    text = f"{NOTICE}\n\nThe deposit is paid back.\n\nIt bears interest."
    second = text.index("The deposit")
    third = text.index("It bears")
    found = [
        passage(text[second : third - 2], 0.9, document="a", start=second),
        passage("Something else entirely.", 0.8, document="b"),
        passage(text[third:], 0.7, document="a", start=third),
        passage(NOTICE, 0.6, document="a"),
    ]

    chosen = await choose_sources("deposit?", found, Shelf({"a": text}), limit=3)

    first = chosen.sources[0].passage
    assert (first.start, first.end, first.text) == (0, len(text), text)
    assert [(c.fate, c.n) for c in chosen.considered] == [
        ("source", 1),
        ("source", 2),
        ("merged", 1),
        ("merged", 1),
    ]


async def test_neighbours_of_another_section_or_page_stay_apart():
    text = "One. Two. Three."
    found = [
        passage("One.", 0.9, document="a", heading="A", page=1),
        passage("Two.", 0.8, document="a", start=5, heading="B", page=1),
        passage("Three.", 0.7, document="a", start=10, heading="B", page=2),
    ]
    chosen = await choose_sources("?", found, Shelf({"a": text}), limit=5)
    assert [s.passage.text for s in chosen.sources] == ["One.", "Two.", "Three."]


async def test_when_the_text_is_another_by_now_the_best_passage_stands_alone():
    found = [
        passage("The lease ends.", 0.9, document="a"),
        passage("It is long.", 0.8, document="a", start=16),
    ]
    chosen = await choose_sources("?", found, Shelf({"a": "Written anew since then."}), limit=5)
    assert [s.passage.text for s in chosen.sources] == ["The lease ends."]
    assert [(c.fate, c.n) for c in chosen.considered] == [("source", 1), ("beyond", None)]


def spread(*documents: str, step: float = 0.01) -> list[Passage]:
    """Passages that do not touch, each a little worse than the one before."""
    return [
        passage(f"Text number {at}.", 1.0 - at * step, document=document, start=1000 * at)
        for at, document in enumerate(documents)
    ]


async def test_where_several_documents_are_about_as_good_none_takes_all_places():
    found = spread("a", "a", "a", "a", "b", "c")
    chosen = await choose_sources("?", found, Shelf(), limit=4)
    assert [s.passage.document for s in chosen.sources] == ["a", "a", "b", "c"]
    assert [c.fate for c in chosen.considered[2:4]] == ["crowded", "crowded"]


async def test_places_that_are_left_go_to_those_that_were_crowded_out():
    chosen = await choose_sources("?", spread("a", "a", "a", "b", "c"), Shelf(), limit=5)
    assert [s.passage.document for s in chosen.sources] == ["a", "a", "b", "c", "a"]


async def test_a_pointed_question_keeps_the_order_of_the_scores():
    found = spread("a", "a", "a", "b", "c", step=0.2)
    chosen = await choose_sources("?", found, Shelf(), limit=3)
    assert [s.passage.document for s in chosen.sources] == ["a", "a", "a"]


async def test_the_newest_document_comes_first_when_it_is_asked_for():
    found = spread("old", "new")
    ages = Shelf(old=1.0, new=2.0)
    newest = await choose_sources("What is the latest rent?", found, ages, limit=2)
    plain = await choose_sources("What is the rent?", found, ages, limit=2)
    assert [s.passage.document for s in newest.sources] == ["new", "old"]
    assert [s.passage.document for s in plain.sources] == ["old", "new"]


async def test_the_order_of_a_reranker_stands():
    found = [
        msgspec.structs.replace(passage("A.", -3.0, document="old"), scores=Scores(rerank=-3.0)),
        msgspec.structs.replace(passage("B.", -5.0, document="new"), scores=Scores(rerank=-5.0)),
        passage("C.", 0.9, document="rest"),
    ]
    chosen = await choose_sources("the latest rest?", found, Shelf(old=1.0, new=2.0), limit=3)
    assert [s.passage.document for s in chosen.sources] == ["old", "new", "rest"]


def test_a_file_that_the_question_names_weighs_more_than_one_whose_name_shares_a_word():
    found = [
        passage("x", 1, path="/docs/notes.md"),
        passage("x", 1, path="/docs/lease.pdf"),
        passage("x", 1, path="/docs/lease-draft.md"),
    ]
    notes, lease, draft = priors("What does lease.pdf say on rent?", found, {})
    assert lease > draft > notes == 0


def test_a_year_that_is_asked_for_is_looked_for_in_names_and_headings():
    found = [
        passage("x", 1, path="/tax/2022/return.pdf"),
        passage("x", 1, path="/tax/2023/return.pdf"),
        passage("x", 1, path="/log.md", heading="Spring 2023"),
    ]
    last, this, log = priors("What did I pay in 2023?", found, {})
    assert min(this, log) > last == 0


@given(st.text(max_size=60))
def test_names_that_say_nothing_of_the_question_change_nothing(question):
    found = [passage("x", 1, path="/c/-.-"), passage("x", 1, path="/c/+.+")]
    assert len(set(priors(question, found, {"/c/-.-": 5.0, "/c/+.+": 5.0}))) == 1


def test_search_shows_a_text_once_however_many_documents_hold_it():
    found = [
        passage("Same text.", 0.9, document="a"),
        passage("Other.", 0.8, document="b"),
        passage("Same\ntext.", 0.7, document="c"),
        passage("Same text.", 0.6, document="a", start=50),
    ]
    first, second = same_text(found)
    assert (first.document, second.document) == ("a", "b")
    assert [e.document for e in first.also_in] == ["c"]
