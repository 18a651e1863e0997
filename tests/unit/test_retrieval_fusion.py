"""Two result lists become one, every score kept."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from morgan_core.index.base import Candidate, Candidates
from morgan_core.retrieval.fusion import fuse, normalise, passages
from tests.core_fakes import candidate, chunk


def candidates(dense: dict[str, float], bm25: dict[str, float], *, ready: bool = True):
    def hits(scores: dict[str, float]) -> tuple[Candidate, ...]:
        return tuple(candidate(chunk(id, id), s) for id, s in scores.items())

    return Candidates(dense=hits(dense), bm25=hits(bm25), dense_ready=ready)


def test_a_passage_that_both_halves_like_comes_first_and_keeps_its_scores():
    fused = fuse(candidates({"a": 0.9, "b": 0.5, "c": 0.4}, {"b": 9, "c": 8.5, "d": 1}), limit=10)
    assert fused[0].id == "b"
    assert (fused[0].scores.dense, fused[0].scores.bm25) == (0.5, 9)
    only_dense = next(p for p in fused if p.id == "a")
    assert only_dense.scores.bm25 is None


def test_words_alone_rank_as_bm25_does():
    fused = fuse(candidates({}, {"a": 3, "b": 2, "c": 1}, ready=False), limit=2)
    assert [one.id for one in fused] == ["a", "b"]


def test_passages_keep_the_order_and_leave_out_what_is_gone():
    fused = fuse(candidates({}, {"a": 3, "b": 2, "c": 1}, ready=False), limit=3)
    found = passages(fused, [chunk("c", "see"), chunk("a", "ay")])
    assert [(p.text, p.score) for p in found] == [
        ("ay", fused[0].scores.fused),
        ("see", fused[2].scores.fused),
    ]


def test_nothing_found_is_an_empty_result():
    assert fuse(candidates({}, {}), limit=5) == ()


@given(st.lists(st.floats(-1e6, 1e6)))
def test_normalised_scores_keep_their_order_and_lie_in_the_unit_interval(scores):
    mapped = normalise(scores)
    assert all(0 <= value <= 1 for value in mapped)
    pairs = sorted(zip(scores, mapped, strict=True))
    assert all(a[1] <= b[1] + 1e-9 for a, b in pairwise(pairs))
