"""``eval`` from the shell: what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from morgan_tui.cli.main import main
from tests.everyday import QUERIES, write_collection
from tests.word_vectors import WordEmbedder


@pytest.fixture
def evaluate(tmp_path, monkeypatch, capsys):
    """Run ``eval`` with an embedder made by hand; the exit code, stdout and stderr."""
    monkeypatch.setenv("MORGAN_CONFIG_DIR", str(tmp_path / "config"))
    for module in ("shelf", "own"):
        monkeypatch.setattr(
            f"morgan_core.evaluation.{module}.make_embedder", lambda *_: WordEmbedder()
        )

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["--data-dir", str(tmp_path / "data"), "eval", *arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_json_has_the_measures_under_their_own_names(evaluate, tmp_path):
    code, out, err = evaluate("--beir", str(write_collection(tmp_path / "everyday")), "--json")

    assert code == 0, err
    found = json.loads(out)
    assert {"ndcg@10", "recall@100", "mrr@10", "queries", "documents", "seconds"} <= set(found)
    assert found["queries"] == len(QUERIES)
    assert found["ndcg@10"] == found["stages"]["fused"]["ndcg@10"]["mean"]
    assert found["configuration"]["embedder"] == "words"


def test_people_get_a_table_of_the_stages(evaluate, tmp_path):
    code, out, err = evaluate("--beir", str(write_collection(tmp_path / "everyday")))

    assert code == 0, err
    head, *stages = [line.split() for line in out.splitlines() if "[" in line or "nDCG@10 " in line]
    assert head == ["nDCG@10", "recall@100", "MRR@10"]
    assert [line[0] for line in stages][:3] == ["dense", "bm25", "fused"]
    assert "vectors: reused 0, embedded" in err


def test_a_folder_of_ones_own_gives_a_table_that_says_what_its_queries_are(evaluate, tmp_path):
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "tea.txt").write_text(
        "Black leaves are steeped for four minutes in water that has just boiled. "
        "A pinch of salt takes the bitter taste away when they stood for too long."
    )

    code, out, err = evaluate(str(folder), "--queries", "2")

    assert code == 0, err
    assert "1 document in" in out and "2 made-up queries" in out
    assert "made up from the documents' own words" in out


def test_questions_give_tables_of_what_is_found_and_refused(evaluate, tmp_path):
    def article(title: str, context: str, question: str, answer: str) -> dict:
        asked = {"id": title, "question": question, "answers": [{"text": answer}]}
        return {"title": title, "paragraphs": [{"context": context, "qas": [asked]}]}

    data = [
        article(
            "Tea", "Leaves are steeped for four minutes.", "How long are leaves steeped?", "four"
        ),
        article("Rye", "Dough rests for ten hours.", "How long does dough rest?", "ten hours"),
    ]
    (tmp_path / "dev.json").write_text(json.dumps({"data": data}))

    code, out, err = evaluate("--squad", str(tmp_path / "dev.json"))

    assert code == 0, err
    assert "hit@3" in out and "article left out" in out and "precision of refusal" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "one of the arguments"),
        (["--beir", "nowhere"], "There is no folder nowhere"),
        (["--beir", "."], "has no corpus.jsonl"),
        (["--squad", "nowhere.json"], "There is no file nowhere.json"),
        (["nowhere"], "There is no folder"),
        (["nowhere", "--split", "dev"], "--split goes with --beir"),
        (["nowhere", "--answers", "3"], "--answers goes with --squad"),
        (["--squad", "x", "--model", "m"], "--model goes with --answers"),
        (["--beir", ".", "--queries", "3"], "--queries goes with a FOLDER"),
        (["nowhere", "--connect", "http://x"], "--connect"),
    ],
)
def test_what_is_not_there_or_goes_not_together_is_a_usage_error(
    evaluate, tmp_path, monkeypatch, arguments, message
):
    monkeypatch.chdir(tmp_path)

    code, out, err = evaluate(*arguments)

    assert (code, out) == (2, "")
    assert message in err


def test_a_broken_line_fails_and_is_named(evaluate, tmp_path):
    folder: Path = write_collection(tmp_path / "everyday")
    with (folder / "corpus.jsonl").open("a") as corpus:
        corpus.write("\n{broken")

    code, out, err = evaluate("--beir", str(folder))

    assert (code, out) == (1, "")
    assert "corpus.jsonl:71 is not JSON" in err
