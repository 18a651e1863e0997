"""Which questions are for the library as a whole, and which are not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.chat.whole.library_questions import library_question
from morgan_core.chat.whole.mention_questions import mention_question
from morgan_core.chat.whole.summary_questions import SummaryQuestion, summary_question
from morgan_core.chat.whole.times import bounds


@pytest.mark.parametrize(
    "question",
    [
        "How many documents do I have?",
        "How many documents?",
        "how many PDFs are in my library",
        "Could you tell me how many files there are in total?",
        "number of spreadsheets",
        "How many python files do I have?",
        "How many files are in the papers folder?",
        "how many emails do I have",
    ],
)
def test_the_library_is_counted(question):
    assert library_question(question).wanted == "count"


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("list all documents", {}),
        ("Could you show me all Word documents, please?", {"type": "word"}),
        ("Which documents do you know?", {}),
        ("What is in my library?", {}),
        ("What's new?", {"change": "new", "span": "7d"}),
        ("What is new this week?", {"change": "new", "span": "7d"}),
        ("what documents have I added this month?", {"change": "added", "span": "this month"}),
        ("Which files changed since yesterday?", {"change": "changed", "since": True}),
        ("Which files were changed in the last 3 days?", {"span": "3d"}),
        ("list documents from 2024", {"change": "changed", "span": "2024"}),
        ("What is the largest document?", {"order": "largest", "most": 1}),
        ("what are the 3 newest files", {"order": "newest", "most": 3}),
        ("Which file is the oldest?", {"order": "oldest", "most": 1}),
        ("the latest documents", {"order": "newest", "most": 5}),
    ],
)
def test_the_library_is_listed(question, meant):
    found = library_question(question)
    assert found.wanted == "list"
    assert {name: getattr(found, name) for name in meant} == meant


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("what types of documents do I have", "types"),
        ("Which folders are watched?", "folders"),
        ("Which documents could not be read?", "unread"),
        ("List the failed documents", "unread"),
    ],
)
def test_types_folders_and_what_could_not_be_read_are_told(question, wanted):
    assert library_question(question).wanted == wanted


@pytest.mark.parametrize("question", ["How many files are in?", "What is in?", "List"])
def test_what_leans_on_a_limit_is_for_the_library_only_with_one(question):
    assert library_question(question, limited=True)
    assert library_question(question) is None


@pytest.mark.parametrize(
    "question",
    [
        "How many documents did the court see?",
        "How many domes are there?",
        "How many important documents are there?",
        "How many files does the tribunal keep?",
        "how many documents should I bring",
        "how many documents are there in the vatican archive?",
        "how many pages are in the report?",
        "How many people are in the photos?",
        "how many emails are there",
        "What is in the soup?",
        "What changed?",
        "what is new about the treaty?",
        "what is new in python 3.12",
        "What documents do I need for a visa?",
        "Which documents are required?",
        "which photos were taken?",
        "name the documents of the Vatican",
        "What is the latest file format of Word?",
        "List all keepers",
        "list the rules in the handbook",
        "",
    ],
)
def test_what_documents_say_is_no_question_about_the_library(question):
    assert library_question(question) is None
    assert mention_question(question) is None


@pytest.mark.parametrize(
    ("question", "phrases"),
    [
        ("Which documents mention the dome?", ["dome"]),
        ("List all documents that mention Ingrid Aune", ["Ingrid Aune"]),
        ("How often is the keeper mentioned?", ["keeper"]),
        ("How many times does the word supernova appear in my documents?", ["supernova"]),
        ("Where is Trieste mentioned?", ["Trieste"]),
        ("find all mentions of Margit", ["Margit"]),
        ("How many mentions of the dome are there?", ["dome"]),
        ("In which files does Gannet appear?", ["Gannet"]),
        ("how often is Petrel mentioned in", ["Petrel"]),
        ("which of my documents mention the dome or the mirror?", ["dome", "mirror"]),
    ],
)
def test_every_place_of_some_words_is_asked_for(question, phrases):
    found = mention_question(question)
    assert [phrase.text for phrase in found.phrases] == phrases
    assert not found.every and not found.about


def test_words_between_quotation_marks_are_meant_in_that_form():
    found = mention_question("how many documents mention “main telescope”?")
    assert [(phrase.text, phrase.exact) for phrase in found.phrases] == [("main telescope", True)]


def test_and_wants_every_phrase_and_about_is_told_from_mention():
    assert mention_question("which documents mention the dome and the keeper?").every
    assert mention_question("which files are about coffee?").about
    assert mention_question("Which PDFs contain background checks?").type == "pdf"


@pytest.mark.parametrize(
    "question",
    [
        "Which documents say that the keeper may close any dome?",
        "which documents mention that the tenant pays?",
        "which file mentions him?",
        "How often is the mirror washed?",
        "How often is the road closed?",
        "How many times did the power fail?",
        "What does the handbook mention about the domes?",
        "where is the observatory?",
        "Where does the water run off?",
        "what places are about an hour away?",
        "name all places where gold occurs",
        "Which document contains the rule that forbids white lamps at night in the domes?",
    ],
)
def test_a_clause_and_what_happens_often_are_left_to_the_search(question):
    assert mention_question(question) is None
    assert library_question(question) is None


@given(st.text(max_size=200))
def test_no_question_breaks_the_rules(question):
    library_question(question)
    mention_question(question)
    summary_question(question)


@pytest.mark.parametrize("piece", ["in total ", "are in ", "in here in ", "in a folder ", "of it "])
def test_what_could_be_read_in_ever_so_many_ways_is_read_in_one(piece):
    """It would not come back in years if it were tried in all of them."""
    question = f"how many documents {piece * 40}please x"
    assert library_question(question) is None
    assert mention_question(f"which documents mention a {question}") is None


def test_a_place_and_a_time_may_follow_each_other():
    found = library_question("How many PDFs were changed in the last 3 days in the papers folder?")
    assert (found.type, found.span, found.folder) == ("pdf", "3d", "papers")


def at(*date: int) -> float:
    return time.mktime((*date, *[0] * (8 - len(date)), -1))


MONDAY_NOON = at(2026, 3, 2, 12)


@pytest.mark.parametrize(
    ("span", "start", "end"),
    [
        ("this month", at(2026, 3, 1), at(2026, 4, 1)),
        ("last month", at(2026, 2, 1), at(2026, 3, 1)),
        ("last year", at(2025, 1, 1), at(2026, 1, 1)),
        ("sunday", at(2026, 3, 1), at(2026, 3, 2)),
        ("monday", at(2026, 3, 2), at(2026, 3, 3)),
        ("2024-05", at(2024, 5, 1), at(2024, 6, 1)),
    ],
)
def test_a_span_of_time_is_one_of_the_calendar(span, start, end):
    assert bounds(span, MONDAY_NOON) == (start, end)
    assert bounds(span, MONDAY_NOON, since=True) == (start, None)


def test_last_month_in_january_is_december_of_the_year_before():
    assert bounds("last month", at(2026, 1, 15))[0] == at(2025, 12, 1)


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("Summarise the handbook", {"named": "the handbook"}),
        ("summarize handbook.md in three sentences", {"named": "handbook.md", "sentences": 3}),
        ("Summarise this document", {"this": True}),
        ("tl;dr", {"this": True}),
        ("sum up everything", {"everything": True}),
        ("Summarise my documents", {"everything": True}),
        ("Give me a short summary of the logbook", {"named": "the logbook"}),
        ("Write an overview of it in 5 bullet points", {"this": True, "sentences": 5}),
        ("a three-sentence summary of history.pdf", {"named": "history.pdf", "sentences": 3}),
        ("What are the main points of the handbook?", {"named": "the handbook"}),
        ("What is the handbook about?", {"named": "the handbook"}),
        ("What is this about?", {"this": True, "loosely": True}),
        ("Compare the lease and the rules", {"named": "the lease and the rules"}),
    ],
)
def test_a_summary_is_wished_for(question, meant):
    assert summary_question(question) == SummaryQuestion(**meant)


@pytest.mark.parametrize(
    "question",
    [
        "Summarise",
        "Summarise this",
        "What is about?",
        "What are the main points of?",
        "Summarise all documents in",
        "give me a summary of",
        "Compare and",
        "Compare with",
        "What is the difference between and?",
    ],
)
def test_what_is_limited_is_summarised_whole(question):
    assert summary_question(question, limited=True) == SummaryQuestion(everything=True)


@pytest.mark.parametrize(
    "question", ["Summarise what says about deposits", "Summarise the rent in"]
)
def test_a_topic_within_limits_is_left_to_the_search(question):
    assert summary_question(question, limited=True) is None


@pytest.mark.parametrize(
    "question",
    [
        "What are the key findings?",
        "Compare this",
        "What is the soup about to become?",
        "what does the handbook say about domes",
        "what is the lease",
        "Who wrote the summary?",
    ],
)
def test_a_question_about_what_documents_say_is_no_wish_for_a_summary(question):
    assert summary_question(question) is None
