"""From lines to the final text, with the offsets of every line's box."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from morgan_core.library.readers.base import MAX_TEXT, Box, too_much_text
from morgan_core.library.readers.pdf.lines import Line, plain_lines
from morgan_core.sanitise import sanitise

_PAGE_BREAK = "\n\n"
_BLANK_LINES = 2
"""Most blank lines in a row, as ``tidy`` leaves them in other formats."""

# Latin ligatures and the Arabic presentation forms: shapes of letters, not letters.
_LIGATURES = re.compile("[\ufb00-\ufb06\ufb50-\ufdcf\ufdf0-\ufdfb\ufe70-\ufefc]")


class TextBuilder:
    """Puts cleaned lines together; ``starts`` holds where each page begins.

    A page without text starts where the next text does.
    """

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.boxes: list[Box] = []
        self.offsets: dict[int, int] = {}
        """Where the text of a line begins, by the identity of the Line."""

        self._parts: list[str] = []
        self._length = 0
        self._waiting = 0

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def add_page(self, lines: Iterable[Line]) -> bool:
        """Append a page; False when there is no text on it. Raises UnreadableFile when the
        text is too long."""
        self._waiting += 1
        page = len(self.starts) + self._waiting
        begun = broken = False
        blank = 0
        for line in lines:
            text = clean_line(line.text).rstrip()
            if not begun:
                text = text.lstrip()
            if not text:
                blank += 1
                continue
            if not begun:
                begun = True
                self._begin_page()
            elif broken:
                self._put(hyphen_between(self._parts[-1], text))
            else:
                self._put("\n" * (1 + min(blank, _BLANK_LINES)))
            self.offsets[id(line)] = start = self._length
            self._put(text)
            if line.rect is not None:
                self._box(line, page, start)
            broken, blank = line.hyphen, 0
        if broken:
            self._put("-")
        return begun

    def finish(self) -> None:
        """No more pages follow."""
        self.starts += [self._length] * self._waiting
        self._waiting = 0

    def _begin_page(self) -> None:
        if self._parts:
            self._put(_PAGE_BREAK)
        self.starts += [self._length] * self._waiting
        self._waiting = 0

    def _put(self, text: str) -> None:
        if text:
            self._parts.append(text)
            self._length += len(text)
        if self._length > MAX_TEXT:
            raise too_much_text()

    def _box(self, line: Line, page: int, start: int) -> None:
        assert line.rect is not None
        left, bottom, right, top = (round(value, 2) for value in line.rect)
        box = Box(
            start=start,
            end=self._length,
            page=page,
            left=left,
            bottom=bottom,
            right=right,
            top=top,
        )
        self.boxes.append(box)


def clean_page(raw: str) -> str:
    """Sanitised text of one page as pdfium gives it, words that a line end divided joined."""
    builder = TextBuilder()
    builder.add_page(plain_lines(raw))
    return builder.text


def clean_line(raw: str) -> str:
    """Sanitised, and letters in place of their shapes."""
    text = sanitise(raw)
    if text.isascii():
        return text
    return _LIGATURES.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


def hyphen_between(before: str, after: str) -> str:
    """The hyphen that stays when two parts of a divided word are joined, or nothing.

    It stays before a capital (Anglo-Saxon) and after a single letter (e-mail).
    """
    last = before[-2:]
    compound = after[:1].isupper() and not last[-1:].isupper()
    single = last[-1:].isalpha() and not last[:-1].isalpha()
    return "-" if compound or single else ""
