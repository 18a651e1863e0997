"""Workbooks: XLSX, XLSM, XLSB, XLS and ODS, sheet by sheet.

python-calamine reads the cells.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.archive import Archive, is_zip
from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.building import Builder, line_of
from morgan_core.library.readers.ole import ole_kind
from morgan_core.library.readers.ooxml import Package, office_kind
from morgan_core.library.readers.opendocument import opendocument_kind, properties
from morgan_core.library.readers.tables import Row, add_table
from morgan_core.library.readers.xlsx_cells import Overrides, read_overrides

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

NEEDS_PASSWORD = "encrypted: it needs a password"

_PLAIN_NAME = re.compile(r"[^\W\d]\w*")
_PARTS = (".xml", ".bin", ".rels")


def read_sheets(source: Source) -> Extracted:
    """Every sheet under its name, rows as lines below their header."""
    kind = _kind(source) or ""
    metadata: dict[str, str] = {}
    overrides: dict[str, Overrides] = {}
    if kind != "xls":
        _unpack_once(source.content)
    if kind == "ods":
        metadata = properties(Archive(source.content))
    elif kind == "xlsx":
        package = Package(source.content)
        metadata, overrides = package.properties(), read_overrides(package)
    from python_calamine import CalamineError, PasswordError

    builder = Builder()
    try:
        _add_sheets(builder, source, overrides)
    except PasswordError as error:
        raise UnreadableFile(NEEDS_PASSWORD) from error
    except CalamineError as error:
        raise UnreadableFile(f"a damaged workbook ({line_of(str(error))})") from error
    except BaseException as error:
        # A panic in Rust; its class cannot be imported and is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise UnreadableFile("a damaged workbook") from error
    return builder.extracted(kind, title=metadata.get("title", ""), metadata=metadata)


def _add_sheets(builder: Builder, source: Source, overrides: dict[str, Overrides]) -> None:
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    with CalamineWorkbook.from_filelike(io.BytesIO(source.content)) as workbook:
        for sheet in workbook.sheets_metadata:
            if sheet.typ == SheetTypeEnum.WorkSheet:
                hidden = sheet.visible != SheetVisibleEnum.Visible
                cells = workbook.get_sheet_by_name(sheet.name)
                _add_sheet(builder, cells, overrides.get(sheet.name, {}), hidden=hidden)


def _add_sheet(
    builder: Builder, sheet: CalamineSheet, overrides: Overrides, *, hidden: bool
) -> None:
    if sheet.start is None or sheet.end is None:
        return
    name = line_of(sheet.name)
    title = f"{name} (hidden sheet)" if hidden else name
    left, right = sheet.start[1], sheet.end[1]
    quoted = name if _PLAIN_NAME.fullmatch(name) else "'" + name.replace("'", "''") + "'"

    def place(first: int, last: int) -> str:
        return f"{quoted}!{column_name(left)}{first}:{column_name(right)}{last}"

    add_table(builder, _rows(sheet, overrides, left), place=place, title=title)


def _rows(sheet: CalamineSheet, overrides: Overrides, left: int) -> Iterator[Row]:
    """The rows, numbered from 1, from the column ``left`` on; a value merged over several rows
    stands in each of them."""
    merged = {
        (top, column - left): bottom
        for (top, column), (bottom, _) in sheet.merged_cell_ranges or []
        if bottom > top
    }
    shifted = {(row, column - left): text for (row, column), text in overrides.items()}
    standing: dict[int, tuple[int, str]] = {}
    # calamine puts the empty rows above the first cell before its rows, but no empty columns.
    for at, values in enumerate(sheet.iter_rows()):
        cells = [shown(value) for value in values]
        if shifted:
            cells = [shifted.get((at, column), cell) for column, cell in enumerate(cells)]
        if merged and any(cells):
            for column, (bottom, text) in standing.items():
                if at <= bottom and column < len(cells):
                    cells[column] = cells[column] or text
            for column, cell in enumerate(cells):
                if (at, column) in merged:
                    standing[column] = merged[at, column], cell
        yield at + 1, cells


def shown(value: Any) -> str:
    """A cell's value as people write it: ISO dates, numbers without the noise of binary floats."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        # Excel, too, shows 15 digits.
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, dt.datetime):
        whole = (value + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
        return whole.isoformat(" ", "seconds" if whole.second else "minutes")
    if isinstance(value, dt.time):
        return value.isoformat("seconds" if value.second else "minutes")
    if isinstance(value, dt.timedelta):
        seconds = round(value.total_seconds())
        sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
        return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return str(value)


def column_name(index: int) -> str:
    """The letters of the column ``index``, counted from 0: ``A``, ``Z``, ``AA``."""
    name = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        name = chr(ord("A") + letter) + name
    return name


def _unpack_once(content: bytes) -> None:
    """Meet the limits before calamine, which has none of its own, unpacks the parts."""
    archive = Archive(content)
    for name in archive.names:
        if name.lower().endswith(_PARTS):
            archive.read(name)


def _kind(source: Source) -> str | None:
    if ole_kind(source.content) == "excel":
        return "xls"
    if not is_zip(source.content):
        return None
    if opendocument_kind(source.content) == "spreadsheet":
        return "ods"
    return "xlsx" if office_kind(source.content) == "excel" else None


FORMAT = Format(
    name="sheets", rank=15, claims=lambda source: _kind(source) is not None, read=read_sheets
)
