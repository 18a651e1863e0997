"""Tables of web pages: which hold data, and their rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from morgan_core.library.readers.html_visible import Look, visible
from morgan_core.library.readers.markup import Skip
from morgan_core.types import Record

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_LONGEST_CELL = 1000
_MOST_COLUMNS = 200
# A cell that holds one of these is a part of a page.
_BLOCKS = frozenset(
    [
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
        "form",
        "blockquote",
        "hr",
        "section",
        "article",
    ]
)
_APART = frozenset(["p", "div", "li", "br", "ul", "ol", "dt", "dd", "tr"])
_SPACES = re.compile(r"\s+")


class Table(Record, frozen=True):
    """``rows`` of cells as single lines; ``header`` says whether the first row is one (None: it
    does not say)."""

    caption: str
    rows: list[list[str]]
    header: bool | None


def read_table(table: LexborNode, left_out: Skip, look: Look) -> Table | None:
    """The table, merged cells repeated in every row that they reach into; None for one that only
    arranges a page: with tables, headings or code in it, long cells, or fewer than two columns."""
    if table.attributes.get("role") in ("presentation", "none"):
        return None
    rows = _Rows()
    caption: list[str] = []
    cell: list[str] | None = None
    target: list[str] = []
    for node, begins in visible(table, left_out, [look]):
        if node.is_text_node:
            target.append(node.text_content or "")
            continue
        tag = node.tag or ""
        if tag in _BLOCKS:
            return None
        if tag == "tr" and begins:
            rows.begin()
        elif tag == "thead":
            rows.in_head = begins
        elif tag in ("td", "th"):
            if begins:
                cell = target = []
            elif cell is not None:
                text = _line(cell)
                if len(text) > _LONGEST_CELL:
                    return None
                rows.add(text, node.attributes, named=tag == "th")
                cell, target = None, []
        elif tag == "caption":
            target = caption if begins else []
        elif tag in _APART:
            target.append(" ")
    done = rows.end()
    if not done or max(map(len, done)) < 2:
        return None
    title = rows.take_title()
    return Table(caption=_line([*caption, " ", title]), rows=done, header=rows.header())


class _Rows:
    def __init__(self) -> None:
        self.in_head = False
        self._rows: list[list[str]] = []
        self._named: list[list[bool]] = []
        self._from_above: dict[int, tuple[int, str]] = {}
        self._head = False

    def begin(self) -> None:
        self._fill()
        if not self._rows:
            self._head = self.in_head
        self._rows.append([])
        self._named.append([])

    def add(self, text: str, attributes: dict[str, str | None], *, named: bool) -> None:
        if not self._rows:
            self.begin()
        self._fill()
        row = self._rows[-1]
        self._named[-1].append(named)
        down, across = _count(attributes, "rowspan"), _count(attributes, "colspan")
        for offset in range(min(across, _MOST_COLUMNS)):
            value = "" if offset else text
            if len(row) >= _MOST_COLUMNS:
                row[-1] = f"{row[-1]} {value}".rstrip()
                continue
            if down > 1:
                self._from_above[len(row)] = (down - 1, value)
            row.append(value)

    def end(self) -> list[list[str]]:
        self._fill()
        return self._rows

    def take_title(self) -> str:
        """Remove and return a single named cell above a wider table."""
        if len(self._rows) < 2 or self._named[0] != [True] or len(self._rows[0]) < 2:
            return ""
        self._named.pop(0)
        return " ".join(filter(None, self._rows.pop(0)))

    def header(self) -> bool | None:
        if not any(map(any, self._named)):
            return None
        return self._head or (bool(self._named[0]) and all(self._named[0]))

    def _fill(self) -> None:
        """Put the cells that reach down from above where the row has got to."""
        while self._rows and (above := self._from_above.get(len(self._rows[-1]))):
            left, text = above
            if left > 1:
                self._from_above[len(self._rows[-1])] = (left - 1, text)
            else:
                del self._from_above[len(self._rows[-1])]
            self._rows[-1].append(text)


def _count(attributes: dict[str, str | None], name: str) -> int:
    value = attributes.get(name) or "1"
    return max(1, int(value)) if value.isascii() and value.isdigit() and len(value) < 6 else 1


def _line(parts: list[str]) -> str:
    return _SPACES.sub(" ", "".join(parts)).strip()
