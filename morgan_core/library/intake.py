"""Files that are new or changed: they are hashed in small batches, and the hash decides what
document they belong to. What was dropped a moment ago goes first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import Protocol

from morgan_core.library.hashing import Hashed, hash_files
from morgan_core.library.manifest import Manifest
from morgan_core.library.reconcile import seen_of
from morgan_core.library.scan import SizeLimit
from morgan_core.settings import Settings

_AT_ONCE = 64


class Shelf(Protocol):
    """Where the documents go: told of content to take in, of paths, and of what to purge."""

    def submit(self, document_id: str, *, urgent: bool) -> None: ...

    async def set_paths(self, document_ids: Iterable[str]) -> None: ...

    async def purge(self, document_ids: Iterable[str]) -> None: ...


class LookAgain(Protocol):
    def __call__(
        self, path: str, *, complete: bool = True, gone: bool = False, wanted: bool = False
    ) -> None: ...


class Intake:
    """The files that wait to be hashed, by path, and the one step that hashes some of them.

    ``look_again`` is called for what turned out to be gone or still being written.
    """

    def __init__(
        self, manifest: Manifest, shelf: Shelf, settings: Settings, look_again: LookAgain
    ) -> None:
        self._manifest = manifest
        self._shelf = shelf
        self._limit = _largest(settings)
        self._look_again: Callable[..., None] = look_again
        self._urgent: dict[str, str] = {}
        self._backlog: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._urgent or self._backlog)

    def __iter__(self) -> Iterator[str]:
        return chain(self._urgent, self._backlog)

    def add(self, path: str, root: str, *, urgent: bool) -> None:
        (self._urgent if urgent else self._backlog)[path] = root

    def drop(self, path: str) -> None:
        self._urgent.pop(path, None)
        self._backlog.pop(path, None)

    async def hash_some(self) -> None:
        """Hash what is urgent, and where that is little, some of the rest."""
        batch = list(islice(chain(self._urgent.items(), self._backlog.items()), _AT_ONCE))
        for found in await asyncio.to_thread(hash_files, batch, self._limit):
            urgent = found.path in self._urgent
            self.drop(found.path)
            self._take(found, urgent=urgent)

    def _take(self, found: Hashed, *, urgent: bool) -> None:
        manifest = self._manifest
        if found.gone:
            self._look_again(found.path, gone=True)
        elif found.changing:
            self._look_again(found.path, complete=False, wanted=True)
        elif found.seen is None:
            manifest.drop(found.path)
        elif manifest.root_of(found.path) and not manifest.excluded(found.path):
            row = manifest.files.get(found.path)
            if row is not None and not found.sha256 and row.deleted_at is None:
                document = manifest.documents[row.document_id]
                if seen_of(row) == found.seen and document.reason == found.reason:
                    return
            document_id = manifest.settle(
                found.path, found.root, found.seen, found.sha256, found.reason
            )
            document = manifest.documents[document_id]
            if document.state == "waiting" or not found.sha256:
                self._shelf.submit(document_id, urgent=urgent)


def _largest(settings: Settings) -> SizeLimit:
    """The reader holds a file twice over before it parses it: a larger one could only fail, after
    everything else had waited for it."""
    held = settings.reader_memory // 2
    if held >= settings.max_file_size:
        return SizeLimit(settings.max_file_size)
    return SizeLimit(held, "Raise reader_memory to more than twice its size to take it in.")
