"""The measures of retrieval, against values worked out by hand and by their definitions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.evaluation.measures import (
    documents_of,
    measure,
    ndcg,
    recall,
    reciprocal_rank,
)

documents = st.sampled_from([f"d{n}" for n in range(12)])
rankings = st.lists(documents, unique=True)
judgements = st.dictionaries(documents, st.integers(-1, 4))


def test_ndcg_has_a_linear_gain_discounted_by_the_logarithm_of_the_rank():
    found = ndcg(["b", "x", "a"], {"a": 3, "b": 1}, 10)

    gain = 1 / math.log2(2) + 3 / math.log2(4)
    ideal = 3 / math.log2(2) + 1 / math.log2(3)
    assert found == pytest.approx(gain / ideal)


def test_ndcg_looks_at_the_first_ranks_only_and_its_ideal_does_so_too():
    judged = {"a": 1, "b": 1, "c": 1}

    assert ndcg(["x", "a"], judged, 1) == 0.0
    assert ndcg(["a", "b"], judged, 2) == 1.0


def test_documents_judged_below_zero_gain_nothing():
    assert ndcg(["spam", "a"], {"spam": -1, "a": 1}, 10) == pytest.approx(1 / math.log2(3))


def test_recall_is_the_share_of_the_relevant_documents_that_were_found():
    judged = {"a": 1, "b": 4, "c": 0, "d": 2}

    assert recall(["c", "a", "x", "d"], judged, 100) == pytest.approx(2 / 3)
    assert recall(["c", "a", "x", "d"], judged, 2) == pytest.approx(1 / 3)


def test_reciprocal_rank_is_that_of_the_first_relevant_document():
    assert reciprocal_rank(["x", "y", "a", "b"], {"a": 1, "b": 1}, 10) == pytest.approx(1 / 3)
    assert reciprocal_rank(["x", "y", "a"], {"a": 1}, 2) == 0.0


def test_a_document_stands_where_its_best_passage_does():
    assert documents_of(["b", "a", "b", "c", "a"]) == ["b", "a", "c"]


def test_queries_with_a_relevant_document_are_measured_found_or_not():
    judged = {"one": {"a": 1}, "two": {"b": 1}, "three": {"c": 0}}

    found = measure({"one": ["a"], "three": ["c"]}, judged)

    assert found.queries == ("one", "two")
    assert found.ndcg_at_10 == found.recall_at_100 == found.mrr_at_10 == (1.0, 0.0)


def test_judgements_without_a_relevant_document_cannot_be_measured():
    with pytest.raises(ValueError, match="No query"):
        measure({"one": ["a"]}, {"one": {"a": 0}})


@given(rankings, judgements)
def test_every_measure_is_a_share_and_the_best_ranking_gets_the_most(ranking, judged):
    best = sorted(judged, key=lambda document: -judged[document])
    for of in (ndcg, recall, reciprocal_rank):
        value = of(ranking, judged, 10)
        assert 0.0 <= value <= 1.0 + 1e-12
        assert value <= of(best, judged, 10) + 1e-12


@given(rankings, judgements, st.integers(0, 10))
def test_moving_a_relevant_document_up_never_costs(ranking, judged, at):
    if at + 1 >= len(ranking) or judged.get(ranking[at + 1], 0) < judged.get(ranking[at], 0):
        return
    better = [*ranking[:at], ranking[at + 1], ranking[at], *ranking[at + 2 :]]
    for of in (ndcg, recall, reciprocal_rank):
        assert of(better, judged, 10) >= of(ranking, judged, 10) - 1e-12
