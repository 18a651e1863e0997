"""Intervals and areas, against their definitions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.evaluation.estimates import auroc, auroc_estimate, difference, mean

scores = st.lists(st.floats(-5, 5).map(lambda x: round(x, 1)), min_size=1, max_size=30)


def test_the_interval_of_a_mean_is_that_of_its_standard_error():
    values = [0.0, 1.0] * 200

    found = mean(values)

    assert found.mean == 0.5
    assert (found.low, found.high) == pytest.approx((0.451, 0.549), abs=0.01)  # ± 1.96 × .5 / √400


def test_the_same_values_give_the_same_interval_and_another_seed_another():
    values = [n**0.5 for n in range(40)]

    assert mean(values) == mean(values)
    assert mean(values, seed=1) != mean(values, seed=2)


def test_a_difference_is_paired():
    ours, theirs = [0.2, 0.9, 0.5], [0.1, 0.8, 0.4]

    found = difference(ours, theirs)

    assert (found.low, found.high) == pytest.approx((0.1, 0.1))


def test_nothing_measured_is_zero():
    assert mean([]).mean == 0.0
    assert auroc_estimate([], [1.0]).mean == auroc([], [1.0]) == 0.0


@given(scores, scores)
def test_the_area_is_how_often_a_positive_is_above_a_negative(positive, negative):
    wins = sum((p > n) + 0.5 * (p == n) for p in positive for n in negative)

    assert auroc(positive, negative) == pytest.approx(wins / len(positive) / len(negative))


def test_an_interval_holds_its_area():
    found = auroc_estimate([0.5, 0.7, 0.9, 0.3], [0.1, 0.4, 0.6, 0.2])

    assert 0.0 <= found.low <= found.mean <= found.high <= 1.0
    assert found.mean == 0.8125
