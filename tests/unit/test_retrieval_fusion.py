"""Two result lists become one, every score kept."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from morgan_core.index.base import Candidate, Candidates
from morgan_core.retrieval.fusion import fuse, normalise
from tests.core_fakes import candidate, chunk


def candidates(dense: dict[str, float], bm25: dict[str, float], *, ready: bool = True):
    def hits(scores: dict[str, float]) -> tuple[Candidate, ...]:
        return tuple(candidate(chunk(id, id), s) for id, s in scores.items())

    return Candidates(dense=hits(dense), bm25=hits(bm25), dense_ready=ready)


def test_a_passage_that_both_halves_like_comes_first_and_keeps_its_scores():
    fused = fuse(candidates({"a": 0.9, "b": 0.5, "c": 0.4}, {"b": 9, "c": 8.5, "d": 1}))
    assert fused[0].id == "b"
    assert (fused[0].dense, fused[0].bm25) == (0.5, 9)
    only_dense = next(one for one in fused if one.id == "a")
    assert only_dense.bm25 is None


def test_words_alone_rank_as_bm25_does():
    fused = fuse(candidates({}, {"a": 3, "b": 2, "c": 1}, ready=False))
    assert [one.id for one in fused] == ["a", "b", "c"]


def test_one_that_stands_out_of_many_stands_out_after_fusion():
    crowd = {f"d{n}": 0.3 + n / 1000 for n in range(100)}
    words = {"rare": 40.0} | {f"w{n}": 2 + n / 100 for n in range(99)}
    fused = fuse(candidates(crowd, words))
    assert fused[0].id == "rare"
    assert fused[0].bm25_part > 1


def test_a_half_whose_scores_are_all_the_same_does_not_push_the_others_hits_aside():
    tied = {f"d{n}": 0.5 for n in range(50)}
    fused = fuse(candidates(tied, {"word": 9.0, "other": 1.0}))
    assert fused[0].id == "word"


def test_nothing_found_is_an_empty_result():
    assert fuse(candidates({}, {})) == ()


@given(st.lists(st.floats(-1e6, 1e6)))
def test_normalised_scores_keep_their_order_and_are_never_below_nought(scores):
    mapped = normalise(scores)
    assert all(value >= 0 for value in mapped)
    pairs = sorted(zip(scores, mapped, strict=True))
    assert all(a[1] <= b[1] + 1e-9 for a, b in pairwise(pairs))
