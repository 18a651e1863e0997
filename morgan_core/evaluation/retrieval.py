"""Retrieval on a judged collection, stage by stage, with the product's own search."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from morgan_core import __version__
from morgan_core.embedding.base import Embedder
from morgan_core.evaluation import estimates
from morgan_core.evaluation.beir import Collection
from morgan_core.evaluation.estimates import Estimate
from morgan_core.evaluation.measures import PerQuery, documents_of, measure
from morgan_core.evaluation.progress import OnProgress, Progress, unseen
from morgan_core.evaluation.shelf import Shelf, open_shelf, search
from morgan_core.paths import Paths
from morgan_core.retrieval.search import CANDIDATES
from morgan_core.settings import Settings
from morgan_core.types import Passage, Record

DEPTH = 100
"""Documents that a ranking goes down to."""

STAGES = ("dense", "bm25", "fused", "reranked")


class Measured(Record, frozen=True, kw_only=True):
    """One stage: means over the queries with their 95 % confidence intervals."""

    ndcg_at_10: Estimate = msgspec.field(name="ndcg@10")
    recall_at_100: Estimate = msgspec.field(name="recall@100")
    mrr_at_10: Estimate = msgspec.field(name="mrr@10")


class RetrievalReport(Record, frozen=True, kw_only=True):
    """``eval --beir --json``. The first three are those of what a person gets: the last stage.

    ``gain`` is nDCG@10 of the last stage minus that of the better half, query by query.
    ``left_out`` counts what the collection names but could not be measured.
    """

    ndcg_at_10: float = msgspec.field(name="ndcg@10")
    recall_at_100: float = msgspec.field(name="recall@100")
    mrr_at_10: float = msgspec.field(name="mrr@10")
    queries: int
    documents: int
    seconds: float
    passages: int
    collection: str
    split: str
    stages: dict[str, Measured]
    gain: Estimate
    left_out: dict[str, int]
    vectors: dict[str, int]
    configuration: dict[str, Any]


Rankings = dict[str, dict[str, list[str]]]
"""By stage, then by query: ids of documents, best first."""


async def evaluate_retrieval(
    collection: Collection,
    settings: Settings,
    paths: Paths,
    *,
    embedder: Embedder | None = None,
    seed: int = estimates.SEED,
    on_progress: OnProgress = unseen,
) -> RetrievalReport:
    """Index ``collection`` in a throw-away index and ask all its queries. ``embedder`` stands in
    for the one of the settings.

    Raises MorganError when the embedder fails: nothing is measured by words alone.
    """
    began = time.monotonic()
    async with open_shelf(settings, paths, embedder=embedder) as shelf:
        rankings = await rank(collection, shelf, on_progress)
        passages = shelf.passages
        vectors = shelf.vector_counts
        configuration = configuration_of(settings, shelf, seed)
    return report(
        collection,
        rankings,
        seed=seed,
        passages=passages,
        seconds=time.monotonic() - began,
        vectors=vectors,
        configuration=configuration,
    )


async def rank(collection: Collection, shelf: Shelf, on_progress: OnProgress = unseen) -> Rankings:
    """The documents that each stage finds for each query, down to ``DEPTH``."""
    await shelf.fill(collection.read_documents(), collection.documents, on_progress)
    await shelf.embed_queries(list(collection.queries.values()), on_progress)
    rankings: Rankings = {}
    for done, (query, text) in enumerate(collection.queries.items(), start=1):
        for stage, found in (await _stages(shelf, text)).items():
            ids = [shelf.own_ids[id] for id in found]
            # As BEIR does: where queries are documents themselves (ArguAna), one that finds
            # itself has found nothing.
            kept = [id for id in ids if id != query][:DEPTH]
            rankings.setdefault(stage, {})[query] = kept
        on_progress(Progress(step="Asking", done=done, total=len(collection.queries)))
    return {stage: rankings[stage] for stage in STAGES if stage in rankings}


def report(
    collection: Collection,
    rankings: Rankings,
    *,
    seed: int,
    passages: int,
    seconds: float,
    vectors: Mapping[str, int],
    configuration: Mapping[str, Any],
) -> RetrievalReport:
    found = {stage: measure(ranking, collection.judgements) for stage, ranking in rankings.items()}
    stages = {stage: _measured(values, seed) for stage, values in found.items()}
    last = list(stages)[-1]
    half = max(("dense", "bm25"), key=lambda stage: stages[stage].ndcg_at_10.mean)
    return RetrievalReport(
        ndcg_at_10=stages[last].ndcg_at_10.mean,
        recall_at_100=stages[last].recall_at_100.mean,
        mrr_at_10=stages[last].mrr_at_10.mean,
        queries=len(collection.queries),
        documents=collection.documents,
        seconds=round(seconds, 3),
        passages=passages,
        collection=collection.name,
        split=collection.split,
        stages=stages,
        gain=estimates.difference(found[last].ndcg_at_10, found[half].ndcg_at_10, seed=seed),
        left_out={
            "queries_without_relevant_document": collection.unjudged,
            "judged_queries_without_text": collection.unknown,
            "judged_documents_not_in_corpus": collection.missing,
        },
        vectors=dict(vectors),
        configuration=dict(configuration),
    )


def configuration_of(settings: Settings, shelf: Shelf, seed: int) -> dict[str, Any]:
    """What figures depend on, beside the collection."""
    info = shelf.embedder.info
    return {
        "version": __version__,
        "embedder": info.name,
        "dimension": info.dimension,
        "index": "embedded",
        "chunk_size": settings.chunk_size,
        "candidates": CANDIDATES,
        "intervals": f"{estimates.CONFIDENCE:.0%} bootstrap, {estimates.DRAWS} draws",
        "seed": seed,
    }


async def _stages(shelf: Shelf, text: str) -> dict[str, list[str]]:
    """The document ids that each stage finds, best first, at least ``DEPTH`` + 1 of them where
    there are as many."""
    halves = await _halves(shelf, text)
    head = await search(shelf.searcher, text, CANDIDATES)
    results = list(head.results)
    limit, found = CANDIDATES, head
    # The head is exactly what a person gets; its tail comes from deeper searches, in which the
    # scores of the head may be fused otherwise.
    while len(_documents(results)) <= DEPTH and len(found.results) >= limit:
        limit *= 2
        found = await search(shelf.searcher, text, limit)
        results += found.results
    last = "fused"
    if any(passage.scores.rerank is not None for passage in head.results):
        last = "reranked"
        by_fusion = sorted(head.results, key=lambda passage: -passage.scores.fused)
        halves["fused"] = _documents([*by_fusion, *results])
    return {**halves, last: _documents(results)}


async def _halves(shelf: Shelf, text: str) -> dict[str, list[str]]:
    vector = await shelf.embedder.embed([text], "query")
    limit = CANDIDATES
    while True:
        limit *= 2
        candidates = await shelf.query(text, vector, limit=limit)
        halves = {"dense": candidates.dense, "bm25": candidates.bm25}
        found = {name: documents_of(c.document_id for c in half) for name, half in halves.items()}
        if all(len(found[name]) > DEPTH or len(half) < limit for name, half in halves.items()):
            return found


def _documents(passages: Sequence[Passage]) -> list[str]:
    return documents_of(passage.document for passage in passages)


def _measured(values: PerQuery, seed: int) -> Measured:
    return Measured(
        ndcg_at_10=estimates.mean(values.ndcg_at_10, seed=seed),
        recall_at_100=estimates.mean(values.recall_at_100, seed=seed),
        mrr_at_10=estimates.mean(values.mrr_at_10, seed=seed),
    )
