"""The catalogue in memory: files, documents, and which belongs to which.

Changes are made here, in one event loop and without waiting, and written through by ``flush``.
This is where identity is decided: a document keeps its id through edit, rename and move,
identical files are paths of one document, and an edited copy becomes its own.
"""

from __future__ import annotations

import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from morgan_core.library.left_out import LeftOut
from morgan_core.library.names import is_below, parents
from morgan_core.library.reconcile import Seen, seen_of
from morgan_core.library.tally import Share, Tally
from morgan_core.storage.catalogue_rows import (
    DocumentRow,
    FileRow,
    JournalRow,
    RootRow,
    Snapshot,
)
from morgan_core.types import Document, LibraryCounts

if TYPE_CHECKING:
    from morgan_core.storage.catalogue import Catalogue

_AWAY = (
    "{} is not mounted; its documents are kept until it is again. If it never will be, remove them "
    "with morgan-tui forget."
)
_STATES = ("waiting", "reading", "findable", "ready", "failed", "offline")


class Manifest:
    """Holds every row of the catalogue but the chunks. ``reused`` are the vectors, by document,
    that the current revision found in the cache, where this process embedded all of it.
    ``mount_points`` are those that hold known files, ``away`` the files, with the mount point of
    each, that are missing because nothing is mounted there. ``uncommitted`` are the documents
    whose new revision is being committed, as they were before it: searches and faces see those.

    ``on_document`` is told of each document that changed in a way a person can see, and of each
    that is no longer to be seen. ``shown`` is what a path is called in front of people.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        snapshot: Snapshot,
        on_document: Callable[[str], None] = lambda _document_id: None,
        *,
        shown: Callable[[str], str] = lambda path: path,
    ) -> None:
        self.catalogue = catalogue
        self.documents = {row.id: row for row in snapshot.documents}
        self.files = {row.path: row for row in snapshot.files}
        self.roots = {row.path: row for row in snapshot.roots}
        self.exclusions = set(snapshot.exclusions)
        self.mount_points = set(snapshot.mount_points)
        self.away: dict[str, str] = {}
        self.gone: dict[str, FileRow] = {}
        self.reused: dict[str, int] = {}
        self.left_out = LeftOut()
        self.found_at: dict[str, float] = {}
        self.uncommitted: dict[str, DocumentRow] = {}
        self._on_document = on_document
        self._shown = shown
        self._paths: defaultdict[str, set[str]] = defaultdict(set)
        self._by_sha: dict[str, str] = {}
        self._dirty_documents: set[str] = set()
        self._dirty_files: set[str] = set()
        self._gone_files: set[str] = set()
        self._moved: set[str] = set()
        for row in self.files.values():
            self._paths[row.document_id].add(row.path)
            if row.deleted_at is not None:
                self.gone[row.path] = row
        for document in self.documents.values():
            if document.sha256:
                self._by_sha[document.sha256] = document.id
        self._tally = Tally(self._share, self.documents)

    # --- what is there ---------------------------------------------------------------------

    def live_paths(self, document_id: str) -> list[str]:
        """The paths where the document is on the disk, or was when its root went offline."""
        paths = self._paths.get(document_id, ())
        live = [path for path in paths if self.files[path].deleted_at is None]
        return sorted(live) if len(live) > 1 else live

    def shown_paths(self, document_id: str) -> tuple[str, ...]:
        """The live paths as people see them: that of a web page's file is its URL."""
        return tuple(self._shown(path) for path in self.live_paths(document_id))

    def modified(self, document_id: str) -> int:
        """When a file of the document was last changed, in nanoseconds; 0 when it has none."""
        paths = self.live_paths(document_id)
        return max((self.files[path].mtime_ns for path in paths), default=0)

    def visible(self, document_id: str) -> bool:
        document = self.documents.get(document_id)
        return document is not None and document.hidden_at is None

    def hidden(self) -> list[str]:
        return [row.id for row in self.documents.values() if row.hidden_at is not None]

    def fileless(self) -> list[str]:
        """Hidden documents that have no file any more, not even a deleted one."""
        return [document_id for document_id in self.hidden() if not self._paths.get(document_id)]

    def below(self, folder: str) -> dict[str, FileRow]:
        """The rows at or below ``folder``, deleted files included."""
        if row := self.files.get(folder):
            return {folder: row}
        return {path: row for path, row in self.files.items() if is_below(path, folder)}

    def root_of(self, path: str) -> RootRow | None:
        """The innermost root that ``path`` belongs to."""
        return self.roots.get(_innermost(path, self.roots) or "")

    def excluded(self, path: str) -> bool:
        """Whether forget keeps ``path`` out. A root that was learned later and lies deeper than
        the exclusion wins over it."""
        exclusion = _innermost(path, self.exclusions)
        if exclusion is None:
            return False
        root = self.root_of(path)
        return root is None or len(exclusion) >= len(root.path)

    def holds(self, seen: Seen, path: str) -> bool:
        """Whether the row of ``path`` says ``seen``, and its document has that content."""
        row = self.files.get(path)
        if row is None or seen_of(row) != seen or not row.sha256:
            return False
        document = self.documents.get(row.document_id)
        return document is not None and document.sha256 == row.sha256

    def offline(self, document_id: str) -> bool:
        """Whether every path of the document is in a root that is offline or on a disk that is
        away."""
        if not self.away and all(root.state != "offline" for root in self.roots.values()):
            return False
        paths = self.live_paths(document_id)
        return bool(paths) and all(self._why_offline(path) for path in paths)

    def committed(self, document_id: str) -> DocumentRow | None:
        """The document as a restart would find it, but for what is being flushed."""
        return self.uncommitted.get(document_id) or self.documents.get(document_id)

    def show(self, document_id: str) -> Document | None:
        """The document as faces see it; None when it is hidden or unknown."""
        row = self.committed(document_id)
        paths = self.live_paths(document_id)
        if row is None or not self.visible(document_id) or not paths:
            return None
        offline = self.offline(document_id)
        return Document(
            id=row.id,
            path=self._shown(paths[0]),
            paths=self.shown_paths(document_id),
            state="offline" if offline else row.state,
            reason=self._why_offline(paths[0]) if offline else row.reason,
            passages=row.passages,
            embedded=row.embedded,
            reused=self.reused.get(row.id),
            pages=row.pages,
            bytes=row.bytes,
            modified=max([self.files[path].mtime_ns for path in paths]) / 1e9,
            title=row.title,
            kind=row.kind,
            revision=row.revision,
            findable_since=self.found_at.get(row.id, row.created) if row.revision else 0.0,
        )

    def counts(self) -> LibraryCounts:
        """Documents by state, passages, and passages that have no vector yet."""
        states, passages, pending = self._tally.sums()
        by_state: dict[str, Any] = {state: states[state] for state in _STATES}
        return LibraryCounts(**by_state, passages=passages, pending_passages=pending)

    # --- what happens to files -------------------------------------------------------------

    def settle(self, path: str, root: str, seen: Seen, sha256: str, reason: str = "") -> str:
        """Record what is at ``path`` now and return the id of the document it belongs to.

        ``sha256`` is empty for a file that cannot be read; ``reason`` says why.
        """
        row = self.files.get(path)
        old = self.documents.get(row.document_id) if row else None
        document = self.documents.get(self._by_sha.get(sha256, "")) if sha256 else None
        if document is None:
            if old is not None and not self._has_other_files(old.id, path):
                document = old
                self._set_content(document, sha256, seen.size)
            else:
                document = self._new_document(sha256, seen.size)
        if not sha256:
            self.fail(document, reason)
        self._attach(path, root, document, seen, sha256)
        if old is not None and old is not document:
            self._refresh(old.id)
        return document.id

    def move(self, old_path: str, new_path: str, root: str) -> None:
        """A file was renamed or moved: its document goes with it."""
        row = self.files[old_path]
        self._attach(new_path, root, self.documents[row.document_id], seen_of(row), row.sha256)
        self._detach(old_path)

    def restore(self, path: str, root: str) -> None:
        """A file that had been deleted is there again, unchanged."""
        row = self.files[path]
        self._attach(path, root, self.documents[row.document_id], seen_of(row), row.sha256)

    def delete(self, path: str) -> None:
        """The file is gone: hide it at once. Its row stays, so that it can come back."""
        row = self.files.get(path)
        if row is None or row.deleted_at is not None:
            return
        row.deleted_at = time.time()
        self.gone[path] = row
        self.away.pop(path, None)
        self._dirty_files.add(path)
        self._moved.add(row.document_id)
        self._refresh(row.document_id)

    def drop(self, path: str) -> None:
        """Forget the file altogether."""
        row = self.files.get(path)
        if row is not None:
            self._detach(path)
            self._moved.add(row.document_id)
            self._refresh(row.document_id)

    def take_away(self, path: str, point: str) -> None:
        """The file is missing because nothing is mounted at ``point``: keep it, as offline."""
        if self.away.get(path) != point:
            self.away[path] = point
            self._tell(self.files[path].document_id)

    def give_back(self, path: str) -> None:
        """The file is there again."""
        if self.away.pop(path, None) is not None:
            self._tell(self.files[path].document_id)

    def adopt(self, paths: Iterable[str]) -> None:
        """Give each file to its innermost root, after the roots have changed."""
        for path in paths:
            root = self.root_of(path)
            row = self.files[path]
            if root is not None and row.root != root.path:
                row.root = root.path
                self._dirty_files.add(path)
            self._tell(row.document_id)

    # --- what happens to documents ---------------------------------------------------------

    def touch(self, document: DocumentRow) -> None:
        """The row was changed: write it and tell the faces."""
        document.updated = time.time()
        self._dirty_documents.add(document.id)
        self._tell(document.id)

    def fail(self, document: DocumentRow, reason: str) -> None:
        document.state = "failed"
        document.reason = reason
        self.touch(document)

    def wait(self, document: DocumentRow) -> None:
        """Put the document back in line for reading."""
        document.state = "waiting"
        document.reason = ""
        self.touch(document)

    def announce_root(self, path: str) -> None:
        """The state of the root changed, and with it how its documents are shown."""
        for row in self.files.values():
            if row.root == path:
                self._tell(row.document_id)

    def forget_content(self, document: DocumentRow) -> None:
        """Make sure that the next look at its files reads them again."""
        for path in self._paths.get(document.id, ()):
            self.files[path].sha256 = ""
            self._dirty_files.add(path)

    def remove(self, document_id: str) -> None:
        """The document was purged: take it and its rows out of memory."""
        for path in list(self._paths.get(document_id, ())):
            self._detach(path)
            self._gone_files.discard(path)
        self._paths.pop(document_id, None)
        self.found_at.pop(document_id, None)
        document = self.documents.pop(document_id, None)
        if document is not None and self._by_sha.get(document.sha256) == document_id:
            del self._by_sha[document.sha256]
        self._dirty_documents.discard(document_id)
        self.reused.pop(document_id, None)
        self._moved.discard(document_id)
        self._tell(document_id)

    # --- writing ---------------------------------------------------------------------------

    async def flush(self, *journal: JournalRow, finished: Sequence[str] = ()) -> None:
        """Write what changed since the last time, in one transaction."""
        documents, self._dirty_documents = self._dirty_documents, set()
        files, self._dirty_files = self._dirty_files, set()
        gone, self._gone_files = self._gone_files, set()
        if not (documents or files or gone or journal or finished):
            return
        try:
            await self.catalogue.save(
                documents=[self.documents[i] for i in documents if i in self.documents],
                files=[self.files[path] for path in files if path in self.files],
                gone_files=[path for path in gone if path not in self.files],
                journal=journal,
                finished=finished,
            )
        except BaseException:
            self._dirty_documents |= documents
            self._dirty_files |= files
            self._gone_files |= gone
            raise

    def take_moved(self) -> set[str]:
        """Documents whose paths changed since the last call: the index must be told."""
        moved, self._moved = self._moved, set()
        return {document_id for document_id in moved if document_id in self.documents}

    def give_moved(self, document_ids: set[str]) -> None:
        """The index could not be told of these."""
        self._moved |= document_ids

    # --- inside ----------------------------------------------------------------------------

    def _tell(self, document_id: str) -> None:
        self._tally.changed(document_id)
        self._on_document(document_id)

    def _share(self, document_id: str) -> Share | None:
        row = self.documents.get(document_id)
        if row is None or row.hidden_at is not None:
            return None
        state = "offline" if self.offline(document_id) else row.state
        return Share(state, row.passages, row.passages - row.embedded)

    def _why_offline(self, path: str) -> str:
        """Why the file is out of reach; empty when it is not."""
        root = self.roots.get(self.files[path].root)
        if root is not None and root.state == "offline":
            return root.reason
        point = self.away.get(path)
        return _AWAY.format(point) if point else ""

    def _has_other_files(self, document_id: str, path: str) -> bool:
        return any(other != path for other in self.live_paths(document_id))

    def _new_document(self, sha256: str, size: int) -> DocumentRow:
        now = time.time()
        document = DocumentRow(
            id=str(uuid.uuid4()), sha256=sha256, state="waiting", created=now, updated=now
        )
        document.bytes = size
        self.documents[document.id] = document
        if sha256:
            self._by_sha[sha256] = document.id
        self.touch(document)
        return document

    def _set_content(self, document: DocumentRow, sha256: str, size: int) -> None:
        if self._by_sha.get(document.sha256) == document.id:
            del self._by_sha[document.sha256]
        document.sha256 = sha256
        document.bytes = size
        if sha256:
            self._by_sha[sha256] = document.id
        self.wait(document)

    def _attach(self, path: str, root: str, document: DocumentRow, seen: Seen, sha256: str) -> None:
        old = self.files.get(path)
        if old is not None and old.document_id != document.id:
            self._paths[old.document_id].discard(path)
            self._moved.add(old.document_id)
        row = FileRow(path, document.id, root, *seen, sha256)
        if old is None or old.document_id != document.id or old.deleted_at is not None:
            self._moved.add(document.id)
        self.files[path] = row
        self.gone.pop(path, None)
        self.away.pop(path, None)
        self._gone_files.discard(path)
        self._paths[document.id].add(path)
        self._dirty_files.add(path)
        self._refresh(document.id)
        self._tell(document.id)
        if old is not None and old.document_id != document.id:
            self._refresh(old.document_id)

    def _detach(self, path: str) -> None:
        row = self.files.pop(path)
        self.gone.pop(path, None)
        self.away.pop(path, None)
        self._paths[row.document_id].discard(path)
        self._gone_files.add(path)

    def _refresh(self, document_id: str) -> None:
        """Hide a document that has no file left; show one that has again."""
        document = self.documents.get(document_id)
        if document is None:
            return
        hidden = not self.live_paths(document_id)
        if hidden != (document.hidden_at is not None):
            document.hidden_at = time.time() if hidden else None
            self._dirty_documents.add(document_id)
        self._tell(document_id)


def _innermost(path: str, folders: Container[str]) -> str | None:
    """The longest of ``folders`` that is ``path`` or holds it."""
    if path in folders:
        return path
    return next((folder for folder in reversed(parents(path)) if folder in folders), None)
