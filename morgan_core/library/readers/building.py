"""Putting a document's text together piece by piece, its marks at the right offsets."""

from __future__ import annotations

import msgspec

from morgan_core.library.readers.base import (
    MAX_TEXT,
    Extracted,
    Heading,
    Place,
    too_much_text,
)
from morgan_core.library.readers.markdown import find_headings
from morgan_core.sanitise import sanitise

PARAGRAPH = "\n\n"
LINE = "\n"


class Builder:
    """Grows the text of one document.

    What is added is sanitised first, so that offsets are those of the final text. ``cut``,
    ``file``, ``page`` and ``place`` mark where the next text begins; marks without a text after them end
    up at the end. Raises UnreadableFile beyond ``MAX_TEXT`` characters.
    """

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._headings: list[Heading] = []
        self._cuts: list[int] = []
        self._places: list[Place] = []
        self._pages: list[int] = []
        self._files: list[int] = []
        self._cut = False
        self._file = False
        self._place: str | None = None
        self._waiting_pages = 0

    def add(self, text: str, *, gap: str = PARAGRAPH) -> int | None:
        """Add ``text`` after ``gap``; return its offset, or None when nothing is left of it."""
        clean = sanitise(text).strip("\n").rstrip()
        if not clean.strip():
            return None
        if self._parts:
            self._parts.append(gap)
            self._length += len(gap)
        start = self._length
        self._parts.append(clean)
        self._length += len(clean)
        if self._length > MAX_TEXT:
            raise too_much_text()
        self._mark(start)
        return start

    def heading(self, title: str, level: int, *, text: str = "") -> None:
        """Add a heading of ``level`` (from 1) as one line; ``text`` is what to show for it."""
        title = line_of(title)
        start = self.add(line_of(text) or title)
        if start is not None and title:
            self._headings.append(Heading(offset=start, level=level, title=title))

    def markdown(self, source: str) -> None:
        """Add Markdown as it stands, with its headings."""
        start = self.add(source)
        if start is None:
            return
        for found in find_headings(self._parts[-1]):
            self._headings.append(msgspec.structs.replace(found, offset=start + found.offset))

    def embed(self, extracted: Extracted, *, below: int = 0, place: str = "") -> None:
        """Add another document with its headings, moved ``below`` a level, and its cuts; its pages
        and places are places within ``place``, and not kept without one."""
        start = self.add(extracted.text)
        if start is None:
            return
        shift = start - (len(extracted.text) - len(extracted.text.lstrip("\n")))
        for heading in extracted.headings:
            offset = min(max(start, heading.offset + shift), self._length)
            self._headings.append(
                msgspec.structs.replace(heading, offset=offset, level=heading.level + below)
            )
        self._cuts += [at + shift for at in extracted.cuts if start < at + shift < self._length]
        if place:
            self._places += [
                Place(offset=max(start, at + shift), label=line_of(f"{place}, {label}"))
                for at, label in _places(extracted)
                if at + shift < self._length
            ]

    def cut(self) -> None:
        """A new unit begins."""
        self._cut = True

    def file(self) -> None:
        """A file of an archive begins."""
        self._file = True

    def page(self) -> None:
        """A new page or slide begins; it is a unit of its own."""
        self._waiting_pages += 1
        self._cut = True

    def place(self, label: str) -> None:
        """What follows stands at the place called ``label``."""
        self._place = line_of(label)

    def extracted(
        self, kind: str, *, title: str | None = None, metadata: dict[str, str] | None = None
    ) -> Extracted:
        """The whole; where ``title`` is None, the first heading of the highest level is it."""
        self._pages += [self._length] * self._waiting_pages
        self._waiting_pages = 0
        if title is None:
            first = min(self._headings, key=lambda heading: heading.level, default=None)
            title = first.title if first else ""
        return Extracted(
            text="".join(self._parts),
            kind=kind,
            title=line_of(title),
            pages=tuple(self._pages),
            headings=tuple(self._headings),
            cuts=tuple(self._cuts),
            files=tuple(self._files),
            places=tuple(self._places),
            metadata=metadata or {},
        )

    def _mark(self, start: int) -> None:
        self._pages += [start] * self._waiting_pages
        self._waiting_pages = 0
        if self._cut and start:
            self._cuts.append(start)
        self._cut = False
        if self._file:
            self._files.append(start)
            self._file = False
        if self._place is not None:
            self._places.append(Place(offset=start, label=self._place))
            self._place = None


def _places(extracted: Extracted) -> list[tuple[int, str]]:
    """What people call the places of a document, or else its pages."""
    if extracted.places:
        return [(place.offset, place.label) for place in extracted.places]
    return [(at, f"page {number}") for number, at in enumerate(extracted.pages, start=1)]


def line_of(text: str) -> str:
    """``text`` sanitised, as one line without white space around it."""
    return " ".join(sanitise(text).split())
