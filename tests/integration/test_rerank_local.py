"""A cross-encoder in its child: tiny, with weights by chance, and real in all else."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from morgan_core.errors import ModelError
from morgan_core.paths import Paths, find_paths
from morgan_core.rerank.base import AbsentReranker
from morgan_core.rerank.factory import make_reranker
from morgan_core.rerank.files import locate
from morgan_core.rerank.local import LocalReranker
from morgan_core.retrieval.reranking import Reranking
from morgan_core.retrieval.search import Searcher
from morgan_core.settings import Settings
from tests.core_fakes import ListLibrary, ReadyEmbedder, chunk

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "lease", "ends", "in", "march", "cat"]
HITS = [
    (chunk("1", "the lease ends in march", document="d1"), 0.9, 9.0),
    (chunk("2", "the cat", document="d2"), 0.5, 5.0),
    (chunk("3", "in march the cat ends", document="d3"), 0.4, 4.0),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder = tmp_path_factory.mktemp("models") / "tiny-judge"
    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(WORDS))
    torch.manual_seed(5)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        num_labels=1,
        initializer_range=0.8,
    )
    BertForSequenceClassification(config).save_pretrained(folder, safe_serialization=True)
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=64)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    paths = find_paths(tmp_path_factory.mktemp("data"))
    paths.create()
    return paths


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reranker(model: Path, paths: Paths) -> AsyncIterator[LocalReranker]:
    made = make_reranker(Settings(reranker_model=str(model)), paths)
    assert isinstance(made, LocalReranker)
    yield made
    await made.stop()


async def test_while_it_loads_a_search_keeps_its_order(reranker: LocalReranker) -> None:
    await reranker.start()
    reranking = Reranking(reranker, top=10, timeout=5)
    searcher = Searcher(ListLibrary(HITS), ReadyEmbedder(), reranking=reranking)

    found = await searcher.search("lease", limit=5)

    assert found.not_reranked == "the reranker is still loading"
    assert found.results[0].document == "d1"


async def test_each_text_gets_its_score_whatever_stands_beside_it(
    reranker: LocalReranker,
) -> None:
    texts = [hit.text for hit, *_ in HITS]

    together = await reranker.scores("lease", texts)
    alone = [(await reranker.scores("lease", [text]))[0] for text in texts]

    assert together == pytest.approx(alone, abs=1e-4)
    assert len({round(score, 4) for score in together}) == 3


async def test_a_passage_longer_than_the_model_reads_is_cut(reranker: LocalReranker) -> None:
    long, longer = await reranker.scores("lease", ["the cat " * 500, "the cat " * 600])

    assert long == pytest.approx(longer)


async def test_a_search_has_its_order(reranker: LocalReranker) -> None:
    scores = await reranker.scores("lease", [hit.text for hit, *_ in HITS])
    wanted = [
        hit.document_id
        for _, (hit, *_) in sorted(zip(scores, HITS, strict=True), key=lambda p: -p[0])
    ]
    reranking = Reranking(reranker, top=10, timeout=60, patient=True)
    searcher = Searcher(ListLibrary(HITS), ReadyEmbedder(), reranking=reranking)

    found = await searcher.search("lease", limit=5)

    assert [passage.document for passage in found.results] == wanted
    assert [passage.score for passage in found.results] == sorted(scores, reverse=True)


async def test_what_cannot_be_loaded_safely_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    with pytest.raises(ModelError, match="holds no model"):
        locate(str(tmp_path))
    config.write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(ModelError, match="pickled weights are not read"):
        locate(str(tmp_path))
    config.write_text(json.dumps({"auto_map": {"AutoModel": "evil.Evil"}}))
    with pytest.raises(ModelError, match="code of its own"):
        locate(str(tmp_path))


async def test_a_model_that_is_not_there_is_said_and_searches_go_on(paths: Paths) -> None:
    made = make_reranker(Settings(reranker_model="nobody/no-such-judge"), paths)
    assert isinstance(made, AbsentReranker)
    reranking = Reranking(made, top=10, timeout=5)
    searcher = Searcher(ListLibrary(HITS), ReadyEmbedder(), reranking=reranking)

    found = await searcher.search("lease", limit=5)

    assert len(found.results) == 3
    assert "hf download nobody/no-such-judge" in found.not_reranked
