"""From a file to passages that words find: in the order of the queue, read, keep the text, chunk,
hand over to ``Revisions``; and the way back, purging.

Every step can be the last one before a crash; whatever is found unfinished at the next start is
done again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from morgan_core.errors import MorganError, Unavailable, UnreadableFile
from morgan_core.index.base import VectorIndex
from morgan_core.library.alone import Alone
from morgan_core.library.manifest import Manifest
from morgan_core.library.names import on_disk
from morgan_core.library.nofollow import stat_below
from morgan_core.library.pause import Pause
from morgan_core.library.reader import Scanned
from morgan_core.library.revisions import Content, Revisions
from morgan_core.settings import Settings
from morgan_core.storage.catalogue_rows import DocumentRow

if TYPE_CHECKING:
    from morgan_core.library.chunking import Piece
    from morgan_core.library.readers.base import Extracted

_READ_AT_ONCE = 3
"""Documents in line for the reader, or waiting for it to start anew. What is urgent waits for
these alone."""

_AT_ONCE = 32
_UNWRITTEN_BYTES = 32 << 20
"""Documents in hand, and bytes of their files: those that were read while others are written are
written together after them."""

_RETRY_FIRST, _RETRY_LONGEST = 0.5, 30.0
_GIVE_UP = 4.0
"""Delay in seconds at which an error that no waiting cures is taken for final."""

log = logging.getLogger(__name__)


_SCANNED = (
    "its pictures are to be read by OCR, which takes a while; what text there is beside them is "
    "found by its words"
)


class FileReader(Protocol):
    """``read`` raises Scanned, unless ``ocr``, for what takes long to read."""

    async def read(self, path: str, *, root: str, ocr: bool = False) -> Extracted: ...


class Texts(Protocol):
    """The extracted texts, by content hash. Calls block."""

    def put(self, sha256: str, extracted: Extracted) -> None: ...

    def delete(self, sha256: str) -> None: ...


class Ingest:
    """Takes documents in, in the order they were submitted, urgent ones first.

    ``on_findable`` is called for each document whose words are found now and whose vectors are
    still to come, ``on_lost`` with the path of a file that is not what the catalogue says.
    """

    def __init__(
        self,
        manifest: Manifest,
        index: VectorIndex,
        texts: Texts,
        reader: FileReader,
        settings: Settings,
        pause: Pause,
        *,
        on_findable: Callable[[str], None],
        on_lost: Callable[[str], None],
    ) -> None:
        self._manifest = manifest
        self._index = index
        self._texts = texts
        self._reader = reader
        self._settings = settings
        self._pause = pause
        self._on_findable = on_findable
        self._on_lost = on_lost
        self._queue: asyncio.PriorityQueue[tuple[int, int, str]] = asyncio.PriorityQueue()
        self._queued: dict[str, int] = {}
        self._scans: asyncio.Queue[str] = asyncio.Queue()
        self._put_off: dict[str, str] = {}  # the scans in the queue, with the hash of each
        self._count = 0
        self._alone = Alone()
        self._revisions = Revisions(manifest, index, self._drop_texts)
        self._reading = asyncio.Semaphore(_READ_AT_ONCE)
        self._unwritten = 0
        self._written = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._again: dict[str, float] = {}

    @property
    def in_flight(self) -> bool:
        """Whether the index may hold two revisions of a document right now."""
        return bool(self._alone)

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._work(), name=f"ingest {n}") for n in range(_AT_ONCE)
        ]
        self._tasks.append(asyncio.create_task(self._work_on_scans(), name="ingest scans"))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def submit(self, document_id: str, *, urgent: bool) -> None:
        """Take the document in when its turn comes."""
        document = self._manifest.documents.get(document_id)
        if document is not None and self._put_off.get(document_id) == document.sha256:
            return
        rank = 0 if urgent else 1
        if self._queued.get(document_id, 2) <= rank:
            return
        self._queued[document_id] = rank
        self._count += 1
        self._queue.put_nowait((rank, self._count, document_id))

    async def set_paths(self, document_ids: Iterable[str]) -> None:
        """Tell the index where the documents are now."""
        for document_id in document_ids:
            document = self._manifest.documents.get(document_id)
            if document is None:
                continue
            if document.state == "waiting":
                self.submit(document_id, urgent=False)
            if document.revision:
                await self._revisions.set_paths(document_id)

    async def purge(self, document_ids: Iterable[str], *, forget: bool = False) -> None:
        """Delete hidden documents: points, then the catalogue's rows, then the text.

        Those that are being worked on are left for the next time, or waited for with ``forget``.
        """
        texts: set[str] = set()
        for document_id in document_ids:
            if document_id in self._alone and not forget:
                continue
            async with self._alone(document_id):
                document = self._manifest.documents.get(document_id)
                if document is not None and document.hidden_at is not None:
                    texts.add(document.text_sha256)
                    await self._purge(document)
        await self._drop_texts(texts)

    async def redo(self, document_id: str, *, urgent: bool = True) -> None:
        """Take in again what is already there."""
        document = self._manifest.documents[document_id]
        self._manifest.wait(document)
        await self._manifest.flush()
        self.submit(document_id, urgent=urgent)

    async def verify(self, document_id: str) -> None:
        """Make the index hold the document's current revision, whole, and nothing else of it."""
        async with self._alone(document_id):
            document = self._manifest.documents.get(document_id)
            if document is None:
                await self._index.delete_document(document_id)
            elif document.state in ("findable", "ready"):
                await self._revisions.settle(document)
                if await self._index.count(document_id) != document.passages:
                    log.warning("%s is not whole in the index; read again", document_id)
                    await self.redo(document_id)
            elif document.state == "failed":
                await self._clear(document)

    # --- one document ----------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            await self._reading.acquire()
            with contextlib.ExitStack() as slot:
                slot.callback(self._reading.release)
                await self._attempt(await self._next(), slot.close)

    async def _work_on_scans(self) -> None:
        """One after the other, beside everything else: OCR takes seconds per page."""
        while True:
            document_id = await self._scans.get()
            await self._pause.over()
            self._put_off.pop(document_id, None)
            await self._attempt(document_id, lambda: None, ocr=True)

    async def _attempt(
        self, document_id: str, on_read: Callable[[], None], *, ocr: bool = False
    ) -> None:
        try:
            async with self._alone(document_id):
                await self._take_in(document_id, on_read, ocr=ocr)
            self._again.pop(document_id, None)
        except Exception as error:
            self._try_later(document_id, error)

    async def _next(self) -> str:
        """The document whose turn it is."""
        while True:
            await self._pause.over()
            rank, count, document_id = await self._queue.get()
            if self._pause.on:
                self._queue.put_nowait((rank, count, document_id))
            elif self._queued.get(document_id) == rank:
                del self._queued[document_id]
                return document_id

    def _try_later(self, document_id: str, error: Exception) -> None:
        """The file is not to blame: try again, less and less often."""
        delay = min(self._again.get(document_id, _RETRY_FIRST / 2) * 2, _RETRY_LONGEST)
        self._again[document_id] = delay
        if isinstance(error, Unavailable):
            log.warning("taking in %s waits %.1f s: %s", document_id, delay, error)
        else:
            log.error("taking in %s failed; again in %.1f s", document_id, delay, exc_info=error)
        document = self._manifest.documents.get(document_id)
        if delay >= _GIVE_UP and document is not None and _is_ours(error):
            self._manifest.fail(document, f"Could not be taken in: {error!r}.")
            self._again.pop(document_id, None)
            return
        if document is not None and document.state == "reading":
            document.state = "waiting"
            document.reason = str(error)
            self._manifest.touch(document)
        asyncio.get_running_loop().call_later(delay, lambda: self.submit(document_id, urgent=False))

    async def _take_in(self, document_id: str, on_read: Callable[[], None], *, ocr: bool) -> None:
        document = self._manifest.documents.get(document_id)
        if document is None:
            return
        if document.state == "failed":
            await self._clear(document)
            return
        paths = self._manifest.live_paths(document_id)
        if document.state not in ("waiting", "reading") or not paths:
            return
        # A scan's text is small, and nobody shall wait for its OCR.
        async with self._room_for(0 if ocr else document.bytes):
            content = await self._content(document, paths[0], ocr=ocr)
            on_read()
            if content is None or not await self._revisions.write(content):
                return
            if not content.to_come:
                self._on_findable(document_id)

    @contextlib.asynccontextmanager
    async def _room_for(self, size: int) -> AsyncIterator[None]:
        """Not too much is read that is not written yet."""
        while self._unwritten and self._unwritten + size > _UNWRITTEN_BYTES:
            self._written.clear()
            await self._written.wait()
        self._unwritten += size
        try:
            yield
        finally:
            self._unwritten -= size
            self._written.set()

    async def _content(self, document: DocumentRow, path: str, *, ocr: bool) -> Content | None:
        """Read the file and keep its text; None when there is nothing to write."""
        document.state, document.reason = "reading", ""
        self._manifest.touch(document)
        sha256 = document.sha256
        real, root = on_disk(path), on_disk(self._manifest.files[path].root)
        to_come = ""
        try:
            try:
                extracted = await self._reader.read(real, root=root, ocr=ocr)
            except Scanned as scanned:
                self._read_later(document)
                if scanned.extracted is None or document.text_sha256 == sha256:
                    return None
                extracted, to_come = scanned.extracted, document.reason
            if extracted.sha256 != sha256:
                self._lost(document, sha256, path)
                return None
            pieces = await asyncio.to_thread(self._cut, extracted)
        except UnreadableFile as error:
            there = await asyncio.to_thread(_is_there, root, real)
            if there and not error.details.get("gone"):
                await self._refuse(document, sha256, str(error))
            else:
                self._lost(document, sha256, path)
            return None
        return Content(document, extracted, pieces, to_come)

    def _read_later(self, document: DocumentRow) -> None:
        """Leave what its pictures hold to OCR."""
        document.state, document.reason = "waiting", _SCANNED
        self._manifest.touch(document)
        if self._put_off.get(document.id) is None:
            self._scans.put_nowait(document.id)
        self._put_off[document.id] = document.sha256

    def _cut(self, extracted: Extracted) -> list[Piece]:
        """The chunks of the text, which is kept."""
        from morgan_core.library.chunking import chunk

        pieces = chunk(extracted, size=self._settings.chunk_size)
        if not pieces:
            raise UnreadableFile("there is no text in the file")
        self._texts.put(extracted.sha256, extracted)
        return pieces

    def _lost(self, document: DocumentRow, sha256: str, path: str) -> None:
        """What was read is not what was hashed: have the keeper look, and hash, again.

        The keeper may know of the change already, as of a rename, or see none, as when two edits
        fall into one tick of the file system's clock. So what is known of the content is
        forgotten, and the hash decides.
        """
        if document.sha256 == sha256 and document.state == "reading":
            self._manifest.wait(document)
            self._manifest.forget_content(document)
        for known in {path, *self._manifest.live_paths(document.id)}:
            self._on_lost(known)

    async def _refuse(self, document: DocumentRow, sha256: str, reason: str) -> None:
        if document.sha256 == sha256:
            self._manifest.fail(document, reason)
            await self._clear(document)

    async def _clear(self, document: DocumentRow) -> None:
        """Nothing of the document is to be found any more."""
        old_text = document.text_sha256
        document.revision = document.passages = document.embedded = 0
        document.text_sha256 = ""
        self._manifest.touch(document)
        await self._manifest.catalogue.flip([document], {document.id: []})
        await self._index.delete_document(document.id)
        await self._drop_texts({old_text})
        await self._manifest.flush(finished=[document.id])

    async def _purge(self, document: DocumentRow) -> None:
        await self._index.delete_document(document.id)
        if document.hidden_at is None:  # a file with its content turned up meanwhile
            await self.redo(document.id)
            return
        self._manifest.remove(document.id)
        await self._manifest.catalogue.remove_documents([document.id])

    async def _drop_texts(self, sha256s: set[str]) -> None:
        """Delete the extracted texts that no document shows any more."""
        sha256s.discard("")
        if sha256s:
            for row in self._manifest.documents.values():
                sha256s -= {row.text_sha256, row.sha256}
            for sha256 in sha256s:
                await asyncio.to_thread(self._texts.delete, sha256)


def _is_ours(error: Exception) -> bool:
    """Whether the error is a fault of ours with this file, not of a disk or a process."""
    return (
        not isinstance(error, (MorganError, OSError)) and "sqlalchemy" not in type(error).__module__
    )


def _is_there(root: str, path: str) -> bool:
    try:
        stat_below(root, path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        pass
    return True
