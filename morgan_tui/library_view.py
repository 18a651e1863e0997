"""Which documents the library screen shows, and in which order."""

from __future__ import annotations

import heapq
import operator
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, Literal

import msgspec

from morgan_core.types import Document

Sort = Literal["state", "name", "modified", "size", "passages"]
SORTS: tuple[Sort, ...] = ("state", "name", "modified", "size", "passages")

STATES = ("failed", "offline", "reading", "waiting", "findable", "ready")
"""Problems first, then what is at work, then what is ready."""

_ORDER = {state: n for n, state in enumerate(STATES)}
_DOWN: frozenset[Sort] = frozenset({"modified", "size", "passages"})
"""Sorted from the largest to the smallest unless reversed."""


_RUN = 5000
"""Rows that are sorted at once. Sorting holds the interpreter, and so the screen, until it is done:
0.1 s for 100,000 rows."""


class _Row(msgspec.Struct, gc=False):
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

    def shown(self, documents: Collection[Document]) -> list[Document]:
        """The documents to show, in order. May run in a thread, one call at a time."""
        words, sort, only_new = self.words, self.sort, self.only_new
        down = (sort in _DOWN) != self.reversed
        rows = [self._row(document) for document in documents]
        if len(self._rows) > 2 * len(rows) + 100:
            self._rows = {row.document.id: row for row in rows}
        fresh = [row for row in rows if self.is_new(row.document)]
        self.new = len(fresh)
        if only_new:
            rows = fresh
        if words:
            rows = [row for row in rows if all(word in row.text for word in words)]
        return [row.document for row in _sorted(rows, _KEYS[sort], down)]

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


_KEYS: dict[Sort, Callable[[_Row], Any]] = {
    "state": lambda row: (_ORDER[row.document.state], row.document.path),
    "name": lambda row: (row.name, row.document.path),
    "modified": lambda row: (row.document.modified, row.document.path),
    "size": lambda row: (row.document.bytes, row.document.path),
    "passages": lambda row: (row.document.passages, row.document.path),
}


def _sorted(rows: Sequence[_Row], key: Callable[[_Row], Any], down: bool) -> list[_Row]:
    """``rows`` by ``key``; other threads get their turn in between."""
    keyed = [(key(row), row) for row in rows]
    first = operator.itemgetter(0)
    runs = (keyed[at : at + _RUN] for at in range(0, len(keyed), _RUN))
    ordered = [sorted(run, key=first, reverse=down) for run in runs]
    if len(ordered) == 1:
        return [row for _, row in ordered[0]]
    return [row for _, row in heapq.merge(*ordered, key=first, reverse=down)]
