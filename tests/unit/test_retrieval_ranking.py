"""The best candidates are ordered by their words and their neighbours, too."""

from __future__ import annotations

from array import array
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.index.base import Candidates, Chunk
from morgan_core.retrieval.fusion import fuse
from morgan_core.retrieval.ranking import rank
from morgan_core.types import Passage
from tests.core_fakes import candidate, chunk


def ranked(
    query: str,
    texts: dict[str, str],
    *,
    dense: dict[str, float] | None = None,
    bm25: dict[str, float] | None = None,
    vectors: dict[str, list[float]] | None = None,
) -> list[Passage]:
    chunks = {id: chunk(id, text, document=id) for id, text in texts.items()}
    scores = dict.fromkeys(texts, 0.5) if dense is None else dense
    found = Candidates(
        dense=tuple(candidate(chunks[id], score) for id, score in scores.items()),
        bm25=tuple(candidate(chunks[id], score) for id, score in (bm25 or {}).items()),
        dense_ready=True,
    )
    packed = {id: array("f", vector).tobytes() for id, vector in (vectors or {}).items()}
    return list(rank(query, fuse(found), list(chunks.values()), packed))


def order(passages: list[Passage]) -> list[str]:
    return [passage.document for passage in passages]


def test_words_that_stand_in_one_sentence_beat_the_same_words_scattered():
    found = ranked(
        "deposit returned after lease",
        {
            "scattered": "The lease is long. A deposit is due. Keys are returned to the owner.",
            "together": "The deposit is returned after the lease ends. Keys go to the owner.",
        },
    )
    assert order(found) == ["together", "scattered"]
    assert found[0].scores.sentence == pytest.approx(1.0)
    assert found[1].scores.sentence < found[1].scores.coverage


def test_a_rare_word_weighs_more_than_common_ones():
    texts = {f"common{n}": "The general meeting of the company was held." for n in range(8)}
    found = ranked(
        "general meeting of company Zoltan", texts | {"rare": "Zoltan opened it in general."}
    )
    assert found[0].document == "rare"


def test_accents_do_not_hide_a_name():
    found = ranked(
        "How did Celeron travel?",
        {"other": "They did travel by boat.", "him": "Céloron did travel by canoe."},
    )
    assert found[0].document == "him"


def test_similar_candidates_support_each_other():
    found = ranked(
        "wing",
        {id: f"{id} text" for id in "abcd"},
        dense={"a": 0.6, "b": 0.59, "c": 0.585, "d": 0.2},
        vectors={"a": [1, 0, 0], "b": [0, 1, 0], "c": [0, 0.99, 0.14], "d": [-1, 0, 0]},
    )
    assert order(found)[0] == "b"
    assert found[0].scores.neighbours > 0


def test_where_no_candidate_holds_the_query_its_common_words_decide_little():
    texts = {"words": "A trip for business.", "meaning": "The expedition wintered there."}
    texts |= {f"noise{n}": "Other things happened." for n in range(20)}
    dense = {"meaning": 0.5, "words": 0.3} | {f"noise{n}": 0.2 + n / 1000 for n in range(20)}
    bm25 = {"words": 4.0} | {f"noise{n}": 1.0 + n / 100 for n in range(20)}
    assert (
        ranked("Kelleron Ohio sortie Logstown trip", texts, dense=dense, bm25=bm25)[0].document
        == "meaning"
    )


def test_what_was_not_fetched_is_left_out():
    kept = chunk("kept", "kept", document="kept")
    fused = fuse(
        Candidates(
            dense=(candidate(kept, 0.5), candidate(chunk("gone", "gone"), 0.9)),
            bm25=(),
            dense_ready=True,
        )
    )
    assert [p.document for p in rank("q", fused, [kept], {})] == ["kept"]
    assert rank("q", fused, [], {}) == ()


words = st.text("abcde .?\n1é", max_size=40)


@given(words, st.lists(words, max_size=6), st.booleans())
def test_every_fetched_candidate_is_ranked_once_whatever_the_text(
    query: str, texts: list[str], with_vectors: bool
) -> None:
    named = {f"d{n}": text for n, text in enumerate(texts)}
    vectors = {id: [1.0, float(n)] for n, id in enumerate(named)} if with_vectors else {}
    found = ranked(query, named, vectors=vectors)
    assert sorted(order(found)) == sorted(named)
    assert all(a.score >= b.score for a, b in pairwise(found))


def test_the_chunk_is_told_whole():
    one = Chunk(
        id="p",
        document_id="d",
        revision=3,
        ordinal=0,
        text="Rent is 900.",
        page=2,
        heading="Rent",
        place="",
        start=5,
        end=17,
        paths=("/a/lease.pdf",),
        folders=("/a",),
    )
    found = Candidates(dense=(), bm25=(candidate(one, 3.0),), dense_ready=False)
    passage = rank("rent", fuse(found), [one], {}, words_only=True)[0]
    assert (passage.path, passage.page, passage.heading) == ("/a/lease.pdf", 2, "Rent")
    assert (passage.start, passage.end, passage.revision) == (5, 17, 3)
