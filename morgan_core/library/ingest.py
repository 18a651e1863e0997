"""From a file to passages that words find: read, keep the text, chunk, index, flip.

Every step can be the last one before a crash. A journal entry says that a document is being taken
in; the points of the new revision are written beside those of the old one; one commit makes the
new revision current (the *flip*) and the old points are deleted after it. Whatever is found
unfinished at the next start is done again under a revision number never used before, so that no
leftover can be taken for the real thing. Searches see current revisions only.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from morgan_core.errors import MorganError, Unavailable, UnreadableFile
from morgan_core.index.base import Chunk, VectorIndex
from morgan_core.library.manifest import Manifest
from morgan_core.library.names import on_disk, parents
from morgan_core.library.pause import Pause
from morgan_core.settings import Settings
from morgan_core.storage.catalogue_rows import ChunkRow, DocumentRow, JournalRow

if TYPE_CHECKING:
    from morgan_core.library.chunking import Piece
    from morgan_core.library.readers.base import Extracted

_AT_ONCE = 4
"""Documents taken in at the same time: one is read while the others are indexed, and what they
write meets in one commit."""

_POINTS_AT_ONCE = 256
_RETRY_FIRST, _RETRY_LONGEST = 0.5, 30.0
_GIVE_UP = 4.0
"""Delay in seconds at which an error that no waiting cures is taken for final."""

log = logging.getLogger(__name__)


class FileReader(Protocol):
    async def read(self, path: str) -> Extracted: ...


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
        self._count = 0
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._again: dict[str, float] = {}

    @property
    def in_flight(self) -> bool:
        """Whether the index may hold two revisions of a document right now."""
        return bool(self._locks)

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._work(), name=f"ingest {n}") for n in range(_AT_ONCE)
        ]

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def submit(self, document_id: str, *, urgent: bool) -> None:
        """Take the document in when its turn comes."""
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
            if document.revision and (paths := self._manifest.live_paths(document_id)):
                await self._index.set_paths(document_id, paths, folders_of(paths))

    async def purge(self, document_ids: Iterable[str], *, forget: bool = False) -> None:
        """Delete hidden documents: points, then the catalogue's rows, then the text.

        Those that are being worked on are left for the next time, or waited for with ``forget``.
        """
        texts: set[str] = set()
        for document_id in document_ids:
            if document_id in self._locks and not forget:
                continue
            async with self._alone(document_id):
                document = self._manifest.documents.get(document_id)
                if document is not None and document.hidden_at is not None:
                    texts.add(document.text_sha256)
                    await self._purge(document)
        await self._drop_texts(texts)

    async def redo(self, document_id: str) -> None:
        """Take in again what is already there."""
        document = self._manifest.documents[document_id]
        self._manifest.wait(document)
        await self._manifest.flush()
        self.submit(document_id, urgent=True)

    async def verify(self, document_id: str) -> None:
        """Make the index hold the document's current revision, whole, and nothing else of it."""
        async with self._alone(document_id):
            document = self._manifest.documents.get(document_id)
            if document is None:
                await self._index.delete_document(document_id)
            elif document.state in ("findable", "ready"):
                await self.settle(document)
                if await self._index.count(document_id) != document.passages:
                    log.warning("%s is not whole in the index; read again", document_id)
                    await self.redo(document_id)
            elif document.state == "failed":
                await self._clear(document)

    # --- one document ----------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            await self._pause.over()
            rank, count, document_id = await self._queue.get()
            if self._pause.on:
                self._queue.put_nowait((rank, count, document_id))
                continue
            if self._queued.get(document_id) != rank:
                continue
            del self._queued[document_id]
            try:
                async with self._alone(document_id):
                    await self._take_in(document_id)
                self._again.pop(document_id, None)
            except Exception as error:
                self._try_later(document_id, error)

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

    async def _take_in(self, document_id: str) -> None:
        document = self._manifest.documents.get(document_id)
        if document is None:
            return
        if document.state == "failed" and not document.sha256:
            await self._clear(document)
            return
        paths = self._manifest.live_paths(document_id)
        if document.state not in ("waiting", "reading") or not paths:
            return
        sha256 = document.sha256
        revision = await self._begin(document)
        try:
            extracted = await self._read(paths[0])
            if extracted.sha256 != sha256:
                self._lost(document, sha256, paths[0])
                return
            pieces = await asyncio.to_thread(self._cut, extracted)
        except UnreadableFile as error:
            if await asyncio.to_thread(os.path.lexists, on_disk(paths[0])):
                await self._refuse(document, sha256, str(error))
            else:
                self._lost(document, sha256, paths[0])
            return
        await asyncio.to_thread(self._texts.put, sha256, extracted)
        chunks = _chunks(document_id, revision, pieces, paths, extracted.language)
        for i in range(0, len(chunks), _POINTS_AT_ONCE):
            await self._index.upsert_words(chunks[i : i + _POINTS_AT_ONCE])
        if document.sha256 != sha256:
            await self._drop_texts({sha256})
            return
        await self._flip(document, revision, extracted, chunks, pieces)

    async def _begin(self, document: DocumentRow) -> int:
        document.last_revision += 1
        document.state = "reading"
        document.reason = ""
        self._manifest.touch(document)
        revision = document.last_revision
        await self._manifest.flush(JournalRow(document.id, revision, "reading", time.time()))
        return revision

    async def _read(self, path: str) -> Extracted:
        real = on_disk(path)
        if _travels(real):
            return await self._reader.read(real)
        with tempfile.TemporaryDirectory(prefix="morgan-") as folder:
            suffix = os.path.splitext(real)[1]  # noqa: PTH122
            copy = Path(folder) / ("file" + (suffix if _travels(suffix) else ""))
            try:
                await asyncio.to_thread(shutil.copyfile, real, copy, follow_symlinks=False)
            except OSError as error:
                raise UnreadableFile(f"Cannot be opened: {error.strerror}.") from error
            return await self._reader.read(str(copy))

    def _cut(self, extracted: Extracted) -> list[Piece]:
        from morgan_core.library.chunking import chunk

        pieces = chunk(extracted, size=self._settings.chunk_size)
        if not pieces:
            raise UnreadableFile("there is no text in the file")
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
        await self._manifest.catalogue.flip(document, [])
        await self._index.delete_document(document.id)
        await self._drop_texts({old_text})
        await self._manifest.flush(finished=[document.id])

    async def _flip(
        self,
        document: DocumentRow,
        revision: int,
        extracted: Extracted,
        chunks: Sequence[Chunk],
        pieces: Sequence[Piece],
    ) -> None:
        old_text = document.text_sha256
        document.revision = revision
        document.state = "findable"
        document.passages = len(chunks)
        document.embedded = 0
        document.title = extracted.title
        document.kind = extracted.kind
        document.pages = len(extracted.pages) or None
        document.bytes = extracted.bytes
        document.language = extracted.language
        document.text_sha256 = extracted.sha256
        rows = [
            ChunkRow(document.id, revision, p.ordinal, c.id, p.sha256, p.start, p.end)
            for c, p in zip(chunks, pieces, strict=True)
        ]
        await self._manifest.catalogue.flip(document, rows)
        self._manifest.touch(document)
        if revision > 1:
            await self.settle(document)
        if old_text != document.text_sha256:
            await self._drop_texts({old_text})
        paths = self._manifest.live_paths(document.id)
        if paths and tuple(paths) != chunks[0].paths:
            await self._index.set_paths(document.id, paths, folders_of(paths))
        self._on_findable(document.id)

    async def settle(self, document: DocumentRow) -> None:
        """Delete the points of every revision but the current one."""
        await self._index.delete_document(document.id, keep_revision=document.revision)

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

    @contextlib.asynccontextmanager
    async def _alone(self, document_id: str) -> AsyncIterator[None]:
        """Nobody else works on the document's points meanwhile."""
        lock, users = self._locks.get(document_id, (asyncio.Lock(), 0))
        self._locks[document_id] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks.pop(document_id)
            if users > 1:
                self._locks[document_id] = lock, users - 1


