"""What a reader makes of a file, and what a format is."""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Callable
from pathlib import PurePath
from typing import TYPE_CHECKING

import msgspec

from morgan_core.errors import UnreadableFile
from morgan_core.types import Record

if TYPE_CHECKING:
    from morgan_core.library.readers.ocr import Recognise

READER_VERSION = 12
"""Counts up whenever any reader would extract other text from the same bytes; stored texts of
another version are then read anew."""

MAX_TEXT = 50_000_000
"""Longest text taken from one file, in characters: about 100 novels."""

ARCHIVE = "archive"
"""The kind of archives whose files were read."""

ARCHIVES_OFF = "archives are switched off"
"""How the reason of an archive begins that was not to be opened."""


class Heading(Record, frozen=True):
    """A heading of the outline: ``level`` counts from 1, ``offset`` is where it begins."""

    offset: int
    level: int
    title: str


class Place(Record, frozen=True):
    """The name that people give to where the text from ``offset`` on stands: ``slide 4``,
    ``Prices!A2:F40``, ``12:03–12:40``. It holds until the next one."""

    offset: int
    label: str


class Box(Record, frozen=True):
    """Where ``text[start:end]``, part of a line, is printed on the 1-based ``page``: points
    (1/72 inch) from the page's lower left corner, as in PDF."""

    start: int
    end: int
    page: int
    left: float
    bottom: float
    right: float
    top: float


class Extracted(Record, frozen=True):
    """The text of a document and what is known about it.

    ``text`` is sanitised and is the coordinate system of all offsets, in code points. ``pages``
    holds the start offset of each page or slide, empty for formats without them. ``headings``,
    ``places`` and ``boxes`` are in order of their offsets. ``cuts`` are the offsets where a new
    unit begins (a function, a slide, a block of table rows that repeats the table's header):
    chunks begin and end there, small neighbours are joined. ``files`` are the offsets where the
    files of an archive begin: no chunk crosses them. ``lines`` says that line n of the
    text is line n of the file. ``kind`` names the format, ``language`` is the best guess
    (ISO 639-1), ``sha256`` and ``bytes`` are those of the file as it was read.
    """

    text: str
    kind: str
    title: str = ""
    pages: tuple[int, ...] = ()
    headings: tuple[Heading, ...] = ()
    cuts: tuple[int, ...] = ()
    files: tuple[int, ...] = ()
    places: tuple[Place, ...] = ()
    boxes: tuple[Box, ...] = ()
    lines: bool = False
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    language: str = "en"
    sha256: str = ""
    bytes: int = 0

    def page_at(self, offset: int) -> int | None:
        """The 1-based page that holds ``offset``; None for formats without pages."""
        return max(1, bisect_right(self.pages, offset)) if self.pages else None

    def place_of(self, start: int, end: int) -> str:
        """What people call the place of ``text[start:end]``; empty where only ``page_at`` says."""
        if self.places:
            first = bisect_right(self.places, start, key=_offset)
            last = bisect_right(self.places, max(start, end - 1), key=_offset)
            labels = dict.fromkeys(self.places[at - 1].label for at in (first, last) if at)
            return " – ".join(labels)
        if self.lines:
            first = self.text.count("\n", 0, start) + 1
            return line_range(first, first + self.text.count("\n", start, max(start, end - 1)))
        return ""

    def heading_at(self, offset: int) -> str:
        """The path of headings above ``offset``, outermost first: ``A › B``."""
        path: list[str] = []
        level = sys.maxsize
        for at in range(bisect_right(self.headings, offset, key=_offset) - 1, -1, -1):
            heading = self.headings[at]
            if heading.level < level:
                path.append(heading.title)
                level = heading.level
            if level <= 1:
                break
        return " › ".join(reversed(path))


def line_range(first: int, last: int) -> str:
    """``line 3`` or ``lines 3–17``."""
    return f"line {first}" if first == last else f"lines {first}–{last}"


def heading_paths(headings: tuple[Heading, ...]) -> list[str]:
    """For each heading the path of headings down to it, outermost first: ``A › B``.

    A heading without a title ends those of its level and deeper ones, and is in no path.
    """
    paths: list[str] = []
    stack: list[Heading] = []
    for heading in headings:
        while stack and stack[-1].level >= heading.level:
            stack.pop()
        stack.append(heading)
        paths.append(" › ".join(above.title for above in stack if above.title))
    return paths


def too_much_text() -> UnreadableFile:
    return UnreadableFile(f"more than {MAX_TEXT // 1_000_000} million characters of text")


def _offset(mark: Heading | Place) -> int:
    return mark.offset


class Source(Record, frozen=True):
    """A file that was opened and read: its name and its bytes. ``recognise`` reads text from
    pictures, where that is wanted; ``archives`` says that archives are opened."""

    name: str
    content: bytes
    recognise: Recognise | None = None
    archives: bool = False

    @property
    def suffix(self) -> str:
        """The lower-case ending of the name, with its dot."""
        return PurePath(self.name).suffix.lower()

    def inner(self, name: str, content: bytes) -> Source:
        """A file within this one: read without OCR, and not opened where it is an archive."""
        return Source(name=name, content=content)


class Format(Record, frozen=True):
    """One file format. The module of a reader offers one as ``FORMAT``.

    ``claims`` knows the format by its content and, where content says nothing, by the name.
    Formats are asked in the order of ``rank``. ``read`` raises UnreadableFile with the reason.
    """

    name: str
    rank: int
    claims: Callable[[Source], bool]
    read: Callable[[Source], Extracted]
