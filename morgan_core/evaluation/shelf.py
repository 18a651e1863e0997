"""A throw-away index filled as the library fills its own, and a search over it.

The index is always the embedded one: a collection that is measured must never touch a server
that others use. Vectors are kept as a library keeps them.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from morgan_core.embedding.cache import VectorCache
from morgan_core.embedding.factory import make_embedder
from morgan_core.errors import Unavailable
from morgan_core.evaluation.embeddings import RememberingEmbedder
from morgan_core.evaluation.progress import OnProgress, Progress
from morgan_core.index.base import Candidates, Chunk
from morgan_core.index.edge import EdgeIndex
from morgan_core.library.chunking import chunk
from morgan_core.library.readers.base import Extracted
from morgan_core.library.readers.language import guess_language
from morgan_core.library.revisions import points_of
from morgan_core.paths import Paths
from morgan_core.retrieval.search import Searcher
from morgan_core.sanitise import sanitise
from morgan_core.settings import Settings
from morgan_core.storage.lock import DataDirLock
from morgan_core.types import Record, Scope, SearchResponse

if TYPE_CHECKING:
    from morgan_core.embedding.base import Embedder, TextKind

AT_ONCE = 128
"""Passages that are embedded and written in one go, and kept by a run that is broken off."""

_NAMESPACE = uuid.UUID("6b0f6d0a-6c0f-4b57-9d5d-2f2c9c8b9f11")


class ShelfDocument(Record, frozen=True, kw_only=True):
    """A document of a collection; ``id`` is the collection's own."""

    id: str
    path: str
    extracted: Extracted


def document_id(own: str) -> str:
    """The id in the index (a UUID) of the document that its collection calls ``own``."""
    return str(uuid.uuid5(_NAMESPACE, own))


def plain_document(id: str, path: str, title: str, text: str) -> ShelfDocument:
    """A document as if read from a text file. Its title stands above its text, as titles do,
    unless the text begins with it."""
    title, text = sanitise(title).strip(), sanitise(text).strip()
    whole = text if text.startswith(title) else f"{title}\n\n{text}".strip()
    extracted = Extracted(text=whole, kind="text", title=title, language=guess_language(whole))
    return ShelfDocument(id=id, path=path, extracted=extracted)


class Shelf:
    """The index as a ``CandidateSource``, and the product's ``searcher`` over it.

    ``own_ids`` are the collection's ids of documents by those in the index; ``vector_counts``
    are of passages and queries that the cache had, and those that were embedded.
    """

    def __init__(self, index: EdgeIndex, embedder: RememberingEmbedder, settings: Settings) -> None:
        self.embedder = embedder
        self.searcher = Searcher(self, embedder, patient=True)
        self.passages = 0
        self.own_ids: dict[str, str] = {}
        self.vector_counts = {"reused": 0, "embedded": 0}
        self._index = index
        self._settings = settings

    async def fill(
        self, documents: Iterable[ShelfDocument], total: int, on_progress: OnProgress
    ) -> None:
        """Index and embed ``documents``, of which there are ``total``."""
        done = 0
        on_progress(Progress(step="Embedding documents", done=0, total=total))

        def points() -> Iterator[Chunk]:
            nonlocal done
            for document in documents:
                yield from self._points(document)
                done += 1

        stream = points()
        while some := await asyncio.to_thread(lambda: list(islice(stream, AT_ONCE))):
            await self._index.upsert_words(some)
            vectors = await self._embed([one.indexed_text for one in some], "passage")
            await self._index.upsert_vectors([one.id for one in some], vectors)
            self.passages += len(some)
            on_progress(Progress(step="Embedding documents", done=done, total=total))
        await self._index.settled()

    async def query(
        self, text: str, vector: bytes | None, *, limit: int, scope: Scope | None = None
    ) -> Candidates:
        return await self._index.query(text, vector, limit=limit, scope=scope)

    async def vectors(self, ids: Sequence[str]) -> dict[str, bytes]:
        return await self._index.vectors(ids)

    async def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        return await self._index.chunks(ids)

    async def embed_queries(self, texts: Sequence[str], on_progress: OnProgress) -> None:
        """Embed all queries ahead, in batches."""
        for first in range(0, len(texts), AT_ONCE):
            await self._embed(texts[first : first + AT_ONCE], "query")
            done = min(first + AT_ONCE, len(texts))
            on_progress(Progress(step="Embedding queries", done=done, total=len(texts)))

    async def _embed(self, texts: Sequence[str], kind: TextKind) -> bytes:
        before = self.embedder.reused, self.embedder.embedded
        vectors = await self.embedder.embed(texts, kind)
        self.vector_counts["reused"] += self.embedder.reused - before[0]
        self.vector_counts["embedded"] += self.embedder.embedded - before[1]
        return vectors

    def _points(self, document: ShelfDocument) -> list[Chunk]:
        pieces = chunk(document.extracted, size=self._settings.chunk_size)
        id = document_id(document.id)
        self.own_ids[id] = document.id
        return points_of(id, 1, document.extracted, pieces, [document.path])


async def search(
    searcher: Searcher, text: str, limit: int, scope: Scope | None = None
) -> SearchResponse:
    """The product's search. Raises Unavailable where it went by words alone: a figure without
    the embedder would be another's."""
    found = await searcher.search(text, limit=limit, scope=scope)
    if found.words_only:
        raise Unavailable(
            "The embedder does not answer, so nothing can be measured.",
            mend="`morgan-tui doctor` tells what is wrong with it.",
        )
    return found


@asynccontextmanager
async def open_shelf(
    settings: Settings, paths: Paths, *, embedder: Embedder | None = None
) -> AsyncIterator[Shelf]:
    """An empty shelf in a throw-away folder. Vectors are kept in a cache of their own, apart
    from that of the library, which holds nothing but what belongs to its documents.

    ``embedder`` is one that runs already; else the one of the settings is started, and stopped.
    """
    paths.create()
    behind = embedder or make_embedder(settings, paths)
    cache = VectorCache(paths.cache / "evaluation" / "vectors", behind.info)
    with throw_away_folder(paths) as folder:
        index = EdgeIndex(folder / "index", behind.info)
        await index.open()
        try:
            yield Shelf(index, RememberingEmbedder(behind, cache=cache), settings)
        finally:
            cache.close()
            await asyncio.gather(index.close(), *([] if embedder else [behind.stop()]))


@contextmanager
def throw_away_folder(paths: Paths) -> Iterator[Path]:
    """A new folder (0700) below the cache, removed at the end. Those that killed runs left are
    removed first: nobody holds their lock any more."""
    parent = paths.cache / "evaluation"
    parent.mkdir(mode=0o700, exist_ok=True)
    for left in parent.glob("run-*/"):
        lock = DataDirLock(left / "lock")
        if lock.acquire():
            shutil.rmtree(left, ignore_errors=True)
            lock.release()
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=parent))
    lock = DataDirLock(folder / "lock")
    lock.acquire()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()
