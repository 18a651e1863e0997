"""Reading SQuAD files, comparing answers, making queries up."""

from __future__ import annotations

import json

import pytest

from morgan_core.errors import BadInput, NotFound
from morgan_core.evaluation.answer_text import contains, exact_match, f1
from morgan_core.evaluation.made_up import KEYWORDS, make_queries
from morgan_core.evaluation.squad import read_questions

FILE = {
    "version": "v2.0",
    "data": [
        {
            "title": "Lighthouse_keeping",
            "paragraphs": [
                {
                    "context": "The lamp is lit at dusk.",
                    "qas": [
                        {
                            "id": "1",
                            "question": "When is the lamp lit? ",
                            "answers": [
                                {"text": "at dusk", "answer_start": 16},
                                {"text": "at dusk", "answer_start": 16},
                                {"text": "dusk", "answer_start": 19},
                            ],
                            "is_impossible": False,
                        },
                        {
                            "id": "2",
                            "question": "When is the horn lit?",
                            "answers": [],
                            "plausible_answers": [{"text": "dusk", "answer_start": 19}],
                            "is_impossible": True,
                        },
                    ],
                },
                {
                    "context": "Two keepers share the watch.",
                    "qas": [{"id": "3", "question": "Who?", "answers": [{"text": "Two keepers"}]}],
                },
            ],
        }
    ],
}


def test_an_article_is_one_document_and_questions_know_their_paragraph(tmp_path):
    (tmp_path / "dev.json").write_text(json.dumps(FILE), encoding="utf-8")

    found = read_questions(tmp_path / "dev.json")

    [article] = found.articles
    assert article.extracted.title == "Lighthouse keeping"
    text = article.extracted.text
    assert text.startswith("Lighthouse keeping\n\nThe lamp")
    spans = [text[q.start : q.end] for q in found.questions]
    lamp, keepers = "The lamp is lit at dusk.", "Two keepers share the watch."
    assert spans == [lamp, lamp, keepers]
    assert [q.answers for q in found.questions] == [("at dusk", "dusk"), (), ("Two keepers",)]
    assert found.paragraphs == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not in SQuAD 2 format"),
        ('{"data": [{"paragraphs": [{"qas": []}]}]}', r"context.*data"),
        ('{"data": []}', "holds no question"),
    ],
)
def test_a_broken_file_is_told_where(tmp_path, content, message):
    (tmp_path / "dev.json").write_text(content)

    with pytest.raises(BadInput, match=message):
        read_questions(tmp_path / "dev.json")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotFound, match=r"dev.json"):
        read_questions(tmp_path / "dev.json")


def test_answers_are_compared_as_squad_does():
    assert exact_match("The  Dusk!", ["dawn", "dusk"]) == 1.0
    assert exact_match("at dusk", ["dusk"]) == 0.0
    assert f1("It is lit at dusk [1].", ["at dusk"]) == pytest.approx(2 * (2 / 5) / (2 / 5 + 1))
    assert f1("noon", ["dusk"]) == f1("", ["dusk"]) == 0.0


def test_an_answer_is_contained_as_whole_words():
    assert contains("They were lit at dusk, as ever.", ["Dusk"])
    assert not contains("A dusky sea.", ["dusk"])
    assert not contains("Anything", ["the"])


TEXTS = {
    "roof": "The carpenter mended the leaking slates above the attic before the first storm came. "
    "Nobody had looked at the gutters since the chimney was taken down.",
    "tea": "Black leaves are steeped for four minutes in water that has just boiled. "
    "A pinch of salt takes the bitter taste away when they stood for too long.",
    "code": "x = 1",
}


def test_made_up_queries_name_the_sentence_they_come_from():
    made = make_queries(TEXTS, 4, seed=3)

    assert sorted(one.document for one in made) == ["roof", "roof", "tea", "tea"]
    assert [one.kind for one in made] == ["keywords", "sentence"] * 2
    for one in made:
        sentence = TEXTS[one.document][one.start : one.end]
        assert all(word in sentence for word in one.query.split())
        assert len(one.query.split()) < len(sentence.split())
    assert all(len(one.query.split()) == KEYWORDS for one in made if one.kind == "keywords")


def test_the_same_seed_makes_the_same_queries_and_no_sentence_is_used_twice():
    made = make_queries(TEXTS, 10, seed=3)

    assert made == make_queries(TEXTS, 10, seed=3)
    assert len({(one.document, one.start) for one in made}) == len(made) == 4
    assert make_queries({"code": "x = 1"}, 10, seed=3) == []
