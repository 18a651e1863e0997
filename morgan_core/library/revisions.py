"""Writing what was read: points, then the flip that makes them current.

A journal entry says that a document is being written; the points of the new revision are put
beside those of the old one; one commit makes the new revision current (the *flip*) and the old
points are deleted after it. Whatever a crash leaves unfinished is done again under a revision
number never used before, so that no leftover can be taken for the real thing. Searches see
current revisions only.
"""

from __future__ import annotations

import asyncio
import copy
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from morgan_core.index.base import Chunk, VectorIndex
from morgan_core.library.manifest import Manifest
from morgan_core.library.names import parents
from morgan_core.storage.catalogue_rows import ChunkRow, DocumentRow, JournalRow
from morgan_core.storage.group_commit import GroupCommit

if TYPE_CHECKING:
    from morgan_core.library.chunking import Piece
    from morgan_core.library.readers.base import Extracted

_POINTS_AT_ONCE = 256


@dataclass(slots=True)
class Content:
    """What was read of a document whose file has the hash ``extracted.sha256``. ``to_come`` says
    what of it is still to be read: until then the document waits, with this part to be found."""

    document: DocumentRow
    extracted: Extracted
    pieces: Sequence[Piece]
    to_come: str = ""

    @property
    def current(self) -> bool:
        """Whether the file has not become another one meanwhile."""
        return self.document.sha256 == self.extracted.sha256


class Revisions:
    """Writes new revisions. What is handed in while others are being written is written in one
    go after them: many small documents cost few commits. Whoever calls holds the documents
    ``Alone``.

    ``drop_texts`` is given the hashes of texts that were replaced.
    """

    def __init__(
        self,
        manifest: Manifest,
        index: VectorIndex,
        drop_texts: Callable[[set[str]], Awaitable[None]],
    ) -> None:
        self._manifest = manifest
        self._index = index
        self._drop_texts = drop_texts
        self._group = GroupCommit(self._write, asyncio.Lock())

    async def write(self, content: Content) -> bool:
        """Make ``content`` what searches see of its document; false when it is outdated by now."""
        if len(content.pieces) > _POINTS_AT_ONCE:  # the small ones need not wait for it
            await self._write([content])
        else:
            await self._group.write(content)
        if not content.current:  # its text was kept for nothing
            await self._drop_texts({content.extracted.sha256})
        return content.current

    async def settle(self, document: DocumentRow) -> None:
        """Delete the points of every revision but the current one."""
        await self._index.delete_document(document.id, keep_revision=document.revision)

    async def set_paths(self, document_id: str) -> None:
        """Tell the index where the document is now."""
        if paths := self._manifest.live_paths(document_id):
            await self._index.set_paths(document_id, paths, folders_of(paths))

    async def _write(self, group: Sequence[Content]) -> None:
        group = [content for content in group if content.current]
        if not group:
            return
        journal = []
        points: dict[str, list[Chunk]] = {}
        for content in group:
            document = content.document
            document.last_revision += 1
            self._manifest.touch(document)
            journal.append(JournalRow(document.id, document.last_revision, "reading", time.time()))
            points[document.id] = points_of(
                document.id,
                document.last_revision,
                content.extracted,
                content.pieces,
                self._manifest.live_paths(document.id),
            )
        await self._manifest.flush(*journal)
        chunks = [chunk for some in points.values() for chunk in some]
        for i in range(0, len(chunks), _POINTS_AT_ONCE):
            await self._index.upsert_words(chunks[i : i + _POINTS_AT_ONCE])
        current = [content for content in group if content.current]
        if current:
            await self._flip(current, points)

    async def _flip(self, group: Sequence[Content], points: dict[str, list[Chunk]]) -> None:
        before = {content.document.id: copy.copy(content.document) for content in group}
        rows = {}
        for content in group:
            document = content.document
            self._manifest.reused.pop(document.id, None)
            _describe(document, content)
            rows[document.id] = [
                ChunkRow(document.id, chunk.revision, p.ordinal, chunk.id, p.sha256, p.start, p.end)
                for chunk, p in zip(points[document.id], content.pieces, strict=True)
            ]
        self._manifest.uncommitted |= before
        try:
            await self._manifest.catalogue.flip([c.document for c in group], rows)
        except BaseException:
            for content in group:
                _restore(content.document, before[content.document.id])
            raise
        finally:
            for document_id in before:
                del self._manifest.uncommitted[document_id]
        await self._drop_texts({row.text_sha256 for row in before.values()})
        for content in group:
            document = content.document
            self._manifest.found_at[document.id] = time.time()
            self._manifest.touch(document)
            if document.revision > 1:
                await self.settle(document)
            if tuple(self._manifest.live_paths(document.id)) != points[document.id][0].paths:
                await self.set_paths(document.id)


def folders_of(paths: Iterable[str]) -> tuple[str, ...]:
    """Every folder above any of ``paths``."""
    return tuple(sorted({folder for path in paths for folder in parents(path)}))


def _describe(document: DocumentRow, content: Content) -> None:
    """Make the row say what its newest revision is."""
    extracted = content.extracted
    document.revision = document.last_revision
    document.state = "waiting" if content.to_come else "findable"
    document.reason = content.to_come
    document.passages = len(content.pieces)
    document.embedded = 0
    document.title = extracted.title
    document.kind = extracted.kind
    document.pages = len(extracted.pages) or None
    document.bytes = extracted.bytes
    document.language = extracted.language
    document.text_sha256 = extracted.sha256


def _restore(document: DocumentRow, before: DocumentRow) -> None:
    """Take back what ``_describe`` did, for another attempt."""
    document.state = "reading"
    document.revision = before.revision
    document.passages = before.passages
    document.embedded = before.embedded
    document.title = before.title
    document.kind = before.kind
    document.pages = before.pages
    document.language = before.language
    document.text_sha256 = before.text_sha256


def points_of(
    document_id: str,
    revision: int,
    extracted: Extracted,
    pieces: Iterable[Piece],
    paths: Sequence[str],
) -> list[Chunk]:
    """The points of one revision of a document (a UUID). The revision is part of their ids, so
    that old and new never meet."""
    namespace = uuid.UUID(document_id)
    folders = folders_of(paths)
    return [
        Chunk(
            id=str(uuid.uuid5(namespace, f"{revision}:{p.sha256}:{p.ordinal}")),
            document_id=document_id,
            revision=revision,
            ordinal=p.ordinal,
            text=p.text,
            page=p.page,
            heading=p.heading,
            place=p.place,
            title=extracted.title,
            start=p.start,
            end=p.end,
            paths=tuple(paths),
            folders=folders,
            language=extracted.language,
        )
        for p in pieces
    ]
