"""Whether the documents hold anything about a question, decided from the search alone."""

from __future__ import annotations

import pytest

from morgan_core.retrieval.relevance import is_relevant, relevance
from morgan_core.types import Passage
from tests.passages import passage_of

ASKED = "When does the lease of the hangar end?"


def passage(text: str = "…", **fields) -> Passage:
    return passage_of(text, **fields)


def test_meaning_and_words_count_together():
    by_both = passage(dense=0.45, coverage=0.4, sentence=0.3)
    assert is_relevant(ASKED, [by_both], words_only=False)
    assert not is_relevant(ASKED, [passage(dense=0.45)], words_only=False)
    by_words = passage(dense=0.1, coverage=0.7, sentence=0.5)
    assert not is_relevant(ASKED, [by_words], words_only=False)


def test_one_passage_must_carry_it_alone():
    halves = [passage(dense=0.5), passage(dense=0.1, coverage=0.9, sentence=0.3)]
    whole = [passage(dense=0.5, coverage=0.9, sentence=0.3)]
    assert relevance(ASKED, halves) < relevance(ASKED, whole)


def test_by_words_alone_the_words_decide():
    held, not_held = passage(coverage=0.5, sentence=0.4), passage(coverage=0.1, sentence=0.1)
    assert is_relevant(ASKED, [held], words_only=True)
    assert not is_relevant(ASKED, [not_held], words_only=True)


def test_nothing_found_is_not_relevant():
    assert not is_relevant(ASKED, [], words_only=False)
    assert not is_relevant(ASKED, [], words_only=True)


@pytest.mark.parametrize(
    ("fits", "does_not"),
    [
        ("Which rooms are heated?", "Which rooms are not heated?"),
        ("Who pays for the largest hangar?", "Who pays for the smallest hangar?"),
        ("Who paid the rent in 1955?", "Who paid the rent in 1956?"),
        ("What did the council of Bergen decide?", "What did the council of Tromsø decide?"),
    ],
)
def test_what_a_passage_says_otherwise_makes_it_less_relevant(fits: str, does_not: str):
    text = "In 1955 the council of Bergen paid for the largest hangar. Only two of the rooms are heated."
    found = [passage(text, dense=0.5, coverage=0.3, sentence=0.2)]
    assert relevance(does_not, found) < relevance(fits, found) == pytest.approx(0.66)


def test_names_in_the_headings_and_in_the_name_of_the_file_are_the_passage_s_own():
    scores = {"dense": 0.5, "coverage": 0.3, "sentence": 0.2}
    question = "How tall is the tower in Bergen?"
    plain = relevance(question, [passage("The tower is 30 m tall.", **scores)])
    for place in ({"path": "/docs/bergen.md"}, {"heading": "Sights › Bergen"}):
        there = relevance(question, [passage("The tower is 30 m tall.", **place, **scores)])
        assert there > plain


def test_a_passage_that_says_all_otherwise_is_of_no_relevance_rather_than_less():
    found = [passage("The tower is tall.", dense=0.05)]
    assert relevance("Which tower in Oslo was not short in 1955?", found) == 0.0
