"""A page's lines and their places by pdfium, in few calls: asking it for the box of every
character takes longer than reading the page, asking for those of a line's runs takes a tenth."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

from morgan_core.library.readers.pdf.lines import HYPHEN, LINE_END, Frame, Gap, Line, Page, Rect
from morgan_core.library.readers.pdf.notes import read_notes
from morgan_core.library.readers.pdf.outline import Entry

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

    from morgan_core.library.readers.ocr import Recognise

_LEAST_GAP = 6.0
"""Points of white space in a line that may part two columns; no less than the line is high."""

_RESOLUTION = 200
_LONGEST_SIDE = 3500
"""Dots per inch of a page rendered for OCR, and the most pixels of its longer side."""

_LEAST_PICTURE = 0.02
"""Share of the page that a picture with text in it takes at least."""

_MOST_PICTURES = 200
_DEPTH = 3

_ASTRAL = re.compile("[\U00010000-\U0010ffff]")

_MOST_GAPS = 3
"""A line with more gaps is a row of a table, and nobody asks where its cells begin."""


def read_page(document: PdfDocument, number: int, recognise: Recognise | None = None) -> Page:
    """Page ``number``, counted from 0; with ``recognise`` a scanned one is read by OCR. Raises
    PdfiumError."""
    with _closing(document[number]) as page:
        frame = Frame.of(page.get_bbox(), page.get_rotation())
        with _closing(page.get_textpage()) as text_page:
            lines = tuple(_lines(text_page, frame))
        notes = tuple(read_notes(document, page, frame))
        scanned = not any(line.text.strip() for line in lines) and _shows_picture(page, frame)
        if scanned and recognise is not None:
            lines = recognise(*_rendered(page, frame))
    return Page(
        lines=lines,
        notes=notes,
        width=frame.width,
        height=frame.height,
        scanned=scanned,
        recognised=scanned and recognise is not None,
    )


def _shows_picture(page: PdfPage, frame: Frame) -> bool:
    """Whether a picture on the page is large enough to hold text."""
    import pypdfium2.raw as pdfium

    least = frame.width * frame.height * _LEAST_PICTURE
    objects = page.get_objects(filter=(pdfium.FPDF_PAGEOBJ_IMAGE,), max_depth=_DEPTH)
    for picture in islice(objects, _MOST_PICTURES):
        left, bottom, right, top = picture.get_bounds()
        # What stands in a form has bounds in the form's own space.
        if picture.level or (right - left) * (top - bottom) >= least:
            return True
    return False


def _rendered(page: PdfPage, frame: Frame) -> tuple[Any, float]:
    """The page as a picture of blue, green and red, and the points per pixel."""
    scale = min(_RESOLUTION / 72, _LONGEST_SIDE / max(frame.width, frame.height, 1))
    with _closing(page.render(scale=scale)) as bitmap:
        pixels = bitmap.to_numpy()
        return pixels[:, :, :3].copy() if pixels.ndim == 3 else _grey(pixels), 1 / scale


def _grey(pixels: Any) -> Any:
    import numpy as np

    return np.stack((pixels,) * 3, axis=-1)


def read_outline(document: PdfDocument) -> list[Entry]:
    entries = []
    for bookmark in document.get_toc():
        destination = bookmark.get_dest()
        page = destination.get_index() if destination else None
        entries.append(Entry(title=bookmark.get_title(), level=bookmark.level + 1, page=page))
    return entries


def _lines(text_page: PdfTextPage, frame: Frame) -> Iterator[Line]:
    # Lone surrogates are kept, because places are counted in UTF-16; cleaning takes them out.
    text: str = text_page.get_text_range(errors="surrogatepass")
    length = len if _ASTRAL.search(text) is None else _units
    boxes = _Boxes(text_page, frame, same=text_page.count_chars() == length(text))
    start = index = 0
    while start <= len(text):
        end = LINE_END.search(text, start)
        stop = end.start() if end else len(text)
        line = text[start:stop]
        units = length(line)
        hyphen = end is not None and end[0] == HYPHEN
        yield boxes.line(line, index, units, hyphen=hyphen)
        if end is None:
            return
        start = end.end()
        index += units + len(end[0])


class _Boxes:
    """Asks pdfium where runs of characters stand."""

    def __init__(self, text_page: PdfTextPage, frame: Frame, *, same: bool) -> None:
        import pypdfium2.raw as pdfium

        self._pdfium: Any = pdfium
        self._raw: Any = text_page.raw
        self._place = frame.place
        # pdfium's list of characters may hold some that its text does not.
        self._same = same
        self._values = tuple(ctypes.c_double() for _ in range(4))
        self._refs = tuple(ctypes.byref(value) for value in self._values)
        self._loose = pdfium.FS_RECTF()

    def line(self, text: str, index: int, units: int, *, hyphen: bool) -> Line:
        """``index`` and ``units`` are where the line begins and how long it is, in UTF-16."""
        if not text.strip():
            return Line(text=text, hyphen=hyphen)
        first = self._char(index)
        count = units if self._same else self._char(index + units - 1) - first + 1
        runs = self._runs(first, count)
        if not runs:
            return Line(text=text, hyphen=hyphen)
        left, bottom, right, top, _, _ = runs[0]
        gaps: list[tuple[float, float, float, float]] = []
        for x0, y0, x1, y1, x, y in runs[1:]:
            if x0 - right > _LEAST_GAP and x0 - right > max(y1 - y0, top - bottom):
                gaps.append((right, x0, x, y))
            if x0 < left:
                left = x0
            if y0 < bottom:
                bottom = y0
            if x1 > right:
                right = x1
            if y1 > top:
                top = y1
        return Line(
            text=text,
            rect=Rect(left, bottom, right, top),
            size=self._size(first),
            gaps=self._located(gaps, len(text), index) if gaps and len(text) == units else (),
            hyphen=hyphen,
        )

    def _runs(
        self, first: int, count: int
    ) -> list[tuple[float, float, float, float, float, float]]:
        """For each run of characters its place as it is shown, and a point of its first
        character in the page's own space."""
        left, top, right, bottom = self._values
        get_rect, raw, refs, place = (
            self._pdfium.FPDFText_GetRect,
            self._raw,
            self._refs,
            self._place,
        )
        runs = []
        for number in range(self._pdfium.FPDFText_CountRects(raw, first, count)):
            get_rect(raw, number, *refs)
            x0, y0, x1, y1 = left.value, bottom.value, right.value, top.value
            if x1 > x0 or y1 > y0:
                runs.append((*place(x0, y0, x1, y1), x0, (y0 + y1) / 2))
        return runs

    def _size(self, char: int) -> float:
        if not self._pdfium.FPDFText_GetLooseCharBox(self._raw, char, self._loose):
            return 0.0
        height: float = abs(self._loose.top - self._loose.bottom)
        return height

    def _located(
        self, gaps: list[tuple[float, float, float, float]], length: int, index: int
    ) -> tuple[Gap, ...]:
        ask = len(gaps) <= _MOST_GAPS
        return tuple(
            Gap(left, right, self._offset(x, y, index, length) if ask else 0)
            for left, right, x, y in gaps
        )

    def _offset(self, x: float, y: float, index: int, length: int) -> int:
        """Where the character at ``x``, ``y`` stands in the line; 0 when it is not found."""
        char = self._pdfium.FPDFText_GetCharIndexAtPos(self._raw, x + 0.2, y, 2, 2)
        if char < 0:
            return 0
        offset: int = self._pdfium.FPDFText_GetTextIndexFromCharIndex(self._raw, char) - index
        return offset if 0 < offset < length else 0

    def _char(self, index: int) -> int:
        if self._same:
            return index
        char: int = self._pdfium.FPDFText_GetCharIndexFromTextIndex(self._raw, index)
        return char


def _units(text: str) -> int:
    """The length in UTF-16, in which pdfium counts."""
    return len(text) + len(_ASTRAL.findall(text))


@contextmanager
def _closing(thing: Any) -> Iterator[Any]:
    try:
        yield thing
    finally:
        thing.close()