def folders_of(paths: Iterable[str]) -> tuple[str, ...]:
    """Every folder above any of ``paths``."""
    return tuple(sorted({folder for path in paths for folder in parents(path)}))


def _chunks(
    document_id: str,
    revision: int,
    pieces: Sequence[Piece],
    paths: Sequence[str],
    language: str,
) -> list[Chunk]:
    """The points of a revision. Its number is part of the id, so that old and new never meet."""
    namespace = uuid.UUID(document_id)
    folders = folders_of(paths)
    return [
        Chunk(
            id=str(uuid.uuid5(namespace, f"{revision}:{piece.sha256}:{piece.ordinal}")),
            document_id=document_id,
            revision=revision,
            ordinal=piece.ordinal,
            text=piece.text,
            page=piece.page,
            heading=piece.heading,
            place=piece.place,
            start=piece.start,
            end=piece.end,
            paths=tuple(paths),
            folders=folders,
            language=language,
        )
        for piece in pieces
    ]


def _is_ours(error: Exception) -> bool:
    """Whether the error is a fault of ours with this file, not of a disk or a process."""
    return (
        not isinstance(error, (MorganError, OSError)) and "sqlalchemy" not in type(error).__module__
    )


def _travels(text: str) -> bool:
    """Whether a path can be sent to the reader: msgpack holds UTF-8 only."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
