"""Reading collections in BEIR layout, as they are found and as they are broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from morgan_core.errors import BadInput, NotFound
from morgan_core.evaluation.beir import open_collection

CORPUS = '{"_id": "a", "title": "Tea", "text": "Leaves."}\n{"_id": "b", "text": "Beans."}\n'
QUERIES = '{"_id": "1", "text": "tea"}\n{"_id": "2", "text": "coffee"}\n'
QRELS = "query-id\tcorpus-id\tscore\n1\ta\t2\n1\tb\t0\n2\tb\t1\n"


def write(folder: Path, corpus: str = CORPUS, queries: str = QUERIES, **qrels: str) -> Path:
    (folder / "qrels").mkdir()
    (folder / "corpus.jsonl").write_text(corpus, encoding="utf-8")
    (folder / "queries.jsonl").write_text(queries, encoding="utf-8")
    for split, text in (qrels or {"test": QRELS}).items():
        (folder / "qrels" / f"{split}.tsv").write_text(text, encoding="utf-8")
    return folder


def test_a_collection_has_its_judged_queries_and_its_documents(tmp_path):
    found = open_collection(write(tmp_path))

    assert found.queries == {"1": "tea", "2": "coffee"}
    assert found.judgements == {"1": {"a": 2, "b": 0}, "2": {"b": 1}}
    assert (found.documents, found.split, found.name) == (2, "test", tmp_path.name)
    assert [d.extracted.text for d in found.read_documents()] == ["Tea\n\nLeaves.", "Beans."]
    assert [d.extracted.title for d in found.read_documents()] == ["Tea", ""]


@pytest.mark.parametrize(
    "qrels",
    [
        "1\ta\t2\n1\tb\t0\n2\tb\t1\n",
        "1 0 a 2\n1 0 b 0\n2 0 b 1\n",
        "1\tQ0\ta\t2\n1\tQ0\tb\t0\n2\tQ0\tb\t1\n",
        "\ufeffquery-id\tcorpus-id\tscore\r\n1\ta\t2.0\r\n1\tb\t0\r\n\r\n2\tb\t1\r\n",
    ],
    ids=["no header", "spaces and four columns", "four columns", "BOM, CRLF, decimals"],
)
def test_judgements_are_read_in_every_form_they_come_in(tmp_path, qrels):
    found = open_collection(write(tmp_path, test=qrels))

    assert found.judgements == {"1": {"a": 2, "b": 0}, "2": {"b": 1}}


def test_without_test_judgements_those_of_dev_are_taken_and_a_split_can_be_chosen(tmp_path):
    write(tmp_path, dev="1\ta\t1\n", train="2\tb\t1\n")

    assert open_collection(tmp_path).split == "dev"
    assert list(open_collection(tmp_path, "train").queries) == ["2"]
    with pytest.raises(NotFound, match=r"no qrels/test.tsv.*dev, train"):
        open_collection(tmp_path, "test")


def test_what_cannot_be_measured_is_left_out_and_counted(tmp_path):
    queries = QUERIES + '{"_id": "3", "text": "water"}\n{"_id": "4", "text": " "}\n'
    qrels = QRELS + "2\tgone\t1\n3\ta\t0\n4\ta\t1\n5\ta\t1\n"

    found = open_collection(write(tmp_path, queries=queries, test=qrels))

    assert list(found.queries) == ["1", "2"]
    assert (found.unjudged, found.unknown, found.missing) == (2, 2, 1)


def test_ids_may_be_numbers_and_a_text_that_repeats_its_title_is_not_given_it_twice(tmp_path):
    corpus = '{"_id": 7, "title": "Tea", "text": "Tea is made of leaves."}\n'

    found = open_collection(write(tmp_path, corpus=corpus, test="1\t7\t1\n"))

    [document] = found.read_documents()
    assert (document.id, document.extracted.text) == ("7", "Tea is made of leaves.")
    assert found.missing == 0


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"corpus": CORPUS + "{no json}\n"}, r"corpus.jsonl:3 is not JSON"),
        ({"corpus": CORPUS + "[1]\n"}, r"corpus.jsonl:3 is not a JSON object"),
        ({"corpus": CORPUS + CORPUS}, r"corpus.jsonl:3: there is a document 'a' already"),
        ({"corpus": '{"title": "x", "text": "y"}\n'}, r"corpus.jsonl:1 has no _id"),
        ({"corpus": '{"_id": "a"}\n'}, r"corpus.jsonl:1 has no text"),
        ({"corpus": '{"_id": "a", "text": ["x"]}\n'}, r"corpus.jsonl:1 has no text"),
        ({"corpus": "\n"}, r"corpus.jsonl holds no document"),
        ({"queries": '\n{"_id": "1", "text": "x"}\n{"_id": '}, r"queries.jsonl:3 is not JSON"),
        ({"test": "query-id\tcorpus-id\tscore\n1\ta\n"}, r"test.tsv:2: a judgement is"),
        ({"test": "1\ta\t1\n1\tb\tmuch\n"}, r"test.tsv:2: the relevance 'much' is not a number"),
        ({"test": "query-id\tcorpus-id\tscore\n"}, r"test.tsv holds no judgement"),
        ({"test": "1\ta\t0\n"}, r"No query .* has a relevant document"),
    ],
)
def test_what_is_broken_is_named_with_its_file_and_line(tmp_path, files, message):
    with pytest.raises(BadInput, match=message):
        open_collection(write(tmp_path, **files))


def test_a_line_that_is_not_utf8_is_named(tmp_path):
    write(tmp_path)
    (tmp_path / "corpus.jsonl").write_bytes(CORPUS.encode() + b'{"_id": "c", "text": "\xff"}\n')

    with pytest.raises(BadInput, match=r"corpus.jsonl:3 is not JSON"):
        open_collection(tmp_path)


def test_a_folder_that_is_no_collection_is_told_what_is_missing(tmp_path):
    with pytest.raises(NotFound, match="There is no folder"):
        open_collection(tmp_path / "nowhere")
    with pytest.raises(NotFound, match=r"has no corpus.jsonl"):
        open_collection(tmp_path)
    write(tmp_path)
    (tmp_path / "qrels" / "test.tsv").unlink()
    with pytest.raises(NotFound, match=r"qrels/test.tsv or qrels/dev.tsv or qrels/train.tsv"):
        open_collection(tmp_path)
