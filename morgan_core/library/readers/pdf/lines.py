"""What a page of a PDF is made of: printed lines and where they stand."""

from __future__ import annotations

import re
from typing import NamedTuple

from morgan_core.types import Record

HYPHEN = "\ufffe"
"""pdfium's mark for a hyphen at a line's end; the next line follows without a line break."""

LINE_END = re.compile(f"\r\n|[\r\n\x0b\x0c\x85\u2028\u2029{HYPHEN}]")

_ROTATED = 2.0


class Rect(NamedTuple):
    """A rectangle in points from the lower left corner of the page as it is shown."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.top - self.bottom

    @property
    def middle(self) -> float:
        """Half-way between bottom and top."""
        return (self.bottom + self.top) / 2

    def beside(self, other: Rect) -> bool:
        """Whether both stand in the same row."""
        overlap = min(self.top, other.top) - max(self.bottom, other.bottom)
        return overlap > min(self.height, other.height) / 2


class Frame(NamedTuple):
    """The part of the page's own space that is shown, turned clockwise by ``rotation`` degrees."""

    left: float
    bottom: float
    right: float
    top: float
    rotation: int

    @classmethod
    def of(cls, box: tuple[float, float, float, float], rotation: int) -> Frame:
        """``box`` is left, bottom, right and top in the page's own space."""
        return cls(*box, rotation % 360)

    @property
    def width(self) -> float:
        sideways = self.rotation in (90, 270)
        return self.top - self.bottom if sideways else self.right - self.left

    @property
    def height(self) -> float:
        sideways = self.rotation in (90, 270)
        return self.right - self.left if sideways else self.top - self.bottom

    def place(self, left: float, bottom: float, right: float, top: float) -> Rect:
        """Where a rectangle of the page's own space is shown."""
        if self.rotation == 0:
            x, y = self.left, self.bottom
            return Rect(left - x, bottom - y, right - x, top - y)
        if self.rotation == 90:
            x, y = self.bottom, self.right
            return Rect(bottom - x, y - right, top - x, y - left)
        if self.rotation == 180:
            x, y = self.right, self.top
            return Rect(x - right, y - top, x - left, y - bottom)
        x, y = self.top, self.left
        return Rect(x - top, left - y, x - bottom, right - y)


class Gap(NamedTuple):
    """White space inside a line, wide enough to part two columns: from ``left`` to ``right``;
    ``offset`` is where the text after it begins."""

    left: float
    right: float
    offset: int


class Line(Record, frozen=True, kw_only=True):
    """One printed line as pdfium tells it, not cleaned.

    ``rect`` is None where nothing is known of the place. ``size`` is the height of its first
    letter's font in points, 0 when unknown. ``hyphen`` says that the line ended with a hyphen,
    which ``text`` no longer has, inside a word.
    """

    text: str
    rect: Rect | None = None
    size: float = 0.0
    gaps: tuple[Gap, ...] = ()
    hyphen: bool = False

    @property
    def upright(self) -> bool:
        """Whether its place is known and it is not written along the page's side."""
        rect = self.rect
        return rect is not None and (len(self.text) < 3 or rect.height < _ROTATED * rect.width)

    def split(self, gap: Gap) -> tuple[Line, Line]:
        """The line as two, before and after ``gap``, one of ``gaps``."""
        assert self.rect is not None
        at = self.gaps.index(gap)
        before = Line(
            text=self.text[: gap.offset].rstrip(),
            rect=self.rect._replace(right=gap.left),
            size=self.size,
            gaps=self.gaps[:at],
        )
        after = Line(
            text=self.text[gap.offset :],
            rect=self.rect._replace(left=gap.right),
            size=self.size,
            gaps=tuple(g._replace(offset=g.offset - gap.offset) for g in self.gaps[at + 1 :]),
            hyphen=self.hyphen,
        )
        return before, after


class Page(Record, frozen=True, kw_only=True):
    """The lines of a page in the order of its content, and after them what was filled into its
    fields or written in its margins. ``width`` and ``height`` are in points, of the page as it
    is shown; 0 when unknown. ``readable`` is false when the page could not be read, ``scanned``
    says that it shows a picture and no text, ``recognised`` that OCR read it."""

    lines: tuple[Line, ...] = ()
    notes: tuple[Line, ...] = ()
    width: float = 0.0
    height: float = 0.0
    readable: bool = True
    scanned: bool = False
    recognised: bool = False


def plain_lines(text: str) -> tuple[Line, ...]:
    """The lines of a text of which no places are known."""
    lines: list[Line] = []
    start = 0
    for end in LINE_END.finditer(text):
        lines.append(Line(text=text[start : end.start()], hyphen=end[0] == HYPHEN))
        start = end.end()
    lines.append(Line(text=text[start:]))
    return tuple(lines)
