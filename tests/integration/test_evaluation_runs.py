"""Whole evaluations on the real index, with an embedder and a chat model made by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from morgan_core.embedding.cache import VectorCache, text_hash
from morgan_core.errors import BadInput, Unavailable
from morgan_core.evaluation.beir import open_collection
from morgan_core.evaluation.embeddings import RememberingEmbedder
from morgan_core.evaluation.own import evaluate_own
from morgan_core.evaluation.questions import evaluate_questions
from morgan_core.evaluation.retrieval import evaluate_retrieval
from morgan_core.evaluation.shelf import search, throw_away_folder
from morgan_core.evaluation.squad import read_questions
from morgan_core.paths import Paths, find_paths
from morgan_core.retrieval.search import Searcher
from morgan_core.settings import Settings
from tests.core_fakes import ListLibrary, ScriptedModel, chunk
from tests.everyday import DOCUMENTS, QUERIES, write_collection
from tests.word_vectors import DIMENSION, WordEmbedder


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths(tmp_path / "data")


async def test_a_collection_is_measured_stage_by_stage_and_leaves_only_its_vectors(tmp_path, paths):
    collection = open_collection(write_collection(tmp_path / "everyday"))
    told = []

    report = await evaluate_retrieval(
        collection, Settings(), paths, embedder=WordEmbedder(), on_progress=told.append
    )

    assert (report.queries, report.documents) == (len(QUERIES), len(DOCUMENTS))
    assert report.passages >= report.documents
    assert list(report.stages) == ["dense", "bm25", "fused"]
    assert report.ndcg_at_10 == report.stages["fused"].ndcg_at_10.mean > 0.5
    for stage in report.stages.values():
        for found in (stage.ndcg_at_10, stage.recall_at_100, stage.mrr_at_10):
            assert 0.0 <= found.low <= found.mean <= found.high <= 1.0
    assert report.stages["dense"].recall_at_100.mean == 1.0  # fewer than 100 documents
    assert {progress.step for progress in told} == {
        "Embedding documents",
        "Embedding queries",
        "Asking",
    }
    assert [path.name for path in (paths.cache / "evaluation").iterdir()] == ["vectors"]
    assert not (paths.data / "index").exists()


async def test_a_second_run_embeds_nothing_and_finds_the_same(tmp_path, paths):
    collection = open_collection(write_collection(tmp_path / "everyday"))
    first = await evaluate_retrieval(collection, Settings(), paths, embedder=WordEmbedder())
    embedder = WordEmbedder()

    second = await evaluate_retrieval(collection, Settings(), paths, embedder=embedder)

    assert embedder.texts == []
    assert second.vectors == {"reused": first.vectors["embedded"], "embedded": 0}
    assert second.stages == first.stages


async def test_a_run_that_broke_off_goes_on_where_it_was(tmp_path, paths):
    corpus = [{"_id": str(n), "text": f"Note {n} about subject {n}."} for n in range(300)]
    folder = tmp_path / "notes"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)))
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "subject 7"}')
    (folder / "qrels" / "test.tsv").write_text("q\t7\t1\n")
    collection = open_collection(folder)
    with pytest.raises(Unavailable, match="gone"):
        await evaluate_retrieval(collection, Settings(), paths, embedder=WordEmbedder(calls_left=2))
    embedder = WordEmbedder()

    report = await evaluate_retrieval(collection, Settings(), paths, embedder=embedder)

    assert (report.vectors["reused"], report.vectors["embedded"]) == (256, 45)
    assert len(embedder.texts) == 45


async def test_a_search_by_words_alone_is_an_error_and_no_figure():
    library = ListLibrary([(chunk("1", "Tea is steeped."), 0.9, 3.0)])
    searcher = Searcher(library, WordEmbedder(calls_left=0), patient=True)

    with pytest.raises(Unavailable, match="embedder does not answer"):
        await search(searcher, "tea", 5)


async def test_a_text_is_embedded_once_as_passage_and_once_as_query(tmp_path):
    borrowed = VectorCache(tmp_path / "borrowed", WordEmbedder.info)
    borrowed.put_many({text_hash("known"): bytes(4 * DIMENSION)})
    behind = WordEmbedder()
    cache = VectorCache(tmp_path / "own", behind.info)
    embedder = RememberingEmbedder(behind, cache=cache, borrowed=borrowed)

    for _ in range(2):
        assert await embedder.embed(["known", "new"], "passage") != await embedder.embed(
            ["known", "new"], "query"
        )

    assert behind.texts == ["new", "known", "new"]
    assert borrowed.hashes() == {text_hash("known")}


async def test_a_query_that_is_a_document_itself_does_not_find_itself(tmp_path, paths):
    folder = tmp_path / "arguments"
    (folder / "qrels").mkdir(parents=True)
    (folder / "corpus.jsonl").write_text(
        '{"_id": "one", "text": "Bells should ring at noon."}\n'
        '{"_id": "other", "text": "Bells should not ring at noon, people sleep."}\n'
        '{"_id": "tea", "text": "Leaves are steeped in water."}\n'
    )
    (folder / "queries.jsonl").write_text('{"_id": "one", "text": "Bells should ring at noon."}')
    (folder / "qrels" / "test.tsv").write_text("one\tother\t1\n")

    report = await evaluate_retrieval(
        open_collection(folder), Settings(), paths, embedder=WordEmbedder()
    )

    assert report.ndcg_at_10 == report.mrr_at_10 == 1.0


async def test_recall_counts_documents_even_when_one_fills_the_first_hundred_passages(
    tmp_path, paths
):
    folder = tmp_path / "books"
    (folder / "qrels").mkdir(parents=True)
    novel = " ".join(f"The harbour lamp number {n} burns." for n in range(4000))
    (folder / "corpus.jsonl").write_text(
        json.dumps({"_id": "novel", "text": novel})
        + '\n{"_id": "note", "text": "A harbour lamp, among many other things: ropes, nets, tar."}'
    )
    (folder / "queries.jsonl").write_text('{"_id": "q", "text": "the harbour lamp burns"}')
    (folder / "qrels" / "test.tsv").write_text("q\tnote\t1\n")

    report = await evaluate_retrieval(
        open_collection(folder), Settings(), paths, embedder=WordEmbedder()
    )

    assert report.passages > 100
    assert report.recall_at_100 == 1.0


def test_what_a_killed_run_left_is_removed_and_a_running_one_is_not(paths):
    paths.create()
    with throw_away_folder(paths) as running:
        left = running.parent / "run-left"
        left.mkdir()
        (left / "index").write_text("old")

        with throw_away_folder(paths) as next_one:
            assert not left.exists()
            assert running.is_dir() and next_one.is_dir()
        assert not next_one.exists()
    assert not running.exists()


ARTICLES = {
    "Lighthouses": [
        (
            "The lamp of the lighthouse at Skerry is lit at dusk by two keepers.",
            [
                ("When is the lamp of the lighthouse at Skerry lit?", ["dusk"]),
                ("Who lights the lamp of the lighthouse at Skerry?", ["two keepers"]),
                ("What colour is the lamp of the lighthouse?", []),
            ],
        )
    ],
    "Bread": [
        (
            "Rye dough rests for ten hours before the baker shapes the loaves.",
            [("How long does rye dough rest before the baker shapes it?", ["ten hours"])],
        )
    ],
}


def write_questions(path: Path) -> Path:
    data = [
        {
            "title": title,
            "paragraphs": [
                {
                    "context": context,
                    "qas": [
                        {
                            "id": question,
                            "question": question,
                            "answers": [{"text": answer, "answer_start": 0} for answer in answers],
                            "is_impossible": not answers,
                        }
                        for question, answers in asked
                    ],
                }
                for context, asked in paragraphs
            ],
        }
        for title, paragraphs in ARTICLES.items()
    ]
    path.write_text(json.dumps({"version": "v2.0", "data": data}))
    return path


async def test_questions_are_found_and_refused_when_their_article_is_left_out(tmp_path, paths):
    file = read_questions(write_questions(tmp_path / "dev.json"))

    report = await evaluate_questions(file, Settings(), paths, embedder=WordEmbedder())

    assert (report.articles, report.questions, report.answerable) == (2, 4, 3)
    assert list(report.stages) == ["dense", "bm25", "fused"]
    assert report.stages["fused"].hit["1"].mean == report.stages["fused"].answer["1"].mean == 1.0
    refusal = report.refusal
    assert refusal is not None
    assert refusal.left_out_auroc.mean == 1.0
    assert refusal.left_out_refused.mean == refusal.precision == 1.0
    assert refusal.answerable_refused.mean == 0.0
    assert report.answers is None


async def test_a_passage_of_another_paragraph_is_no_hit(tmp_path, paths):
    filler = "Gulls cry over the rocks and nobody counts them in the long evenings. " * 9
    of_lamp = {"question": "It sounds in fog?", "answers": [{"text": "at dusk"}]}
    lamp = {"context": f"{filler}The lamp of Skerry is lit at dusk.", "qas": [of_lamp]}
    of_horn = {"question": "The lamp of Skerry is lit?", "answers": [{"text": "by hand"}]}
    horn = {"context": f"{filler}It sounds in fog, by hand.", "qas": [of_horn]}
    path = tmp_path / "dev.json"
    path.write_text(json.dumps({"data": [{"title": "Skerry", "paragraphs": [lamp, horn]}]}))

    report = await evaluate_questions(
        read_questions(path), Settings(), paths, embedder=WordEmbedder()
    )

    found = report.stages["fused"]
    assert report.passages == 2
    assert (found.hit["1"].mean, found.answer["1"].mean) == (0.0, 0.0)
    assert (found.hit["3"].mean, found.answer["3"].mean) == (1.0, 1.0)


async def test_a_file_of_one_article_says_nothing_about_refusal(tmp_path, paths):
    path = write_questions(tmp_path / "dev.json")
    data = json.loads(path.read_text())
    path.write_text(json.dumps({"data": data["data"][:1]}))

    report = await evaluate_questions(
        read_questions(path), Settings(), paths, embedder=WordEmbedder()
    )

    assert report.refusal is None


async def test_answers_of_the_model_are_compared_and_their_citations_followed(tmp_path, paths):
    file = read_questions(write_questions(tmp_path / "dev.json"))
    model = ScriptedModel("Rye dough rests for ten hours. The moon is made of cheese.")

    report = await evaluate_questions(
        file, Settings(), paths, answers=3, embedder=WordEmbedder(), model=model
    )

    found = report.answers
    assert found is not None
    assert (found.model, found.asked, found.sentences) == ("scripted", 3, 6)
    [bread] = [record for record in found.records if "rye" in record.question]
    assert bread.contains and bread.exact == 0.0 and 0.0 < bread.f1 < 1.0
    assert bread.to_gold == bread.citations == 1
    assert [sentence.status for sentence in bread.sentences] == ["supported", "unsupported"]
    assert "ten hours" in bread.sentences[0].quotes[0]
    assert found.contains.mean == pytest.approx(1 / 3, abs=1e-5)
    assert found.citation_recall.mean == 1.0


async def test_a_folder_of_ones_own_is_learned_apart_and_asked_what_it_says(tmp_path, paths):
    folder = tmp_path / "notes"
    folder.mkdir()
    for id, (title, text) in DOCUMENTS.items():
        (folder / f"{id}.md").write_text(f"# {title}\n\n{text}\n")
    (folder / "empty.txt").write_text("")

    report = await evaluate_own(folder, Settings(), paths, queries=20, embedder=WordEmbedder())

    assert (report.documents, report.failed, report.queries) == (len(DOCUMENTS), 1, 20)
    assert set(report.found) == {"all", "keywords", "sentence"}
    assert report.found["all"].passage["10"].mean >= 0.9
    assert "made up" in report.note
    assert list((paths.cache / "evaluation").iterdir()) == []
    assert not paths.database.exists()


async def test_a_folder_without_sentences_is_told_so(tmp_path, paths):
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "a.py").write_text("x = 1\n")

    with pytest.raises(BadInput, match="no document with whole sentences"):
        await evaluate_own(folder, Settings(), paths, embedder=WordEmbedder())
