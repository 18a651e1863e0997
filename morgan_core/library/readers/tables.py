"""Tables as text: rows as lines, in blocks that each begin with the table's header."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from morgan_core.library.readers.building import LINE, PARAGRAPH, Builder, line_of

BLOCK = 800
"""Most characters in a block of rows, its header included: less than the default chunk."""

SEPARATOR = " | "

_LONGEST_LABEL = 120
_VALUE = re.compile(
    r"[^\w\s]{0,3}\s?[-+(]?\s?\d[\d\s.,'’:/-]*(?:[eE][-+]?\d+)?\s?[^\w\s]{0,3}"  # 1,200.50 € 12:30
    r"|\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[-+]\d\d:?\d\d)?"
    r"|true|false|yes|no|n/?a|null|none|nan|#\w+[/!?\w]*",
    re.I,
)
_YEAR = re.compile(r"(?:19|20)\d\d")

Row = tuple[int, Sequence[str]]
"""The number of a row and its cells."""


def add_table(
    builder: Builder,
    rows: Iterable[Row],
    *,
    place: Callable[[int, int], str] | None = None,
    header: bool | None = None,
    title: str = "",
) -> None:
    """Add a table; a block of rows about ``BLOCK`` long is a unit of its own.

    ``place(first, last)`` names the rows of a block. ``header`` says whether the first row is
    one, None finds it out. ``title`` becomes a heading at the beginning of the first unit. Empty rows are left out; a row too long for a block becomes one line for each of
    its cells, ``header: value``.
    """
    blocks = _Blocks(builder, place, title)
    for region in _regions(rows):
        _add_region(blocks, region, header)
        header = header if header is None else False
    blocks.flush()


def _add_region(blocks: _Blocks, region: Iterator[Row], header: bool | None) -> None:
    """Add rows that no empty row divides."""
    ahead = [row for _, row in zip(range(8), region, strict=False)]
    if header is None:
        # A title that stands alone above a wider table.
        while len(ahead) > 1 and _filled(ahead[0][1]) == 1 < _filled(ahead[1][1]):
            blocks.caption(ahead.pop(0))
        header = looks_like_header([cells for _, cells in ahead], anew=bool(blocks.header))
    if header and len(ahead) > 1:
        blocks.begin(ahead.pop(0))
    for row in chain(ahead, region):
        blocks.row(row)


def looks_like_header(rows: Sequence[Sequence[str]], *, anew: bool = False) -> bool:
    """Whether the first of ``rows`` names the columns: only distinct labels, no values.

    Where a header is already known (``anew``), only a table whose columns hold values gets
    another one.
    """
    if len(rows) < 2:
        return False
    labels = [cell for cell in rows[0] if cell]
    if len(labels) < 2 or len(set(labels)) < len(labels):
        return False
    if 2 * len(labels) < max(_filled(row) for row in rows):
        return False
    if any(len(label) > _LONGEST_LABEL or _is_value(label) for label in labels):
        return False
    if all(_YEAR.fullmatch(label) for label in labels):
        return False
    if not anew:
        return True
    return any(
        _VALUE.fullmatch(cell) and at < len(rows[0]) and not _VALUE.fullmatch(rows[0][at])
        for row in rows[1:]
        for at, cell in enumerate(row)
        if cell
    )


def _is_value(cell: str) -> bool:
    # Years often stand above columns.
    return _VALUE.fullmatch(cell) is not None and not _YEAR.fullmatch(cell)


def _filled(cells: Sequence[str]) -> int:
    return sum(1 for cell in cells if cell)


def _regions(rows: Iterable[Row]) -> Iterator[Iterator[Row]]:
    """The rows between empty rows, cells as single lines."""
    clean = ((number, [_cell(cell) for cell in cells]) for number, cells in rows)
    for row in clean:
        if any(row[1]):
            yield _until_empty(row, clean)


def _cell(value: str) -> str:
    return value.strip() if value.isprintable() else line_of(value)


def _until_empty(first: Row, rows: Iterator[Row]) -> Iterator[Row]:
    yield first
    for row in rows:
        if not any(row[1]):
            return
        yield row


class _Blocks:
    """Collects lines until they fill a block."""

    def __init__(
        self, builder: Builder, place: Callable[[int, int], str] | None, title: str
    ) -> None:
        self.header: Sequence[str] = ()
        self._builder = builder
        self._place = place
        self._title = title
        self._taken = len(title)
        self._started = False
        self._lines: list[str] = []
        self._first = self._last = 0
        self._only_header = False

    def caption(self, row: Row) -> None:
        self.flush()
        self._append(row[0], _line(row[1]))

    def begin(self, row: Row) -> None:
        """A header; the block that it begins holds its row too."""
        if not self._lines or self._taken + len(_line(row[1])) > BLOCK // 2:
            self.flush()
        self.header = row[1]
        if line := self._header_line():
            self._append(row[0], line)
            self._only_header = True

    def row(self, row: Row) -> None:
        number, cells = row
        line, header = _line(cells), self._header_line()
        if len(line) + len(header) > BLOCK:
            if not self._only_header:
                self.flush()
            self._append(number, _record(self.header, cells))
            self.flush()
            return
        if not self._only_header and self._taken + len(line) > BLOCK:
            self.flush()
        if not self._lines and header:
            self._append(number, header)
        self._append(number, line)
        self._only_header = False

    def flush(self) -> None:
        if not self._lines:
            return
        if self._started or self._title:
            self._builder.cut()
        if self._place:
            self._builder.place(self._place(self._first, self._last))
        if self._title:
            self._builder.heading(self._title, 1)
            self._title = ""
        self._builder.add(LINE.join(self._lines), gap=PARAGRAPH)
        self._lines, self._taken, self._started = [], 0, True
        self._only_header = False

    def _append(self, number: int, line: str) -> None:
        if not self._lines:
            self._first = number
        self._last = number
        self._lines.append(line)
        self._taken += len(line) + 1

    def _header_line(self) -> str:
        """The header as a line; empty when it would fill the blocks by itself."""
        line = _line(self.header)
        return line if len(line) <= BLOCK // 2 else ""


def _line(cells: Sequence[str]) -> str:
    end = len(cells)
    while end and not cells[end - 1]:
        end -= 1
    return SEPARATOR.join(cells[:end])


def _record(header: Sequence[str], cells: Sequence[str]) -> str:
    names = chain(header, [""] * (len(cells) - len(header)))
    return LINE.join(
        f"{name}: {cell}" if name else cell
        for name, cell in zip(names, cells, strict=False)
        if cell
    )
