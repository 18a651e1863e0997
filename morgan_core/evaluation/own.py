"""A folder of the person's own documents, learned by the real library into a throw-away one."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from morgan_core import __version__
from morgan_core.embedding.base import Embedder
from morgan_core.embedding.cache import VectorCache
from morgan_core.embedding.factory import make_embedder
from morgan_core.errors import BadInput
from morgan_core.evaluation import estimates
from morgan_core.evaluation.embeddings import RememberingEmbedder
from morgan_core.evaluation.estimates import Estimate
from morgan_core.evaluation.made_up import Kind, MadeUp, make_queries
from morgan_core.evaluation.progress import OnProgress, Progress, unseen
from morgan_core.evaluation.shelf import search, throw_away_folder
from morgan_core.library.service import LibraryService
from morgan_core.paths import Paths
from morgan_core.retrieval.search import Searcher
from morgan_core.settings import Settings
from morgan_core.storage.engine import database_url, open_engine
from morgan_core.storage.migrate import migrate
from morgan_core.types import Document, Job, Passage, Record

RANKS = (1, 3, 10)
QUERIES = 100
NOTE = (
    "These queries were made up from the documents' own words, without a model; "
    "real questions are harder."
)
_ASK_EVERY = 0.3


class KnownItem(Record, frozen=True, kw_only=True):
    """``document``: how many queries have their document among the first k passages, by k;
    ``passage``: the same for a passage of the sentence itself; ``mrr@10`` is the passage's."""

    queries: int
    document: dict[str, Estimate]
    passage: dict[str, Estimate]
    mrr_at_10: Estimate = msgspec.field(name="mrr@10")


class Tried(Record, frozen=True, kw_only=True):
    """A made-up query, where its sentence stands, and the ranks of its document and passage (0
    when not among the first ten)."""

    kind: Kind
    query: str
    path: str
    document_rank: int
    passage_rank: int


class OwnReport(Record, frozen=True, kw_only=True):
    """``eval FOLDER --json``; ``found`` is by kind of query, and for ``all``."""

    folder: str
    note: str
    documents: int
    failed: int
    passages: int
    queries: int
    found: dict[str, KnownItem]
    tried: tuple[Tried, ...]
    seconds: float
    vectors: dict[str, int]
    configuration: dict[str, Any]


async def evaluate_own(
    folder: Path,
    settings: Settings,
    paths: Paths,
    *,
    queries: int = QUERIES,
    embedder: Embedder | None = None,
    seed: int = estimates.SEED,
    on_progress: OnProgress = unseen,
) -> OwnReport:
    """Learn ``folder`` as the library would, make up ``queries``, and look for their places.
    ``embedder`` stands in for the one of the settings.

    Vectors that the person's library has are borrowed; nothing is kept. Raises BadInput when
    nothing can be made of the folder, MorganError when the embedder or the library fails.
    """
    began = time.monotonic()
    async with _open_library(settings, paths, embedder) as (service, remembering):
        documents = await _learn(service, folder, on_progress)
        ready = [document for document in documents if document.state == "ready"]
        drawn = random.Random(seed).sample(sorted(ready, key=_path), min(len(ready), queries))
        texts = {d.id: (await service.text(d.id, end=0, context=2**31)).text for d in drawn}
        made = await asyncio.to_thread(make_queries, texts, queries, seed)
        if not made:
            raise BadInput(f"{folder} holds no document with whole sentences to make queries from.")
        vectors = {"reused": remembering.reused, "embedded": remembering.embedded}
        searcher = Searcher(service, remembering, patient=True)
        names = {document.id: document.path for document in ready}
        tried = []
        for done, one in enumerate(made, start=1):
            tried.append(await _try(searcher, one, names[one.document]))
            on_progress(Progress(step="Asking", done=done, total=len(made)))
        info = remembering.info
    kinds: dict[str, list[Tried]] = {"all": tried}
    for each in tried:
        kinds.setdefault(each.kind, []).append(each)
    return OwnReport(
        folder=str(folder),
        note=NOTE,
        documents=len(ready),
        failed=sum(document.state == "failed" for document in documents),
        passages=sum(document.passages for document in ready),
        queries=len(tried),
        found={kind: _known_item(some, seed) for kind, some in kinds.items()},
        tried=tuple(tried),
        seconds=round(time.monotonic() - began, 3),
        vectors=vectors,
        configuration={
            "version": __version__,
            "embedder": info.name,
            "dimension": info.dimension,
            "chunk_size": settings.chunk_size,
            "intervals": f"{estimates.CONFIDENCE:.0%} bootstrap, {estimates.DRAWS} draws",
            "seed": seed,
        },
    )


