"""Whether the documents hold anything about a question, decided from the search alone."""

from __future__ import annotations

from morgan_core.retrieval.relevance import is_relevant, relevance
from morgan_core.types import Passage, Scores


def passage(**scores: float) -> Passage:
    return Passage(
        document="d",
        path="/d.txt",
        page=None,
        heading="",
        text="…",
        start=0,
        end=1,
        score=1.0,
        scores=Scores(**scores),
    )


def test_meaning_and_words_count_together():
    by_both = passage(dense=0.45, coverage=0.4, sentence=0.3)
    assert is_relevant([by_both], words_only=False)
    assert not is_relevant([passage(dense=0.45)], words_only=False)
    assert not is_relevant([passage(dense=0.1, coverage=0.7, sentence=0.5)], words_only=False)


def test_one_passage_must_carry_it_alone():
    halves = [passage(dense=0.5), passage(dense=0.1, coverage=0.9, sentence=0.3)]
    assert relevance(halves) < relevance([passage(dense=0.5, coverage=0.9, sentence=0.3)])


def test_by_words_alone_the_words_decide():
    assert is_relevant([passage(bm25=9, coverage=0.5, sentence=0.4)], words_only=True)
    assert not is_relevant([passage(bm25=9, coverage=0.2, sentence=0.2)], words_only=True)


def test_nothing_found_is_not_relevant():
    assert not is_relevant([], words_only=False)
    assert not is_relevant([], words_only=True)
