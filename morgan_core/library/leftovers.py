"""What the stores hold that belongs to no document, or to one that was to be forgotten.

The catalogue decides which documents there are. Everything else that is stored of a document is
reached from there: points by its id, its text by the hash of its content, vectors by the hashes
of its chunks. So a store that holds nothing without a document, in a catalogue without the
document, holds nothing of it, whatever its name and content once were.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable, Sequence
from typing import Protocol

from morgan_core.errors import Unavailable
from morgan_core.index.base import VectorIndex
from morgan_core.library.manifest import Manifest
from morgan_core.library.names import is_below, on_disk
from morgan_core.library.texts import TextStore
from morgan_core.library.window import TextWindow
from morgan_core.storage.catalogue import Catalogue
from morgan_core.storage.catalogue_rows import DocumentRow
from morgan_core.types import StoreCheck

_EXAMPLES = 5

log = logging.getLogger(__name__)


class CachedVectors(Protocol):
    """The vector cache, of every embedder. Calls block."""

    def hashes(self) -> set[str]:
        """The chunk hashes that have a vector."""
        ...

    def delete_many(self, sha256s: Sequence[str]) -> None: ...


class Leftovers:
    """Finds them, and clears them away. Safe while documents are taken in: each store is read
    before what it is compared with, and everything is in the catalogue before it is in a store.
    """

    def __init__(
        self,
        manifest: Manifest,
        catalogue: Catalogue,
        index: VectorIndex,
        texts: TextStore,
        window: TextWindow,
        cache: CachedVectors,
    ) -> None:
        self._manifest = manifest
        self._catalogue = catalogue
        self._index = index
        self._texts = texts
        self._window = window
        self._cache = cache

    async def sweep(self) -> None:
        """Delete the texts, vectors and points that no document has."""
        self._window.clear()
        _, texts = await self._stray_texts()
        for sha256 in texts:
            await asyncio.to_thread(self._texts.delete, sha256)
        try:
            _, vectors = await self._stray_vectors()
        except Unavailable as error:
            log.warning("its vectors may be left: %s", error)
        else:
            await asyncio.to_thread(self._cache.delete_many, sorted(vectors))
        _, points = await self._stray_points()
        for document_id in points:
            await self._index.delete_document(document_id)

    async def check(self, names: Iterable[str]) -> tuple[StoreCheck, ...]:
        """Look through every store for what is left of ``names``: paths in the text form, and
        ids of documents that are to be gone altogether."""
        ids, paths = _parted(names)
        return (
            *await self._check_index(ids, paths),
            await self._check_texts(),
            await self._check_vectors(),
            *await self._check_catalogue(ids, paths),
        )

    async def _check_catalogue(self, ids: set[str], paths: Sequence[str]) -> list[StoreCheck]:
        known = await self._catalogue.load()
        files = [f.path for f in known.files if any(is_below(f.path, path) for path in paths)]
        files += [f.path for f in known.files if f.document_id in ids and f.path not in files]
        with_files = {file.document_id for file in known.files}
        documents = [d.id for d in known.documents if d.id in ids or d.id not in with_files]
        there = {document.id for document in known.documents} - ids
        chunks = await self._catalogue.chunk_counts()
        stray = {id: count for id, count in chunks.items() if id not in there}
        journal = [row.document_id for row in known.journal if row.document_id not in there]
        return [
            _check("files", len(known.files), files),
            _check("documents", len(known.documents), documents),
            _check("chunks", sum(chunks.values()), stray, sum(stray.values())),
            _check("journal", len(known.journal), journal),
        ]

    async def _check_index(self, ids: set[str], paths: Sequence[str]) -> list[StoreCheck]:
        total, stray = await self._stray_points()
        for document_id in ids:
            if count := await self._index.count(document_id):
                stray[document_id] = count
        at = {path: count for path in paths if (count := await self._index.count_at(path))}
        others = await self._index.other_collections()
        return [
            _check("points without a document", total, stray, sum(stray.values())),
            _check("points at the path", total, at, sum(at.values())),
            _check("collections of other embedders", len(others) + 1, others),
        ]

    async def _check_texts(self) -> StoreCheck:
        total, stray = await self._stray_texts()
        return _check("texts", total, stray)

    async def _check_vectors(self) -> StoreCheck:
        total, stray = await self._stray_vectors()
        return _check("cached vectors", total, stray)

    # --- what belongs to no document -------------------------------------------------------

    async def _stray_points(self) -> tuple[int, dict[str, int]]:
        """The number of all points, and those of documents that are not known."""
        found = {id: sum(of.values()) for id, of in (await self._index.documents()).items()}
        strange = found.keys() - self._manifest.documents.keys()
        if strange:  # what another node has taken in is in the catalogue alone
            strange -= {document.id for document in (await self._catalogue.load()).documents}
        # One that was being purged is gone by now.
        stray = {id: await self._index.count(id) for id in strange}
        return sum(found.values()), {id: count for id, count in stray.items() if count}

    async def _stray_texts(self) -> tuple[int, set[str]]:
        found = await asyncio.to_thread(lambda: set(self._texts.hashes()))
        stray = found - _contents(self._manifest.documents.values())
        if stray:
            stray -= _contents((await self._catalogue.load()).documents)
        return len(found), stray

    async def _stray_vectors(self) -> tuple[int, set[str]]:
        found = await asyncio.to_thread(self._cache.hashes)
        return len(found), found - await self._catalogue.used(found)


def _check(store: str, looked_at: int, found: Iterable[str], left: int | None = None) -> StoreCheck:
    names = sorted(found)
    return StoreCheck(
        store=store,
        looked_at=looked_at,
        left=len(names) if left is None else left,
        examples=tuple(names[:_EXAMPLES]),
    )


def _contents(documents: Iterable[DocumentRow]) -> set[str]:
    """The hashes of what the documents are and of what is shown of them."""
    return {sha256 for row in documents for sha256 in (row.sha256, row.text_sha256)}


def _parted(names: Iterable[str]) -> tuple[set[str], list[str]]:
    """Ids and paths; a path is absolute."""
    ids, paths = set(), []
    for name in names:
        if os.path.isabs(on_disk(name)):  # noqa: PTH117
            paths.append(name)
        else:
            ids.add(name)
    return ids, paths