@asynccontextmanager
async def _open_library(
    settings: Settings, paths: Paths, given: Embedder | None
) -> AsyncIterator[tuple[LibraryService, RememberingEmbedder]]:
    """A library in a throw-away data directory, and its embedder."""
    paths.create()
    behind = given or make_embedder(settings, paths)
    known = paths.cache / "vectors"
    borrowed = VectorCache(known, behind.info) if known.is_dir() else None
    embedder = RememberingEmbedder(behind, borrowed=borrowed)
    with throw_away_folder(paths) as folder:
        below = Paths(
            data=folder / "data",
            config=paths.config,
            cache=folder / "cache",
            logs=paths.logs / "evaluation",
        )
        below.create()
        await _create_database(below)
        service = LibraryService(
            # Never the server or the database that the person's own library is in.
            settings.model_copy(update={"qdrant_url": "", "database_url": ""}),
            below,
            embedder=embedder,
            lock_fd=None,
            on_change=lambda _: None,
        )
        try:
            await service.start()
            yield service, embedder
        finally:
            await asyncio.gather(service.stop(), embedder.stop())


async def _create_database(paths: Paths) -> None:
    engine = await asyncio.to_thread(open_engine, database_url("", paths.database))
    try:
        await migrate(engine)
    finally:
        await engine.dispose()


async def _learn(
    service: LibraryService, folder: Path, on_progress: OnProgress
) -> tuple[Document, ...]:
    job = await service.learn([str(folder)])
    while job.state not in ("done", "failed"):
        await asyncio.sleep(_ASK_EVERY)
        job = await service.job(job.id)
        on_progress(_how_far(job))
    if not any(document.state == "ready" for document in job.documents):
        raise BadInput(f"Nothing in {folder} could be learned.", mend=job.error)
    return job.documents


def _how_far(job: Job) -> Progress:
    done = sum(document.state in ("ready", "failed", "offline") for document in job.documents)
    return Progress(step="Learning", done=done, total=len(job.documents))


async def _try(searcher: Searcher, one: MadeUp, path: str) -> Tried:
    found = await search(searcher, one.query, max(RANKS))
    return Tried(
        kind=one.kind,
        query=one.query,
        path=path,
        document_rank=_rank([p.document == one.document for p in found.results]),
        passage_rank=_rank([_holds(p, one) for p in found.results]),
    )


def _holds(passage: Passage, one: MadeUp) -> bool:
    inside = passage.start < one.end and one.start < passage.end
    return passage.document == one.document and inside


def _rank(right: Sequence[bool]) -> int:
    return next((rank for rank, one in enumerate(right, start=1) if one), 0)


def _known_item(tried: Sequence[Tried], seed: int) -> KnownItem:
    def within(ranks: Sequence[int]) -> dict[str, Estimate]:
        return {
            str(k): estimates.mean([float(0 < rank <= k) for rank in ranks], seed=seed)
            for k in RANKS
        }

    passages = [one.passage_rank for one in tried]
    return KnownItem(
        queries=len(tried),
        document=within([one.document_rank for one in tried]),
        passage=within(passages),
        mrr_at_10=estimates.mean([1 / rank if rank else 0.0 for rank in passages], seed=seed),
    )


def _path(document: Document) -> str:
    return document.path
