"""Which documents the library screen shows, and in which order."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from morgan_core.types import Document

Sort = Literal["state", "name", "modified", "size", "passages"]
SORTS: tuple[Sort, ...] = ("state", "name", "modified", "size", "passages")

STATES = ("failed", "offline", "reading", "waiting", "findable", "ready")
"""Problems first, then what is at work, then what is ready."""

_ORDER = {state: n for n, state in enumerate(STATES)}
_DOWN: frozenset[Sort] = frozenset({"modified", "size", "passages"})
"""Sorted from the largest to the smallest unless reversed."""


@dataclass(slots=True)
class _Row:
    """What is looked at of a document, made once for each of its states."""

    document: Document
    text: str
    name: str


class LibraryView:
    """The filter, the order, and the documents that they give."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.sort: Sort = "state"
        self.reversed = False
        self.only_new = False
        self.since: float | None = None
        """The time of the last question; None when nothing was ever asked."""
        self.new = 0
        """How many of all documents are new, as ``shown`` found it."""
        self._rows: dict[str, _Row] = {}

    def shown(self, documents: Iterable[Document]) -> list[Document]:
        """The documents to show, in order."""
        rows = [self._row(document) for document in documents]
        if len(self._rows) > 2 * len(rows) + 100:
            self._rows = {row.document.id: row for row in rows}
        fresh = [row for row in rows if self.is_new(row.document)]
        self.new = len(fresh)
        if self.only_new:
            rows = fresh
        if self.words:
            rows = [row for row in rows if all(word in row.text for word in self.words)]
        rows.sort(key=self._key)
        if (self.sort in _DOWN) != self.reversed:
            rows.reverse()
        return [row.document for row in rows]

    def is_new(self, document: Document) -> bool:
        """Whether its text became findable, or its file was changed, after the last question."""
        if self.since is None or document.state not in ("findable", "ready"):
            return False
        changed = document.modified if document.modified <= time.time() else 0.0
        return max(document.findable_since, changed) > self.since

    def next_sort(self) -> None:
        self.sort = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]
        self.reversed = False

    def _row(self, document: Document) -> _Row:
        row = self._rows.get(document.id)
        if row is None or row.document is not document:
            text = " ".join((*document.paths, document.state, document.reason, document.title))
            name = document.path.rpartition("/")[2].casefold()
            row = self._rows[document.id] = _Row(document, f"{document.path} {text}".lower(), name)
        return row

    def _key(self, row: _Row) -> Any:
        document = row.document
        match self.sort:
            case "state":
                return _ORDER[document.state], document.path
            case "name":
                return row.name, document.path
            case "modified":
                return document.modified, document.path
            case "size":
                return document.bytes, document.path
            case "passages":
                return document.passages, document.path
