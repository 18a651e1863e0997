"""What an answer says of how it came about."""

from __future__ import annotations

import msgspec
import pytest

from morgan_core.types import Answer, Conflict, PromptUse, SourceUse, Why
from morgan_tui.conflicts import conflict_notes
from morgan_tui.why import notices, sections
from tests.answers import ANSWER, CONFLICT, WHY, side


def text_of(answer: Answer, **options) -> str:
    return "\n".join(line for section in sections(answer, **options) for line in section.lines)


def test_everything_that_was_cut_or_left_out_is_told():
    assert notices(ANSWER) == [
        "the model read 2 of 3 sources",
        "[2] was cut at a sentence",
        "of the text given with the question it read the first 1,200 of 9,000 characters",
        "the sources of 2 earlier turns were taken out",
        "3 earlier turns no longer fit and were summed up",
    ]


def test_nothing_is_told_where_nothing_was_left_out():
    whole = PromptUse(
        model="m",
        window=100,
        reserved=10,
        tokens=50,
        budget=50,
        sources=(SourceUse(n=1, end=9, tokens=9),),
    )
    why = msgspec.structs.replace(WHY, prompt=whole)
    assert notices(msgspec.structs.replace(ANSWER, why=why)) == []
    assert notices(msgspec.structs.replace(ANSWER, why=None)) == []


def test_the_search_the_model_and_the_times_are_told():
    text = text_of(ANSWER)
    assert "When does the lease end? · And the deposit? (made to stand alone by rule)" in text
    assert "Relevance 0.91 of at least 0.60: enough to answer" in text
    assert "smollm2: 900 tokens of 8,192, 450 of them sources (at most 700)" in text
    assert "400 were in the cache, 500 were read" in text
    assert "2 of 5 earlier turns" in text
    assert "search 0.2 s, first word 1.5 s, 4.0 s in all" in text
    assert "[2] lease-2.pdf · p. 2 · Term: 150 tokens, 20 of 900 characters, so that" in text
    assert "[3] lease-3.pdf · p. 3 · Term: left out, so that the first word comes soon" in text
    assert "[1] is also in" in text and "\x1b" not in text


@pytest.mark.parametrize("width", [75, 100])
def test_each_candidate_has_its_scores_and_its_fate_within_the_width(width):
    table = sections(ANSWER, width=width)[-1].lines
    assert table[0].split() == ["score", "dense", "bm25", "fused", "rank"]
    assert [row.split()[0] for row in table[1:7]] == ["[1]", "+1", "=1", "[2]", "·", "–"]
    assert table[1].split()[1:5] == ["1.40", "0.60", "12.3", "0.80"]
    assert all(len(row) <= width for row in table) and table[1].endswith(" p. 1")


def test_a_refusal_says_that_the_model_was_not_asked():
    retrieval = msgspec.structs.replace(WHY.retrieval, signal=0.2, words_only=True)
    text = text_of(msgspec.structs.replace(ANSWER, why=Why(retrieval=retrieval)))
    assert "too little to answer; by words alone" in text and "was not asked" in text


def test_an_answer_from_before_says_that_nothing_was_recorded():
    [section] = sections(msgspec.structs.replace(ANSWER, why=None))
    assert section.lines == ["Nothing was recorded with this answer."]


def test_a_reranker_that_failed_is_told():
    retrieval = msgspec.structs.replace(WHY.retrieval, not_reranked="no answer within 5 s")
    why = msgspec.structs.replace(WHY, retrieval=retrieval)

    assert "Not reranked: no answer within 5 s" in text_of(msgspec.structs.replace(ANSWER, why=why))


def test_documents_that_disagree_are_told_newest_first_and_which_the_answer_follows():
    told = text_of(msgspec.structs.replace(ANSWER, conflicts=(CONFLICT,)))

    assert (
        "[2] new␛[2J.md (2026-03-01) says 14 days; [1] old.md (2026-01-02) says 30 days."
        " The answer follows [1], not the newest." in told
    )


@pytest.mark.parametrize(
    ("sides", "told"),
    [
        ((side(2, "b.md", "14", 9, sentences=(0,)), side(1, "a.md", "30", 2)), "[2], the newest."),
        ((side(2, "b.md", "14", sentences=(0,)), side(1, "a.md", "30")), "[2]."),
        (
            (side(2, "b.md", "14", sentences=(0,)), side(1, "a.md", "30", sentences=(1,))),
            "both.",
        ),
    ],
)
def test_which_document_the_answer_follows_is_told(sides, told: str):
    answer = msgspec.structs.replace(ANSWER, conflicts=(Conflict(kind="number", sides=sides),))

    [note] = conflict_notes(answer)

    assert note.endswith(f". The answer follows {told}")


def test_a_denial_is_quoted():
    sides = (
        side(2, "b.md", "x", quote="Pets\nare allowed."),
        side(1, "a.md", "y", quote="No pets."),
    )
    answer = msgspec.structs.replace(ANSWER, conflicts=(Conflict(kind="negation", sides=sides),))

    assert conflict_notes(answer) == ["[2] b.md says “Pets are allowed.”; [1] a.md says “No pets.”"]
