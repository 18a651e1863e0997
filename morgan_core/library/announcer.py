"""Telling the owner what changed: the latest state of each thing, at most ten times a second."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from morgan_core.events import (
    AnyChange,
    CountsChanged,
    DocumentChanged,
    DocumentRemoved,
    FolderChanged,
    FolderRemoved,
    JobChanged,
)
from morgan_core.library.manifest import Manifest
from morgan_core.types import Folder, Job, LibraryCounts

EVERY = 0.1
"""Least seconds between two reports."""

_AT_ONCE = 500
_SHARE = 20.0

log = logging.getLogger(__name__)


class Announcer:
    """Gathers what changed and hands it to ``send``."""

    def __init__(self, send: Callable[[Sequence[AnyChange]], Awaitable[None]]) -> None:
        self._send = send
        self._manifest: Manifest | None = None
        self._rate: Callable[[], float] = lambda: 0.0
        self._paused: Callable[[], bool] = lambda: False
        self._documents: dict[str, None] = {}
        self._roots: dict[str, None] = {}
        self._jobs: dict[str, Job] = {}
        self._shown: dict[str, str] = {}
        self._folders: set[str] = set()
        self._counts: LibraryCounts | None = None
        self._awake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(
        self, manifest: Manifest, rate: Callable[[], float], paused: Callable[[], bool]
    ) -> None:
        """Begin to report on ``manifest``, with all its folders and the counts."""
        self._manifest = manifest
        self._rate = rate
        self._paused = paused
        for document_id in manifest.documents:
            if paths := manifest.shown_paths(document_id):
                self._shown[document_id] = paths[0]
        for path in manifest.roots:
            self.root(path)
        self._awake.set()
        self._task = asyncio.create_task(self._run(), name="announcer")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def document(self, document_id: str) -> None:
        self._documents[document_id] = None
        # One that is gone before it was reported may have been listed: its removal is told too.
        shown = self._manifest.shown_paths(document_id) if self._manifest is not None else ()
        if shown:
            self._shown.setdefault(document_id, shown[0])
        self._awake.set()

    def root(self, path: str) -> None:
        self._roots[path] = None
        self._awake.set()

    def job(self, job: Job) -> None:
        self._jobs[job.id] = job
        self._awake.set()

    def wake(self) -> None:
        """The counts changed."""
        self._awake.set()

    def counts(self) -> LibraryCounts:
        """The counts of now."""
        if self._manifest is None:
            return LibraryCounts()
        counts = self._manifest.counts()
        rate = self._rate() if counts.pending_passages else 0.0
        paused = self._paused()
        eta = None if paused else eta_seconds(counts, rate)
        return msgspec.structs.replace(
            counts, passages_per_second=rate, eta_seconds=eta, paused=paused
        )

    async def _run(self) -> None:
        while True:
            await self._awake.wait()
            self._awake.clear()
            began = time.perf_counter()
            try:
                await self._send(self._collect())
            except Exception:
                log.exception("reporting changes failed")
            if self._documents:
                self._awake.set()
            await asyncio.sleep(max(EVERY, _SHARE * (time.perf_counter() - began)))

    def _collect(self) -> list[AnyChange]:
        changes: list[AnyChange] = []
        for path in self._take(self._roots):
            self._root_changed(path, changes)
        for document_id in self._take(self._documents):
            self._document_changed(document_id, changes)
        changes += [JobChanged(job=job) for job in self._jobs.values()]
        self._jobs.clear()
        counts = self.counts()
        if counts != self._counts:
            self._counts = counts
            changes.append(CountsChanged(counts=counts))
        return changes

    def _document_changed(self, document_id: str, changes: list[AnyChange]) -> None:
        assert self._manifest is not None
        document = self._manifest.show(document_id)
        if document is not None:
            self._shown[document_id] = document.path
            changes.append(DocumentChanged(document=document))
        elif (path := self._shown.pop(document_id, None)) is not None:
            changes.append(DocumentRemoved(id=document_id, path=path))

    def _root_changed(self, path: str, changes: list[AnyChange]) -> None:
        assert self._manifest is not None
        root = self._manifest.roots.get(path)
        if root is not None and root.kind == "watched":
            self._folders.add(path)
            changes.append(FolderChanged(folder=show_folder(self._manifest, path)))
        elif path in self._folders:
            self._folders.discard(path)
            changes.append(FolderRemoved(path=path))

    def _take(self, waiting: dict[str, None]) -> list[str]:
        taken = list(waiting)[:_AT_ONCE]
        for key in taken:
            del waiting[key]
        return taken


def eta_seconds(counts: LibraryCounts, rate: float) -> float | None:
    """Whole seconds until every passage has its vector at ``rate`` passages per second.

    Files that are not read yet are taken to hold as many passages as the others on average;
    None while nothing is known of one or the other, 0 when nothing is to be done.
    """
    unread = counts.waiting + counts.reading
    read = counts.findable + counts.ready
    if not unread and not counts.pending_passages:
        return 0.0
    if not rate or (unread and not read):
        return None
    unknown = unread * counts.passages / read if unread else 0.0
    return float(round((counts.pending_passages + unknown) / rate))


def show_folder(manifest: Manifest, path: str) -> Folder:
    """The watched root ``path`` as faces see it."""
    root = manifest.roots[path]
    documents = {
        row.document_id
        for row in manifest.files.values()
        if row.root == path and row.deleted_at is None
    }
    return Folder(
        path=path,
        state=root.state,
        reason=root.reason,
        documents=len(documents),
        skipped=manifest.left_out.counts(path)
        if manifest.left_out.knows(path)
        else msgspec.json.decode(root.left_out, type=dict[str, int]),
    )
