"""What a passage says otherwise than a question, or lacks of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.retrieval.mismatch import Mismatch, Question

FITS = Mismatch(denial=False, opposite=False, number=False, name=False)


def mismatch(question: str, text: str, surroundings: str = "") -> Mismatch:
    return Question(question).mismatch(text, surroundings)


def test_a_passage_that_says_what_is_asked_fits():
    text = "In May 1871 the Treaty of Frankfurt ended the war."
    assert mismatch("Which war did the Treaty of Frankfurt end in 1871?", text) == FITS


@pytest.mark.parametrize("question", ["Which rooms are not heated?", "Which rooms aren’t heated?"])
@pytest.mark.parametrize(
    ("text", "denial"),
    [
        ("The rooms on the first floor are heated.", True),
        ("The rooms on the first floor are never heated.", False),
        ("The rooms on the first floor lack heating.", False),
        ("All rooms except the attic are heated.", False),
    ],
)
def test_a_question_that_denies_wants_a_sentence_that_does(question: str, text: str, denial: bool):
    assert mismatch(question, text).denial is denial


def test_only_the_sentence_that_is_nearest_the_question_is_asked_for_its_denial():
    text = "Pets are not allowed. The rooms on the first floor are heated."
    assert mismatch("Which rooms are not heated?", text).denial


def test_a_sentence_that_denies_answers_a_question_that_does_not():
    assert mismatch("Which rooms are heated?", "The rooms are not heated.") == FITS


def test_the_opposite_of_a_word_is_another_matter():
    text = "The northern gate opens at six."
    assert mismatch("When does the southern gate open?", text).opposite
    assert not mismatch("When does the northern gate open?", text).opposite


def test_a_sentence_that_says_both_is_no_opposite():
    text = "The northern gate opens at six, the southern gate at seven."
    assert not mismatch("When does the southern gate open?", text).opposite
    assert not mismatch("When do the northern and southern gates open?", text).opposite


def test_a_question_that_names_both_is_not_opposed_by_one():
    text = "The northern gate is twelve feet high."
    assert not mismatch("Is the northern gate higher than the southern one?", text).opposite


@pytest.mark.parametrize(
    ("question", "number"),
    [
        ("What happened in 1872?", True),
        ("What happened in 1871?", False),
        ("Who was the first of 300 envoys?", True),
        ("What cost 2.5 million francs?", False),
    ],
)
def test_a_number_of_the_question_must_stand_in_the_passage(question: str, number: bool):
    text = "In 1871 the first envoy paid 2,500,000 francs."
    assert mismatch(question, text).number is number


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("When was Oslo founded?", True),
        ("When was Bergen founded?", False),
        ("When was Bergens founded?", False),
        ("Where did Celeron land?", False),
        ("Where did Celleron land?", False),
        ("Where did Cameron land?", True),
    ],
)
def test_a_name_must_stand_there_and_may_be_misspelt(question: str, name: bool):
    text = "Bergen was founded in 1070. Céloron landed near it."
    assert mismatch(question, text).name is name


def test_the_first_word_of_a_question_is_no_name_nor_are_words_that_are_all_capitals():
    assert mismatch("Hangars cost what?", "The rent is 5 francs.") == FITS
    assert mismatch("WHAT DOES A HANGAR COST", "The rent is 5 francs.") == FITS


def test_names_and_numbers_may_stand_in_another_sentence_than_the_rest():
    text = "Oslo was a town in 1955. The rent of a hangar is 5 francs."
    assert mismatch("What rent in francs had a hangar in Oslo in 1955?", text) == FITS


def test_names_and_numbers_of_the_surroundings_are_the_passage_s_own():
    question = "What is the rent in Oslo in 2024?"
    assert mismatch(question, "The rent is 5 francs.") == FITS._replace(number=True, name=True)
    assert mismatch(question, "The rent is 5 francs.", "Oslo › 2024") == FITS


def test_a_long_text_in_the_place_of_a_question_is_not_held_against_a_passage():
    pasted = "On 3 May Anna Berg wrote that the hangar was not let to Bo Lind for 300 francs. " * 5
    assert mismatch(pasted, "The rent is 5 francs.") == FITS


@given(st.text(max_size=120), st.text(max_size=300))
def test_nothing_of_a_question_is_missing_in_a_passage_that_quotes_it(question: str, text: str):
    found = mismatch(question, f"{text}\n\n{question}\n\n{text}")
    assert (found.number, found.name) == (False, False)
