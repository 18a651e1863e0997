"""The stored texts, and reading parts of them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from morgan_core.types import DocumentText, PageBox

if TYPE_CHECKING:
    from morgan_core.library.readers.base import Extracted
    from morgan_core.library.texts import TextStore


class TextWindow:
    """The text store with the text that was read last in memory, because whoever reads a part
    of a text soon reads the next. All methods block."""

    def __init__(self, store: TextStore) -> None:
        self._store = store
        self._last: tuple[str, Extracted] | None = None
        self._lock = threading.Lock()

    def get(self, sha256: str) -> Extracted | None:
        """The text, or None when there is none that can be read."""
        if not sha256:
            return None
        with self._lock:
            if self._last is None or self._last[0] != sha256:
                extracted = self._store.get(sha256)
                if extracted is None:
                    return None
                self._last = sha256, extracted
            return self._last[1]

    def put(self, sha256: str, extracted: Extracted) -> None:
        """Store the text, in the place of one that is there."""
        self._store.put(sha256, extracted)
        with self._lock:
            if self._last is not None and self._last[0] == sha256:
                self._last = None

    def delete(self, sha256: str) -> None:
        self._store.delete(sha256)

    def clear(self) -> None:
        """Forget the text in memory."""
        with self._lock:
            self._last = None


def cut_window(
    extracted: Extracted,
    *,
    document: str,
    path: str,
    start: int,
    end: int | None,
    context: int,
    stale: bool,
) -> DocumentText:
    """The text of ``start``..``end`` with ``context`` code points to each side."""
    total = len(extracted.text)
    start = min(max(start, 0), total)
    end = total if end is None else min(max(end, start), total)
    first, last = max(0, start - context), min(total, end + context)
    return DocumentText(
        document=document,
        path=path,
        offset=first,
        text=extracted.text[first:last],
        total=total,
        page=extracted.page_at(start),
        heading=extracted.heading_at(start),
        place=extracted.place_of(start, end),
        boxes=_boxes(extracted, start, end),
        stale=stale,
    )


def _boxes(extracted: Extracted, start: int, end: int) -> tuple[PageBox, ...]:
    """The boxes that ``start``..``end`` touches."""
    return tuple(
        PageBox(page=box.page, left=box.left, bottom=box.bottom, right=box.right, top=box.top)
        for box in extracted.boxes
        if box.start < end and start < box.end
    )
