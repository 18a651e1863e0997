"""How good the rankings are: words, vectors and both, on collections with judgements."""

from __future__ import annotations

import asyncio
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

from morgan_core.embedding.local import LocalEmbedder
from morgan_core.index.base import Candidate, Chunk
from morgan_core.index.edge import EdgeIndex
from morgan_core.library.chunking import chunk
from morgan_core.library.readers import Extracted
from morgan_core.retrieval.evaluation import documents_of, evaluate
from morgan_core.retrieval.fusion import fuse
from morgan_core.retrieval.search import CANDIDATES
from morgan_core.settings import Settings
from tests.benchmarks import beir
from tests.benchmarks.base import Metrics, Options, Skipped, metric
from tests.benchmarks.real_app import paths_in

BARS = {"cranfield": 0.49}
AT_ONCE = 64
HALVES = ("dense", "bm25", "fused")


def run(options: Options) -> Metrics:
    folders = beir.collections_below(options.data) if options.data else []
    if not folders:
        raise Skipped("MORGAN_BENCH_DATA names no folder with collections in BEIR layout")
    found: Metrics = {}
    for folder in folders:
        collection = beir.load(folder)
        if options.quick:
            cut(collection)
        found |= asyncio.run(measure(collection))
    return found


def cut(collection: beir.Collection, queries: int = 5, documents: int = 100) -> None:
    """Keep a few queries and documents."""
    kept = dict(list(collection.judgements.items())[:queries])
    collection.judgements = kept
    collection.queries = {query: collection.queries[query] for query in kept}
    some = {*list(collection.documents)[:documents], *(d for found in kept.values() for d in found)}
    collection.documents = {d: t for d, t in collection.documents.items() if d in some}


async def measure(collection: beir.Collection) -> Metrics:
    rankings: dict[str, dict[str, list[str]]] = {half: {} for half in HALVES}
    with tempfile.TemporaryDirectory() as folder:
        paths = paths_in(Path(folder))
        paths.create()
        embedder = LocalEmbedder(Settings(), paths)
        index = EdgeIndex(paths.index, embedder.info)
        await index.open()
        try:
            passages = await fill(index, embedder, collection)
            for query, text in collection.queries.items():
                vector = await embedder.embed([text], "query")
                candidates = await index.query(text, vector, limit=CANDIDATES)
                best = fuse(candidates, limit=2 * CANDIDATES)
                rankings["dense"][query] = ranking_of(candidates.dense)
                rankings["bm25"][query] = ranking_of(candidates.bm25)
                rankings["fused"][query] = documents_of(one.document_id for one in best)
        finally:
            await asyncio.gather(embedder.stop(), index.close())
    return figures(collection, rankings, passages)


def ranking_of(candidates: Sequence[Candidate]) -> list[str]:
    return documents_of(one.document_id for one in candidates)


async def fill(index: EdgeIndex, embedder: LocalEmbedder, collection: beir.Collection) -> int:
    """Index every document as the library would; returns the number of passages."""
    chunks = [
        piece
        for document, text in collection.documents.items()
        for piece in chunks_of(document, text)
    ]
    await index.upsert_words(chunks)
    await index.settled()
    for first in range(0, len(chunks), AT_ONCE):
        some = chunks[first : first + AT_ONCE]
        vectors = await embedder.embed([chunk.text for chunk in some], "passage")
        await index.upsert_vectors([chunk.id for chunk in some], vectors)
    return len(chunks)


def chunks_of(document: str, text: str) -> list[Chunk]:
    pieces = chunk(Extracted(text=text, kind="text"), size=Settings().chunk_size)
    return [
        Chunk(
            id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{document}#{piece.ordinal}")),
            document_id=document,
            revision=1,
            ordinal=piece.ordinal,
            text=piece.text,
            page=None,
            heading="",
            start=piece.start,
            end=piece.end,
            paths=(document,),
            folders=(),
        )
        for piece in pieces
    ]


def figures(
    collection: beir.Collection, rankings: dict[str, dict[str, list[str]]], passages: int
) -> Metrics:
    found: Metrics = {}
    results = {half: evaluate(rankings[half], collection.judgements) for half in HALVES}
    for half, result in results.items():
        bar = None
        if half == "fused":
            halves = max(results["dense"].ndcg_at_10, results["bm25"].ndcg_at_10)
            bar = max(BARS.get(collection.name, 0.0), halves)
        found[f"{collection.name}_{half}"] = metric(
            result.ndcg_at_10,
            "nDCG@10",
            bar=bar,
            better="more",
            n=result.queries,
            how=f"linear gain; {len(collection.documents):,} documents in {passages:,} passages, "
            f"{CANDIDATES} candidates of each half, a document stands where its best passage does",
            recall_at_100=result.recall_at_100,
            mrr_at_10=result.mrr_at_10,
        )
    return found
