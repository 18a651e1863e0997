"""Every sentence of an answer is checked against the words of the sources."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.retrieval.grounding import Grounded, ground, without_citations
from morgan_core.retrieval.sentences import sentences
from morgan_core.types import Passage, Scores, Source

LEASE = (
    "The lease of the Hale house ends on 31 March 2027. Dr. Anna Berg signed it in 2019. "
    "The rent is 1,250 euros. Pets are not allowed in the garden."
)
KITCHEN = "The kitchen was painted green in 2021 by the tenants."


def sources(*texts: str) -> list[Source]:
    return [
        Source(
            n=n,
            passage=Passage(
                document=f"d{n}",
                path=f"/d{n}.txt",
                page=n,
                heading="",
                text=text,
                start=1000 * n,
                end=1000 * n + len(text),
                score=1.0,
                scores=Scores(),
            ),
        )
        for n, text in enumerate(texts, 1)
    ]


def statuses(result: Grounded) -> list[str]:
    return [sentence.status for sentence in result.sentences]


def test_a_sentence_whose_words_stand_in_a_source_is_supported_and_resolved():
    result = ground("The lease ends on 31 March 2027 [1].", sources(LEASE, KITCHEN))

    assert statuses(result) == ["supported"]
    [citation] = result.citations
    assert citation.verified and citation.document == "d1" and citation.page == 1
    assert LEASE[citation.start - 1000 : citation.end - 1000] == citation.quote
    assert citation.quote == "The lease of the Hale house ends on 31 March 2027."
    assert result.grounded


def test_an_answer_loses_what_looks_like_citations_but_its_code_keeps_them():
    answer = "Paris [1]. Take `row[0]`:\n```\nrows [2]\n```\nSo it is[3, 4]."
    assert without_citations(answer) == ("Paris. Take `row[0]`:\n```\nrows [2]\n```\nSo it is.")


def test_a_wrong_number_is_never_supported():
    assert statuses(ground("The lease ends on 31 March 2028 [1].", sources(LEASE))) == [
        "unsupported"
    ]


def test_thousands_separators_do_not_matter():
    assert statuses(ground("The rent is 1250 euros.", sources(LEASE))) == ["supported"]


def test_a_dropped_negation_is_contradicted_by_the_sources():
    assert statuses(ground("Pets are allowed in the garden.", sources(LEASE))) == ["unsupported"]


def test_a_wrong_citation_is_corrected_and_a_missing_one_added():
    result = ground(
        "The kitchen was painted green [1]. Anna Berg signed the lease in 2019.",
        sources(LEASE, KITCHEN),
    )
    assert result.text == (
        "The kitchen was painted green [2]. Anna Berg signed the lease in 2019 [1]."
    )
    assert [s.citations for s in result.sentences] == [(2,), (1,)]


def test_a_citation_of_nothing_is_removed_and_the_answer_is_not_grounded():
    result = ground("Elephants like jazz [7].", sources(LEASE))
    assert result.text == "Elephants like jazz."
    assert result.citations == () and not result.grounded


def test_of_a_stopped_answer_the_unfinished_sentence_gets_no_verdict():
    result = ground("The rent is 1250 euros. Pets are", sources(LEASE), complete=False)
    assert statuses(result) == ["supported"]
    assert result.text == "The rent is 1250 euros [1]. Pets are"


def test_without_sources_nothing_is_supported():
    assert statuses(ground("The lease ends in 2027.", [])) == ["unsupported"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Dr. Berg came. She left.", ["Dr. Berg came.", "She left."]),
        ("It costs 1.5 euros. Fine!", ["It costs 1.5 euros.", "Fine!"]),
        ("True. [1] False [2].", ["True. [1]", "False [2]."]),
        ("1. First thing.\n2. Second thing.", ["1. First thing.", "2. Second thing."]),
        ("no end", ["no end"]),
        ("It ends\non Monday. Then", ["It ends\non Monday.", "Then"]),
        ("Title\n\nText\n- one\n- two", ["Title", "Text", "- one", "- two"]),
    ],
)
def test_sentences(text, expected):
    assert [text[start:end] for start, end in sentences(text)] == expected


@given(st.text(), st.text())
def test_any_answer_is_checked_without_losing_its_words(answer, source):
    result = ground(answer, sources(source))
    for sentence in result.sentences:
        assert 0 <= sentence.start < sentence.end <= len(result.text)
    assert not result.grounded or result.citations
    for citation in result.citations:
        assert source[citation.start - 1000 : citation.end - 1000] == citation.quote


def test_saying_that_an_answer_follows_is_no_claim():
    for answer in ("The answer is A.", "A. A. The answer is: A.", "My answer is:"):
        checked = ground(answer, sources("The answer is B. Rent is 900 euros."))
        assert checked.sentences == ()
        assert not checked.grounded
