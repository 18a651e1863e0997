"""What calamine does not tell about the cells of an XLSX file: percentages and errors.

It also has no limit of its own: calamine makes room for every cell between the first and the
last, so that one stray cell in the last corner would take 500 GB.
"""

from __future__ import annotations

import re

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.building import line_of
from morgan_core.library.readers.ooxml import Package
from morgan_core.library.readers.xml_tree import attribute, child, children, number

Overrides = dict[tuple[int, int], str]
"""What a cell shows, by its row and column, counted from 0."""

MAX_CELLS = 20_000_000
"""Largest sheet, rows times columns: about 600 MB in calamine."""

_BUILT_IN = {9: "0%", 10: "0.00%"}  # ISO/IEC 29500-1, 18.8.30
_COLUMN = re.compile(rb'<c r="([A-Z]{1,3})\d')
_ROW = re.compile(rb'<row [^>]*?\br="(\d{1,7})"')
_CELL = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"([^>/]*)>(?:<f[^>]*/>|<f.*?</f>)?<v>([^<]*)</v>')
_STYLE = re.compile(rb'\bs="(\d+)"')
_NUMBER = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,2})?")
_STRINGS = re.compile(rb'uniqueCount="([0-9]{1,18})"')
_ERROR = b't="e"'
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\[[^\]]*\]')
_DECIMALS = re.compile(r"\.([0#?]+)")


def read_overrides(package: Package) -> dict[str, Overrides]:
    """What calamine leaves out, by the name of the sheet.

    Raises UnreadableFile for a sheet of more than ``MAX_CELLS``.
    """
    _check_strings(package)
    percentages = _percentages(package)
    parts = package.relations(package.main)
    found = {}
    for sheet in children(child(package.xml(package.main), "sheets"), "sheet"):
        name = attribute(sheet, "name") or ""
        relation = parts.get(attribute(sheet, "id") or "")
        if relation and relation.type == "worksheet" and relation.target in package.archive:
            content = package.archive.read(relation.target)
            _check_size(content, name)
            found[name] = _overrides(content, percentages)
    return found


def _overrides(sheet: bytes, percentages: dict[bytes, int]) -> Overrides:
    found: Overrides = {}
    if _ERROR not in sheet and not any(b's="%b"' % style in sheet for style in percentages):
        return found
    for cell in _CELL.finditer(sheet):
        column, row, attributes, value = cell.groups()
        where = int(row) - 1, _column_index(column)
        if _ERROR in attributes:
            found[where] = value.decode("utf-8", "replace")
        elif (
            (style := _STYLE.search(attributes))
            and style[1] in percentages
            and (b't="' not in attributes or b't="n"' in attributes)
            and _NUMBER.fullmatch(value)
        ):
            found[where] = f"{float(value) * 100:.{percentages[style[1]]}f}%"
    return found


def _percentages(package: Package) -> dict[bytes, int]:
    """The decimals of each cell style that shows percentages."""
    part = package.related(package.main, "styles")
    if part is None:
        return {}
    root = package.xml(part)
    codes = dict(_BUILT_IN)
    for one in children(child(root, "numFmts"), "numFmt"):
        codes[number(one, "numFmtId", 0)] = attribute(one, "formatCode") or ""
    found = {}
    for style, one in enumerate(children(child(root, "cellXfs"), "xf")):
        code = _QUOTED.sub("", codes.get(number(one, "numFmtId", 0), ""))
        if "%" in code:
            decimals = _DECIMALS.search(code)
            found[str(style).encode()] = len(decimals[1]) if decimals else 0
    return found


def _check_strings(package: Package) -> None:
    """calamine makes room for as many strings as the file says that it has."""
    part = package.related(package.main, "sharedStrings")
    content = package.archive.read(part) if part else b""
    told = _STRINGS.search(content, 0, 4096)
    if told and int(told[1]) > len(content):
        raise UnreadableFile("damaged: it says that it has more strings than bytes")


def _check_size(sheet: bytes, name: str) -> None:
    last = _ROW.match(sheet, max(0, sheet.rfind(b"<row ")))
    rows = int(last[1]) if last else 0
    columns = max((_column_index(column[1]) + 1 for column in _COLUMN.finditer(sheet)), default=0)
    if rows * columns > MAX_CELLS:
        raise UnreadableFile(
            f"the sheet {line_of(name)} is too large: {rows:,} rows of {columns:,} columns",
            mend="Delete the empty rows and columns up to its last cell, or save it as CSV.",
        )


def _column_index(letters: bytes) -> int:
    index = 0
    for letter in letters:
        index = index * 26 + letter - ord("A") + 1
    return index - 1
