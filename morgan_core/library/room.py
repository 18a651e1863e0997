"""The library as one object: catalogue, index, keeper, ingest and vectors put together.

It is what the library process runs. Nothing here knows about processes, so tests can run it in
their own.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from morgan_core.errors import MorganError, NotFound, Unavailable
from morgan_core.events import AnyChange
from morgan_core.index.base import Candidate, Candidates, Chunk
from morgan_core.index.moving import MovingIndex
from morgan_core.library.announcer import Announcer, show_folder
from morgan_core.library.citations import place_citations
from morgan_core.library.ingest import FileReader, Ingest
from morgan_core.library.jobs import Jobs
from morgan_core.library.keeper import Keeper
from morgan_core.library.leftovers import Leftovers
from morgan_core.library.listings import pack_documents
from morgan_core.library.manifest import Manifest
from morgan_core.library.mentions import Mentions, Phrase, PhraseFinder, mentions_in
from morgan_core.library.pause import Pause
from morgan_core.library.readers import ocr
from morgan_core.library.readers.base import ARCHIVE, ARCHIVES_OFF
from morgan_core.library.requests import Requests
from morgan_core.library.rereading import Rereading
from morgan_core.library.scoping import Reach, is_empty, reach_of
from morgan_core.library.texts import TextStore
from morgan_core.library.vectors import Embed, Vectors
from morgan_core.library.web.pages import WebPages
from morgan_core.library.window import TextWindow, cut_window
from morgan_core.settings import Settings
from morgan_core.storage.catalogue import Catalogue
from morgan_core.storage.catalogue_rows import DocumentRow, Snapshot
from morgan_core.types import Citation, DocumentText, Folder, LibraryCounts, LibraryListing, Scope

_LOST_DELAY = 0.5
"""Seconds until a file that changed while it was read is looked at again."""

_POINTS_AT_ONCE = 200

_ASKED_ABOUT = 10
"""The best hits by words of a search, whose documents are embedded next."""

_MOVED_EVERY = 0.5
"""Seconds between looks whether another embedder's collection is complete."""

log = logging.getLogger(__name__)


class VectorStore(Protocol):
    """The vector cache: float32 bytes of one vector by chunk hash. Calls block."""

    def get_many(self, sha256s: Sequence[str]) -> Mapping[str, bytes]: ...

    def put_many(self, vectors: Mapping[str, bytes]) -> None: ...

    def delete_many(self, sha256s: Sequence[str]) -> None: ...

    def hashes(self) -> set[str]: ...


