"""Vectors for what words already find: in the background, in the order in which they are wanted.

First what a search has just met by its words, then the documents that were changed last.

Batches run across documents, so that many small files cost no more than one large one. While one
batch is embedded the next is made ready and the one before is written: the embedder never waits
for us. A vector that the cache holds is never computed again: moving, restoring or editing a file
embeds only what is new in it, and after a failure everything simply goes on from what is written.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from morgan_core.errors import MorganError
from morgan_core.index.base import VectorIndex
from morgan_core.library.chunking import indexed_text
from morgan_core.library.manifest import Manifest
from morgan_core.library.pause import Pause
from morgan_core.library.window import TextWindow
from morgan_core.storage.catalogue_rows import ChunkRow, DocumentRow

_SMALLEST, _LARGEST = 32, 1024
_CALL_SECONDS = 1.0
"""Passages per call of the embedder: such as take about this long, waiting for the call before
included. It sorts them by length and cuts them into micro-batches itself, and a GPU wants many."""

_CALLS = 2
_UNWRITTEN = 3
"""Calls of the embedder at a time, and batches in hand: one is written meanwhile. A call that is
made ahead must be full, because what comes later may still join a smaller one, or overtake it."""

_RETRY_FIRST, _RETRY_LONGEST = 0.5, 30.0
_RATE_OVER = 10.0

log = logging.getLogger(__name__)


class Cache(Protocol):
    """Vectors by chunk hash: float32 bytes of one vector each. Calls block."""

    def get_many(self, sha256s: Sequence[str]) -> Mapping[str, bytes]: ...

    def put_many(self, vectors: Mapping[str, bytes]) -> None: ...

    def delete_many(self, sha256s: Sequence[str]) -> None: ...


class Embed(Protocol):
    async def __call__(self, texts: Sequence[str]) -> bytes:
        """float32, shape (len(texts), dimension)."""
        ...


_Rank = tuple[int, int]
"""The smaller, the sooner: minus the number of the search that met the document (0 for none),
minus the time of its last change."""


@dataclass(slots=True)
class _Batch:
    """Chunks in the order of their documents, each document's without gaps. ``embedded`` are the
    points whose vectors were not known before."""

    rows: list[ChunkRow]
    vectors: dict[str, bytes]
    embedded: set[str]


class Progress(NamedTuple):
    """Passages that got their vectors: those known before, and those embedded for it."""

    reused: int
    embedded: int


class Vectors:
    """Embeds what is findable until it is ready; ``on_progress`` is told, by document, what each
    batch did."""

    def __init__(
        self,
        manifest: Manifest,
        index: VectorIndex,
        cache: Cache,
        texts: TextWindow,
        embed: Embed,
        dimension: int,
        pause: Pause,
        *,
        on_progress: Callable[[Mapping[str, Progress]], None],
        on_textless: Callable[[str], None],
    ) -> None:
        self._manifest = manifest
        self._index = index
        self._cache = cache
        self._texts = texts
        self._embed = embed
        self._bytes = dimension * 4
        self._pause = pause
        self._on_progress = on_progress
        self._on_textless = on_textless
        self._pending: dict[str, _Rank] = {}
        self._queue: list[tuple[_Rank, str]] = []  # a heap; entries of an older rank are skipped
        self._searches = 0
        self._batch = _SMALLEST
        self._fetched: dict[str, tuple[int, int]] = {}
        self._awake = asyncio.Event()
        self._begun = asyncio.Event()
        self._calls = 0
        self._batches: deque[asyncio.Task[_Batch]] = deque()
        self._delay = _RETRY_FIRST
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._done: deque[tuple[float, int]] = deque()

    def start(self) -> None:
        self._task = asyncio.create_task(self._work(), name="vectors")

    async def close(self) -> None:
        self._closing = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def submit(self, document_id: str) -> None:
        """The document's words are findable; its vectors are still to come."""
        searched, _ = self._pending.get(document_id, (0, 0))
        self._enqueue(document_id, (searched, -self._manifest.modified(document_id)))
        self._fetched.pop(document_id, None)
        self._awake.set()

    def prefer(self, document_ids: Iterable[str]) -> None:
        """A search met these documents by their words: of those without vectors they come first."""
        self._searches += 1
        for document_id in document_ids:
            if (rank := self._pending.get(document_id)) is not None:
                self._enqueue(document_id, (-self._searches, rank[1]))

    def _enqueue(self, document_id: str, rank: _Rank) -> None:
        self._pending[document_id] = rank
        heapq.heappush(self._queue, (rank, document_id))

    @property
    def rate(self) -> float:
        """Passages that got their vector per second, of late."""
        now = time.monotonic()
        while self._done and now - self._done[0][0] > _RATE_OVER:
            self._done.popleft()
        if not self._done:
            return 0.0
        span = max(now - self._done[0][0], 1.0)
        return round(sum(count for _, count in self._done) / span, 1)

    async def recount(self, document_id: str, revision: int, counted: int, found: int) -> None:
        """The index holds ``found`` vectors of the revision where the catalogue had ``counted``:
        the collection is another embedder's, or lost some. Go on from what is there."""
        document = self._manifest.documents.get(document_id)
        if document is None or document.revision != revision:
            return
        if found == document.passages and document.state == "findable":
            document.embedded = found
            document.state = "ready"
        elif found < counted and document.state in ("findable", "ready"):
            document.embedded = 0
            document.state = "findable"
            self.submit(document_id)
        self._manifest.touch(document)
        await self._manifest.flush(finished=[document_id] if document.state == "ready" else [])

    # --- computing -------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._write_all())
                    await self._compute_all(group)
            except* MorganError as errors:
                log.warning("vectors wait %.1f s: %s", self._delay, errors.exceptions[0])
            except* Exception:
                log.exception("vectors failed; again in %.1f s", self._delay)
            if self._closing:  # a failure at the same moment hides that we were cancelled
                return
            self._begin_again()
            await asyncio.sleep(self._delay)
            self._delay = min(self._delay * 2, _RETRY_LONGEST)

    def _begin_again(self) -> None:
        """Nothing is under way any more: all that is pending is to be fetched."""
        self._calls = 0
        self._batches.clear()
        self._fetched.clear()
        self._queue = [(rank, document_id) for document_id, rank in self._pending.items()]
        heapq.heapify(self._queue)

    async def _compute_all(self, group: asyncio.TaskGroup) -> None:
        while True:
            await self._pause.over()
            self._awake.clear()
            if not self._queue or not self._may_call():
                await self._awake.wait()
            elif rows := await self._next_rows():
                self._calls += 1
                self._batches.append(group.create_task(self._computed(rows)))
                self._begun.set()

    def _may_call(self) -> bool:
        """Whether there is room for another batch, and a reason not to wait with it."""
        if len(self._batches) >= _UNWRITTEN:
            return False
        return not self._calls or (self._calls < _CALLS and self._fills_a_call())

    def _fills_a_call(self) -> bool:
        """Whether enough passages wait, those not counted that are in hand."""
        waiting = 0
        for document_id in self._pending:
            if (document := self._manifest.documents.get(document_id)) is not None:
                _, first = self._fetched.get(document_id, (0, document.embedded))
                waiting += max(0, document.passages - first)
                if waiting >= self._batch:
                    return True
        return False

    async def _computed(self, rows: Sequence[ChunkRow]) -> _Batch:
        try:
            return await self._compute(rows)
        finally:
            self._calls -= 1
            self._awake.set()

    async def _next_rows(self) -> list[ChunkRow]:
        """The next chunks that have no vector yet, about as many as go into a call.

        Documents that fit are taken whole, with one query for all of them.
        """
        wanted: dict[str, tuple[int, int]] = {}  # revision, ordinal of the first chunk
        size = 0
        while self._queue and size < self._batch:
            rank, document_id = heapq.heappop(self._queue)
            document = self._manifest.documents.get(document_id)
            if document is None or document.state != "findable":
                self._pending.pop(document_id, None)
                self._fetched.pop(document_id, None)
                continue
            if self._pending.get(document_id) != rank:
                continue
            revision, first = self._fetched.get(document_id, (-1, 0))
            if revision != document.revision:
                first = document.embedded
            if first < document.passages:
                wanted[document_id] = document.revision, first
                size += document.passages - first
        return await self._fetch(wanted)

    async def _fetch(self, wanted: Mapping[str, tuple[int, int]]) -> list[ChunkRow]:
        """The chunks of the ``wanted``; of a document that is too long the first ones, and it is
        put back."""
        rows: list[ChunkRow] = []
        catalogue = self._manifest.catalogue
        *whole, last = wanted or [""]
        found = await catalogue.chunks_of(whole) if whole else {}
        for document_id, (revision, first) in wanted.items():
            room = self._batch - len(rows)
            if document_id == last:
                some = await catalogue.chunks(document_id, first=first, limit=room)
            else:
                some = found[document_id][first:]
            if any(row.revision != revision for row in some):
                continue  # written anew meanwhile, and submitted again
            if not some:
                self._pending.pop(document_id, None)
                self._on_textless(document_id)
                continue
            document = self._manifest.documents.get(document_id)
            rank = self._pending.get(document_id)
            if document is None or rank is None:
                continue
            self._fetched[document_id] = revision, first + len(some)
            rows += some
            if first + len(some) < document.passages:
                heapq.heappush(self._queue, (rank, document_id))
        return rows

    async def _compute(self, rows: Sequence[ChunkRow]) -> _Batch:
        hashes = list({row.sha256 for row in rows})
        vectors = dict(await asyncio.to_thread(self._cache.get_many, hashes))
        vectors = {k: v for k, v in vectors.items() if v is not None and len(v) == self._bytes}
        missing = [row for row in rows if row.sha256 not in vectors]
        missing = list({row.sha256: row for row in missing}.values())
        texts = await self._texts_of(missing)
        if texts:
            began = time.monotonic()
            found = await self._embed(list(texts.values()))
            self._pace(len(texts), time.monotonic() - began)
            if len(found) != len(texts) * self._bytes:
                raise MorganError(
                    f"The embedder gave {len(found)} bytes for {len(texts)} passages."
                )
            new = {
                sha256: bytes(found[i * self._bytes : (i + 1) * self._bytes])
                for i, sha256 in enumerate(texts)
            }
            await asyncio.to_thread(self._cache.put_many, new)
            vectors |= new
            # What was forgotten meanwhile must not come back into the cache.
            gone = [row.sha256 for row in missing if not self._manifest.visible(row.document_id)]
            await asyncio.to_thread(self._cache.delete_many, gone)
        return _Batch(
            [row for row in rows if row.sha256 in vectors],
            vectors,
            {row.point_id for row in missing},
        )

    def _pace(self, passages: int, seconds: float) -> None:
        """Choose the size of the next call; it at most doubles, as one call proves little."""
        wanted = int(passages * _CALL_SECONDS / max(seconds, 1e-3))
        self._batch = max(_SMALLEST, min(wanted, 2 * self._batch, _LARGEST))

    async def _texts_of(self, rows: Sequence[ChunkRow]) -> dict[str, str]:
        """The chunks' texts by hash, from the stored texts of their documents."""
        by_document: dict[str, list[ChunkRow]] = {}
        for row in rows:
            document = self._manifest.documents.get(row.document_id)
            if document is not None and document.revision == row.revision:
                by_document.setdefault(row.document_id, []).append(row)
        stored = {id: self._manifest.documents[id].text_sha256 for id in by_document}
        texts, textless = await asyncio.to_thread(self._cut_out, by_document, stored)
        for document_id in textless:
            self._pending.pop(document_id, None)
            self._on_textless(document_id)
        return texts

    def _cut_out(
        self, by_document: Mapping[str, Sequence[ChunkRow]], stored: Mapping[str, str]
    ) -> tuple[dict[str, str], list[str]]:
        """The texts, and the documents whose stored text is not there. Blocks."""
        texts: dict[str, str] = {}
        textless = []
        for document_id, rows in by_document.items():
            extracted = self._texts.get(stored[document_id])
            if extracted is None:
                textless.append(document_id)
            else:
                texts.update(
                    (row.sha256, indexed_text(extracted, row.start, row.end)) for row in rows
                )
        return texts, textless

    # --- writing ---------------------------------------------------------------------------

    async def _write_all(self) -> None:
        """Write the batches in the order in which they were fetched."""
        while True:
            while not self._batches:
                self._begun.clear()
                await self._begun.wait()
            await self._write(await self._batches[0])
            self._batches.popleft()
            self._awake.set()
            self._delay = _RETRY_FIRST

    async def _write(self, batch: _Batch) -> None:
        rows = [row for row in batch.rows if self._current(row) is not None]
        if rows:
            await self._index.upsert_vectors(
                [row.point_id for row in rows],
                b"".join(batch.vectors[row.sha256] for row in rows),
            )
        finished = []
        done: dict[str, Progress] = {}
        for row in rows:
            document = self._current(row)
            if document is not None and row.ordinal >= document.embedded:
                self._count(row, row.point_id in batch.embedded, done)
                document.embedded = row.ordinal + 1
                if document.embedded >= document.passages and document.state == "findable":
                    document.state = "ready"
                    document.reason = ""
                    self._pending.pop(document.id, None)
                    self._fetched.pop(document.id, None)
                    finished.append(document.id)
                self._manifest.touch(document)
        self._on_progress(done)
        await self._manifest.flush(finished=finished)
        self._done.append((time.monotonic(), len(rows)))

    def _count(self, row: ChunkRow, embedded: bool, done: dict[str, Progress]) -> None:
        """Count one more passage of its document as embedded, or as reused."""
        before = done.get(row.document_id, Progress(0, 0))
        done[row.document_id] = Progress(before.reused + (not embedded), before.embedded + embedded)
        reused = self._manifest.reused
        if row.ordinal == 0:
            reused[row.document_id] = 0
        if row.document_id in reused:
            reused[row.document_id] += not embedded

    def _current(self, row: ChunkRow) -> DocumentRow | None:
        document = self._manifest.documents.get(row.document_id)
        return document if document is not None and document.revision == row.revision else None
