"""CSV and TSV: rows as lines, each block of rows under the table's header."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from morgan_core.library.readers.base import MAX_TEXT, Extracted, Format, Source
from morgan_core.library.readers.building import Builder
from morgan_core.library.readers.decoding import decode
from morgan_core.library.readers.tables import Row, add_table
from morgan_core.library.readers.text import read_text

_DELIMITERS = {".csv": ",;\t|", ".tsv": "\t,;|", ".tab": "\t,;|"}
_SAMPLE = 200
_REGULAR = 0.8
"""Least share of records as wide as most for a file to count as a table."""

_MOST_LINES = 200
"""A cell of more lines than this is taken for a quotation mark that was never closed."""


def read_csv(source: Source) -> Extracted:
    """The table; a file whose records are not those of one is read as plain text."""
    text, encoding = decode(source.content)
    delimiter, first = find_delimiter(text, _DELIMITERS[source.suffix]), 1
    # Excel's own first line: "sep=;".
    if text[:4].lower() == "sep=" and text[5:6] in ("\r", "\n"):
        delimiter, text, first = text[4], text[5:].lstrip("\r\n"), 2
    if delimiter is None:
        return read_text(source)
    builder = Builder()
    add_table(builder, records(text, delimiter, first=first), place=_place)
    return builder.extracted("csv", metadata={"encoding": encoding})


def records(text: str, delimiter: str, *, first: int = 1) -> Iterator[Row]:
    """The records of ``text`` with their numbers, counted from ``first`` as spreadsheets do."""
    csv.field_size_limit(MAX_TEXT)
    lines = io.StringIO(text, newline="")
    return enumerate(csv.reader(lines, delimiter=delimiter), start=first)


def find_delimiter(text: str, candidates: str) -> str | None:
    """The one of ``candidates`` that divides ``text`` into records of equal width.

    The first records choose: the candidate that divides most of them alike, of equals the one
    with more columns, then the earlier one. All records confirm. None when there is no such.
    """
    found = {sign: _regularity(islice(records(text, sign), _SAMPLE)) for sign in candidates}
    best = max(found, key=lambda sign: found[sign])
    if found[best][0] < _REGULAR or _regularity(records(text, best))[0] < _REGULAR:
        return None
    return best


def _regularity(rows: Iterable[Row]) -> tuple[float, int]:
    """The share of the records that are as wide as most, and that width; 0 for one column."""
    widths: Counter[int] = Counter()
    for _, cells in rows:
        if any(cells):
            widths[len(cells)] += 1
            if any(len(cell) > _MOST_LINES and cell.count("\n") > _MOST_LINES for cell in cells):
                return 0.0, 0
    if not widths:
        return 0.0, 0
    width, count = widths.most_common(1)[0]
    return (round(count / widths.total(), 2), width) if width > 1 else (0.0, 0)


def _place(first: int, last: int) -> str:
    return f"row {first}" if first == last else f"rows {first}–{last}"


FORMAT = Format(
    name="csv", rank=50, claims=lambda source: source.suffix in _DELIMITERS, read=read_csv
)