class LibraryRoom:
    """Open from ``start`` to ``close``. ``send`` is given what changed, in batches; the file
    ``paused`` is there while the library is paused; ``on_answering`` is told which collection
    queries go to, at first and when that changes."""

    def __init__(
        self,
        settings: Settings,
        *,
        catalogue: Catalogue,
        index: MovingIndex,
        texts: TextStore,
        reader: FileReader,
        cache: VectorStore,
        pages: WebPages,
        embed: Embed,
        dimension: int,
        paused: Path,
        send: Callable[[Sequence[AnyChange]], Awaitable[None]],
        on_answering: Callable[[str], Awaitable[None]],
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._index = index
        self._texts = texts
        self._window = TextWindow(texts)
        self._reader = reader
        self._cache = cache
        self._pages = pages
        self._embed = embed
        self._dimension = dimension
        self._pause = Pause(paused)
        self._announcer = Announcer(send)
        self._on_answering = on_answering
        self._checking: asyncio.Task[None] | None = None
        self.manifest: Manifest
        self.keeper: Keeper
        self.ingest: Ingest
        self.vectors: Vectors
        self.leftovers: Leftovers
        self.requests: Requests
        self.jobs: Jobs

    async def start(self) -> None:
        """Load the catalogue, open the index, go on with what was unfinished, arm the watcher."""
        snapshot = await self._catalogue.load()
        await asyncio.to_thread(self._pages.load)
        await asyncio.to_thread(self._pages.sweep, _asked_for(snapshot))
        self.manifest = Manifest(
            self._catalogue, snapshot, self._announcer.document, shown=self._pages.shown
        )
        await self._index.open()
        await self._on_answering(self._index.answering)
        self.ingest = Ingest(
            self.manifest,
            self._index,
            self._window,
            self._reader,
            self._settings,
            self._pause,
            on_findable=self._on_findable,
            on_lost=lambda path: self.keeper.hint(path, complete=False, delay=_LOST_DELAY),
        )
        self.vectors = Vectors(
            self.manifest,
            self._index,
            self._cache,
            self._window,
            self._embed,
            self._dimension,
            self._pause,
            on_progress=lambda done: self.jobs.count(done),
            on_textless=self._read_again,
        )
        self.keeper = Keeper(
            self.manifest,
            self.ingest,
            self._settings,
            on_root=self._announcer.root,
            on_step=self._on_step,
        )
        self.leftovers = Leftovers(
            self.manifest, self._catalogue, self._index, self._texts, self._window, self._cache
        )
        self.requests = Requests(
            self.manifest, self.keeper, self.ingest, self.leftovers, self._pages
        )
        self.jobs = Jobs(
            self.manifest, self.keeper, self.requests, snapshot.jobs, self._announcer.job
        )
        self._announcer.start(self.manifest, lambda: self.vectors.rate, lambda: self._pause.on)
        self._rereading = Rereading(self.manifest, self._texts, self.ingest, self._pause)
        await self._rereading.retry_failed()
        unsettled = {row.document_id for row in snapshot.journal if row.step == "flipped"}
        self._resume(unsettled)
        self.ingest.start()
        self.vectors.start()
        self.keeper.start()
        self.jobs.start()
        self._checking = asyncio.create_task(self._keep_up(), name="check the index")

    async def close(self) -> None:
        if self._checking is not None:
            self._checking.cancel()
            await asyncio.gather(self._checking, return_exceptions=True)
        await self.jobs.close()
        await self.keeper.close()
        await self.ingest.close()
        await self.vectors.close()
        await self._announcer.close()
        await self._index.close()
        await self._catalogue.close()

    # --- asking ----------------------------------------------------------------------------

    async def query(
        self,
        text: str,
        vector: bytes | None,
        *,
        limit: int,
        scope: Scope | None = None,
        collection: str = "",
    ) -> Candidates:
        """The candidates that are current: of no deleted document and no other revision.

        ``collection`` is the one that ``vector`` was made for; when another one answers, the
        words alone decide.
        """
        if vector is not None and not self._index.takes(vector, collection):
            vector = None
        reach = reach_of(self.manifest, scope)
        if reach is None:
            return Candidates(dense=(), bm25=(), dense_ready=vector is not None, empty_scope=True)
        found = await self._within(reach, text, vector, limit)
        self._prefer({one.document_id for one in found.bm25[:_ASKED_ABOUT]})
        empty = not (found.dense or found.bm25) and is_empty(self.manifest, scope)
        return msgspec.structs.replace(found, empty_scope=empty)

    async def _within(
        self, reach: Reach, text: str, vector: bytes | None, limit: int
    ) -> Candidates:
        """The current candidates that ``reach`` holds."""
        wanted = limit * 2 if self.ingest.in_flight else limit
        if reach.inside is not None:
            wanted = math.ceil(wanted * 2 / reach.share)
        found = await self._index.query(
            text, vector, limit=wanted, scope=reach.where, exclude=self.manifest.hidden()
        )
        dense = self._current(reach.keep(found.dense))
        by_words = self._current(reach.keep(found.bm25))
        halves = ((found.dense, dense), (found.bm25, by_words))
        if reach.inside is not None and any(
            len(kept) < limit and len(all) == wanted for all, kept in halves
        ):
            return await self._within(reach.exact(), text, vector, limit)
        return Candidates(dense=dense[:limit], bm25=by_words[:limit], dense_ready=found.dense_ready)

    async def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        """The chunks of candidates, in the order of ``ids``; those that are no longer current
        are left out."""
        current = []
        for chunk in await self._index.chunks(ids):
            paths = self.manifest.shown_paths(chunk.document_id)
            if paths and self._is_current(chunk.document_id, chunk.revision):
                current.append(msgspec.structs.replace(chunk, paths=paths))
        return current

    async def vectors_of(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The dense vectors of candidates, those that have one: float32 by id."""
        return await self._index.vectors(ids)

    def modified(self, documents: Sequence[str]) -> dict[str, float]:
        """When the documents were last changed; those that are gone are left out."""
        shown = map(self.manifest.show, documents)
        return {document.id: document.modified for document in shown if document is not None}

    async def packed_listing(self) -> dict[str, Any]:
        """``listing`` for another process, made in slices, between which searches are answered.
        A document that changes meanwhile is told of as changed, too."""
        documents = await pack_documents([*self.manifest.documents], self.manifest.show)
        return {
            "documents": documents,
            "folders": self.folders(),
            "counts": self._announcer.counts(),
        }

    def listing(self) -> LibraryListing:
        shown = (self.manifest.show(document_id) for document_id in self.manifest.documents)
        documents = sorted((d for d in shown if d is not None), key=lambda d: d.path)
        return LibraryListing(
            documents=tuple(documents),
            folders=tuple(self.folders()),
            counts=self._announcer.counts(),
        )

    def counts(self) -> LibraryCounts:
        return self._announcer.counts()

    def pause(self, on: bool) -> LibraryCounts:
        """Stop reading and embedding, or go on; kept over restarts. The disk is watched all the
        same, and searches are answered. Raises MorganError when it cannot be kept."""
        try:
            self._pause.set(on)
        except OSError as error:
            raise MorganError(f"The library cannot be paused: {error.strerror}.") from error
        self._announcer.wake()
        return self.counts()

    def folders(self) -> list[Folder]:
        return [
            show_folder(self.manifest, path)
            for path, root in sorted(self.manifest.roots.items())
            if root.kind == "watched"
        ]

    async def text(
        self, document_id: str, *, start: int = 0, end: int | None = None, context: int = 2000
    ) -> DocumentText:
        """A window of the extracted text.

        Raises NotFound for a document that is unknown or has no text, Unavailable for one whose
        text is being read.
        """
        row = self.manifest.documents.get(document_id)
        paths = self.manifest.shown_paths(document_id)
        if row is None or not paths:
            raise NotFound(f"There is no document {document_id}.")
        if not row.text_sha256:
            if row.state == "failed":
                raise NotFound(f"{paths[0]} has no text: {row.reason}")
            raise Unavailable(f"{paths[0]} is still being read.", mend="Try again in a moment.")
        extracted = await asyncio.to_thread(self._window.get, row.text_sha256)
        if extracted is None:
            self._read_again(document_id)
            raise Unavailable(f"{paths[0]} is being read again.", mend="Try again in a moment.")
        return cut_window(
            extracted,
            document=document_id,
            path=paths[0],
            start=start,
            end=end,
            context=context,
            stale=row.sha256 != row.text_sha256,
        )

    async def mentions(
        self, document_ids: Sequence[str], phrases: Sequence[Phrase], *, most: int
    ) -> list[Mentions]:
        """How often each phrase stands in each of the documents, and the first ``most`` sentences
        of each; those that are gone are left out, those without a text have no counts."""
        found = [
            row
            for document_id in document_ids
            if (row := self.manifest.documents.get(document_id)) and row.hidden_at is None
        ]
        return await asyncio.to_thread(_look_for, self._texts, found, phrases, most)

    async def passages(self, document_id: str) -> list[Chunk]:
        """All passages of a document's current text, in order; none while it has no text."""
        row = self.manifest.documents.get(document_id)
        if row is None or row.hidden_at is not None:
            return []
        stored = await self._catalogue.chunks(document_id)
        found = await self.chunks([one.point_id for one in stored])
        return sorted(found, key=lambda chunk: chunk.start)

    async def place(self, citations: Sequence[Citation]) -> list[Citation]:
        """The citations with their state of now, where they stand now."""
        return await place_citations(self.manifest, self._window, citations)

    # --- inside ----------------------------------------------------------------------------

    def _prefer(self, document_ids: Collection[str]) -> None:
        """What is asked about just now goes before what else is to be read and embedded."""
        self.vectors.prefer(document_ids)
        for document_id in document_ids:
            if self.manifest.documents[document_id].state == "waiting":
                self.ingest.submit(document_id, urgent=True)

    def _current(self, candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
        return tuple(c for c in candidates if self._is_current(c.document_id, c.revision))

    def _is_current(self, document_id: str, revision: int) -> bool:
        row = self.manifest.committed(document_id)
        return row is not None and row.revision == revision and self.manifest.visible(document_id)

    def _on_findable(self, document_id: str) -> None:
        self.vectors.submit(document_id)
        self.jobs.refresh()

    async def _on_step(self) -> None:
        self.jobs.refresh()

    def _read_again(self, document_id: str) -> None:
        self._redoing = asyncio.ensure_future(self.ingest.redo(document_id))

    # --- after a crash ---------------------------------------------------------------------

    def _resume(self, unsettled: set[str]) -> None:
        """Go on with documents that an earlier process left on their way, with scans when OCR was
        installed since they were looked at, and with archives when they were switched on or off."""
        reads_scans, reads_archives = ocr.available(), self._settings.read_archives
        for row in self.manifest.documents.values():
            if row.state == "failed" and (
                (reads_scans and row.reason.startswith(ocr.NEEDS_OCR))
                or (reads_archives and row.reason.startswith(ARCHIVES_OFF))
            ):
                self.manifest.wait(row)
            if row.kind == ARCHIVE and row.state in ("findable", "ready") and not reads_archives:
                self.manifest.wait(row)
            if row.state == "reading":
                row.state = "waiting"
            if row.state == "waiting" or (row.state == "failed" and row.id in unsettled):
                self.ingest.submit(row.id, urgent=False)
            elif row.state == "findable":
                self.vectors.submit(row.id)

    async def _keep_up(self) -> None:
        await self._check_index()
        try:
            await self._rereading.run()
        except (MorganError, OSError) as error:
            log.error("not all texts of older readers were read anew: %s", error)

    async def _check_index(self) -> None:
        """Compare the index with the catalogue, once: delete leftovers, redo what is missing."""
        try:
            had = {row.id: (row.revision, row.embedded) for row in self._embedded()}
            points = await self._index.documents()
            vectors = await self._index.embedded()
            for document_id in points.keys() - self.manifest.documents.keys():
                await self.ingest.verify(document_id)
            for row in list(self.manifest.documents.values()):
                whole = {row.revision: row.passages} if row.passages else {}
                if points.get(row.id, {}) != whole:
                    await self._index.refill(row.id)
                    await self.ingest.verify(row.id)
            for document_id, (revision, embedded) in had.items():
                found = vectors.get(document_id, {}).get(revision, 0)
                if found != embedded:
                    await self.vectors.recount(document_id, revision, embedded, found)
            await self._check_paths()
            await self._move()
        except Exception:
            log.exception("comparing the index with the catalogue failed")

    async def _check_paths(self) -> None:
        """Tell the index of moves that an earlier process died before it could tell of."""
        points = await self._catalogue.first_points()
        for start in range(0, len(points), _POINTS_AT_ONCE):
            for chunk in await self._index.chunks(points[start : start + _POINTS_AT_ONCE]):
                paths = self.manifest.live_paths(chunk.document_id)
                if paths and list(chunk.paths) != paths:
                    await self.ingest.set_paths([chunk.document_id])

    def _embedded(self) -> list[DocumentRow]:
        rows = self.manifest.documents.values()
        return [row for row in rows if row.state in ("findable", "ready")]

    # --- from one embedder to another ------------------------------------------------------

    async def _move(self) -> None:
        """Let the new embedder's collection answer once it holds all that the old one does."""
        while self._index.moving:
            rows = self.manifest.documents.values()
            try:
                if all(row.state == "ready" for row in rows if row.passages):
                    await self._index.switch(self._on_answering)
                    return
            except MorganError as error:
                log.warning("the new collection cannot answer yet: %s", error)
            await asyncio.sleep(_MOVED_EVERY)


def _look_for(
    texts: TextStore, rows: Sequence[DocumentRow], phrases: Sequence[Phrase], most: int
) -> list[Mentions]:
    finders = [PhraseFinder(phrase) for phrase in phrases]
    found = []
    for row in rows:
        extracted = texts.get(row.text_sha256) if row.text_sha256 else None
        if extracted is None:
            found.append(Mentions(document=row.id))
            continue
        found.append(
            mentions_in(extracted, finders, document=row.id, revision=row.revision, most=most)
        )
    return found


def _asked_for(snapshot: Snapshot) -> set[str]:
    """The paths of files that are known, and of what was to be learned."""
    found = {file.path for file in snapshot.files} | {root.path for root in snapshot.roots}
    return found.union(*(job.paths for job in snapshot.jobs if not job.finished))
