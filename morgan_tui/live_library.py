"""The library as the app sees it: the latest state of each thing, fed by ``library.changes()``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from morgan_tui.text import clean_line, document_name, duration, plural

if TYPE_CHECKING:
    from morgan_core import events
    from morgan_core.types import (
        Document,
        Folder,
        Health,
        LibraryCounts,
        LibraryListing,
        ModelInfo,
        WorkerInfo,
    )


class LiveLibrary:
    """Counts, folders, workers, models and health; documents only when ``listing`` was loaded."""

    def __init__(self) -> None:
        self.counts: LibraryCounts | None = None
        self.folders: dict[str, Folder] = {}
        self.workers: dict[str, WorkerInfo] = {}
        self.models: dict[str, ModelInfo] = {}
        self.health: Health | None = None
        self.documents: dict[str, Document] | None = None
        self._meanwhile: dict[str, Document | None] | None = None
        """What became of documents since the listing was asked for that is on its way, if one is;
        of a document that was removed None."""
        self.reading: dict[str, str] = {}
        self.news = ""
        """The last thing worth telling: a child that died, a model that failed."""
        self.revision = 0
        """Grows with every change."""

    def expect_listing(self) -> None:
        """A listing is being asked for: what changes until it is here is newer than it."""
        self._meanwhile = {}

    def load(self, listing: LibraryListing) -> None:
        """Take a whole listing."""
        self.documents = {document.id: document for document in listing.documents}
        for id, document in (self._meanwhile or {}).items():
            if document is None:
                self.documents.pop(id, None)
            else:
                self.documents[id] = document
        self._meanwhile = None
        self.folders = {folder.path: folder for folder in listing.folders}
        self.counts = listing.counts
        self.revision += 1

    def forget_listing(self) -> None:
        """Nobody looks at the documents any more."""
        self.documents = self._meanwhile = None

    def apply(self, change: events.AnyChange) -> None:
        """Take one change."""
        from morgan_core import events  # with all of msgspec: not before the first frame

        self.revision += 1
        match change:
            case events.CountsChanged():
                self.counts = change.counts
            case events.DocumentChanged():
                self._apply_document(change.document)
            case events.DocumentRemoved():
                self.reading.pop(change.id, None)
                if self.documents is not None:
                    self.documents.pop(change.id, None)
                if self._meanwhile is not None:
                    self._meanwhile[change.id] = None
            case events.FolderChanged():
                self.folders[change.folder.path] = change.folder
            case events.FolderRemoved():
                self.folders.pop(change.path, None)
            case events.WorkerChanged():
                self._apply_worker(change.worker)
            case events.ModelChanged():
                self.models[change.model.name] = change.model
            case events.HealthChanged():
                self.health = change.health

    @property
    def chat_model(self) -> ModelInfo | None:
        """The chat model in use, or the one on its way."""
        order = {"active": 0, "loading": 1, "downloading": 2, "failed": 3}
        chat = [m for m in self.models.values() if m.role == "chat" and m.state in order]
        return min(chat, key=lambda m: order[m.state], default=None)

    @property
    def empty(self) -> bool:
        """No documents and no watched folders (known for sure)."""
        return self.counts is not None and not self.counts.documents and not self.folders

    def _apply_document(self, document: Document) -> None:
        if document.state == "reading":
            self.reading[document.id] = document.path
        else:
            self.reading.pop(document.id, None)
        if self.documents is not None:
            self.documents[document.id] = document
        if self._meanwhile is not None:
            self._meanwhile[document.id] = document

    def _apply_worker(self, worker: WorkerInfo) -> None:
        before = self.workers.get(worker.name)
        self.workers[worker.name] = worker
        name = clean_line(worker.name)
        reason = f": {clean_line(worker.reason)}" if worker.reason else ""
        if worker.state == "failed":
            self.news = f"the {name} does not run{reason}"
        elif worker.state == "restarting":
            self.news = f"the {name} ended{reason}; it is being restarted"
        elif (before is not None and worker.restarts > before.restarts) or (
            worker.state == "ready" and before is not None and before.state == "restarting"
        ):
            self.news = f"the {name} restarted"


def counts_line(counts: LibraryCounts) -> str:
    """``12 ready · 2 reading · 1 failed``."""
    named = [
        (counts.ready, "ready"),
        (counts.findable, "findable by words"),
        (counts.reading, "reading"),
        (counts.waiting, "waiting"),
        (counts.failed, "failed"),
        (counts.offline, "offline"),
    ]
    return " · ".join(f"{count:,} {name}" for count, name in named if count)


def activity_line(library: LiveLibrary) -> str:
    """What the library is doing now: ``reading report.pdf · 43 passages/s``; empty when idle."""
    counts = library.counts
    parts = []
    if library.reading:
        parts.append("reading " + document_name(next(reversed(library.reading.values()))))
    if counts is not None and counts.paused:
        parts.append("paused (F2, then p, goes on)")
    if counts is not None and (progress := progress_line(counts)):
        parts.append(progress)
    return " · ".join(parts)


def progress_line(counts: LibraryCounts) -> str:
    """``1,204 passages to embed · 43 passages/s · 3 min left``; empty when nothing is to do."""
    parts = []
    if counts.pending_passages:
        parts.append(f"{plural(counts.pending_passages, 'passage')} to embed")
    if counts.passages_per_second >= 0.5 and not counts.paused:
        parts.append(f"{counts.passages_per_second:.0f} passages/s")
    if counts.eta_seconds:
        parts.append(f"{duration(counts.eta_seconds)} left")
    return " · ".join(parts)
