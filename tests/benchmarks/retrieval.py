"""How good the rankings are: words, vectors and both, on collections with judgements."""

from __future__ import annotations

import asyncio
import tempfile
from itertools import islice
from pathlib import Path

from morgan_core.evaluation.beir import Collection, open_collection
from morgan_core.evaluation.retrieval import RetrievalReport, evaluate_retrieval
from morgan_core.paths import Paths
from morgan_core.settings import Settings
from tests.benchmarks.base import Metrics, Options, Skipped, metric
from tests.benchmarks.real_app import paths_in

BARS = {"cranfield": 0.49}


def run(options: Options) -> Metrics:
    folders = collections_below(options.data) if options.data else []
    if not folders:
        raise Skipped("MORGAN_BENCH_DATA names no folder with collections in BEIR layout")
    found: Metrics = {}
    with tempfile.TemporaryDirectory() as temporary:
        paths = paths_in(Path(temporary))
        for folder in folders:
            collection = open_collection(folder)
            if options.quick:
                collection = cut(collection, Path(temporary) / folder.name)
            found |= figures(asyncio.run(measure(collection, paths)))
    return found


def collections_below(folder: Path) -> list[Path]:
    """``folder`` itself or the folders in it that hold a collection."""
    return [f for f in (folder, *sorted(folder.glob("*/"))) if (f / "corpus.jsonl").is_file()]


def cut(collection: Collection, target: Path, queries: int = 5, documents: int = 100) -> Collection:
    """The first few queries, judged on the first few documents, as a collection in ``target``."""
    (target / "qrels").mkdir(parents=True)
    with (collection.folder / "corpus.jsonl").open(encoding="utf-8") as corpus:
        (target / "corpus.jsonl").write_text("".join(islice(corpus, documents)), encoding="utf-8")
    asked = (collection.folder / "queries.jsonl").read_text(encoding="utf-8")
    (target / "queries.jsonl").write_text(asked, encoding="utf-8")
    lines = [
        f"{query}\t{document}\t{grade}\n"
        for query, found in islice(collection.judgements.items(), queries)
        for document, grade in found.items()
    ]
    (target / "qrels" / "test.tsv").write_text("".join(lines), encoding="utf-8")
    return open_collection(target)


async def measure(collection: Collection, paths: Paths) -> RetrievalReport:
    return await evaluate_retrieval(collection, Settings(), paths)


def figures(report: RetrievalReport) -> Metrics:
    found: Metrics = {}
    stages = report.stages
    halves = max(stages[half].ndcg_at_10.mean for half in ("dense", "bm25"))
    for stage, measured in stages.items():
        of_both = stage not in ("dense", "bm25")
        found[f"{report.collection}_{stage}"] = metric(
            measured.ndcg_at_10.mean,
            "nDCG@10",
            bar=max(BARS.get(report.collection, 0.0), halves) if of_both else None,
            better="more",
            n=report.queries,
            how=f"linear gain; {report.documents:,} documents in {report.passages:,} passages, "
            "as `morgan-tui eval --beir` measures it",
            interval=[measured.ndcg_at_10.low, measured.ndcg_at_10.high],
            recall_at_100=measured.recall_at_100.mean,
            mrr_at_10=measured.mrr_at_10.mean,
        )
    return found
