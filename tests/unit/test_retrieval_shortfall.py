"""Why the nearest passages were not enough, in words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.retrieval.shortfall import shortfalls
from morgan_core.retrieval.words import content_words
from morgan_core.types import Shortfall, Source
from tests.passages import source_of


def source(text: str, n: int = 1, heading: str = "", path: str = "/d/a.md", **scores) -> Source:
    return source_of(n, text, path, heading=heading, **scores)


def shortfall(query: str, nearest: Source) -> Shortfall:
    [found] = shortfalls(query, [nearest])
    return found


def test_the_words_that_are_there_and_those_that_are_not_are_named_as_they_were_asked():
    found = shortfall(
        "When does the lease of the hangar end?", source("Leases ended in May.", dense=0.41)
    )
    assert found.reason == (
        "holds 2 of the question's 3 words: lease, end; not: hangar;"
        " somewhat alike in meaning (0.41)"
    )


def test_a_passage_without_any_of_the_words_says_so():
    found = shortfall("helicopters in Osaka", source("Tomatoes need water.", dense=0.05))
    assert found.reason == (
        "holds none of the question's words: helicopters, Osaka; little alike in meaning (0.05)"
    )


def test_words_of_the_name_and_the_heading_count_as_held():
    named = source("It ends in May.", heading="Rent", path="/d/lease.md")
    assert shortfall("lease rent ends", named).missing == ()


def test_words_that_stand_in_different_sentences_are_no_answer():
    apart = source("A lease. It ends.", coverage=1.0, sentence=0.5, dense=0.6)
    assert shortfall("lease ends", apart).reason == (
        "holds the question's words, but in no one sentence; much alike in meaning (0.60)"
    )


def test_accents_keep_no_word_from_being_found():
    assert shortfall("the cafe", source("Das Café.")).held == ("cafe",)


def test_many_words_are_counted_not_listed():
    found = shortfall("red green blue black white brown pink", source("Nothing."))
    assert found.reason.endswith("red, green, blue, black, white and 2 more")


@pytest.mark.parametrize("query", ["", "what is it?", "…"])
def test_a_question_without_words_leaves_only_the_meaning(query: str):
    assert shortfall(query, source("Nothing.", dense=0.2)).reason == (
        "little alike in meaning (0.20)"
    )


@given(st.text(max_size=200), st.text(max_size=200))
def test_every_word_of_the_question_is_either_held_or_missing(query: str, text: str):
    found = shortfall(query, source(text))
    assert set(found.held) | set(found.missing) <= set(content_words(query))
    assert bool(found.held or found.missing) == bool(content_words(query))
    assert not set(found.held) & set(found.missing)


def test_the_question_itself_holds_all_its_words():
    query = "Does the lease of Hangar 7 end in 2027?"
    assert shortfall(query, source(query)).missing == ()


@pytest.mark.parametrize(
    ("query", "otherwise"),
    [
        ("Which rooms are not heated?", "says what is so, and the question asks what is not"),
        ("Which rooms are cold?", "speaks of the opposite"),
    ],
)
def test_a_passage_that_says_otherwise_is_told_of(query: str, otherwise: str):
    found = shortfall(query, source("The rooms on the first floor are hot and heated.", dense=0.6))
    assert otherwise in found.reason
