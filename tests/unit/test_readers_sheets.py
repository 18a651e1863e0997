"""Workbooks: every sheet, cells as people see them, each block of rows with its address."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import openpyxl
import pytest
import xlwt
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from morgan_core.errors import UnreadableFile
from morgan_core.library.chunking import chunk
from morgan_core.library.readers import read
from morgan_core.library.readers.sheets import column_name
from tests.office_files import package, relations, zipped


@pytest.fixture
def book() -> openpyxl.Workbook:
    return openpyxl.Workbook()


@pytest.fixture
def sheet(book: openpyxl.Workbook) -> Worksheet:
    assert isinstance(book.active, Worksheet)
    return book.active


def saved(book: openpyxl.Workbook, folder: Path, name: str = "book.xlsx") -> Path:
    book.save(folder / name)
    return folder / name


def test_each_sheet_stands_under_its_name(book, sheet, tmp_path: Path) -> None:
    sheet.title = "Prices"
    for row in (("Article", "Price"), ("Bread", 2.5), ("Milk", 1)):
        sheet.append(row)
    other = book.create_sheet("Last year's")
    other.append(["Only a note"])
    secret = book.create_sheet("Secret")
    secret.append(["x", "y"])
    secret.sheet_state = "hidden"
    book.create_sheet("Empty")
    book.properties.title = "Shop"

    extracted = read(saved(book, tmp_path))

    assert extracted.text == (
        "Prices\n\nArticle | Price\nBread | 2.5\nMilk | 1\n\n"
        "Last year's\n\nOnly a note\n\n"
        "Secret (hidden sheet)\n\nx | y"
    )
    assert [h.title for h in extracted.headings] == [
        "Prices",
        "Last year's",
        "Secret (hidden sheet)",
    ]
    assert (extracted.kind, extracted.title) == ("xlsx", "Shop")
    assert extracted.place_of(extracted.text.index("Milk"), extracted.text.index("Milk") + 4) == (
        "Prices!A1:B3"
    )
    assert extracted.place_of(len(extracted.text) - 1, len(extracted.text)) == "Secret!A1:B1"
    note = extracted.text.index("Only")
    assert extracted.place_of(note, note + 4) == "'Last year''s'!A1:A1"


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        (0.1 + 0.2, None, "0.3"),
        (1234567890123, None, "1234567890123"),
        (3.0, None, "3"),
        (-2.5, "#,##0.00", "-2.5"),
        (True, None, "TRUE"),
        (False, None, "FALSE"),
        (dt.date(2024, 3, 1), None, "2024-03-01"),
        (dt.datetime(2024, 3, 1, 14, 30), None, "2024-03-01 14:30"),
        (dt.datetime(2024, 3, 1, 14, 30, 59), None, "2024-03-01 14:30:59"),
        (dt.time(9, 5), None, "09:05"),
        (dt.timedelta(hours=30), None, "30:00:00"),
        (0.19, "0%", "19%"),
        (0.1955, "0.0%", "19.6%"),
        (0.19, '0.00"%"', "0.19"),
        ("#DIV/0!", None, "#DIV/0!"),
        ("two\nlines", None, "two lines"),
    ],
)
def test_values_are_shown_as_people_see_them(
    book, sheet, tmp_path: Path, value: object, form: str | None, expected: str
) -> None:
    sheet.append(["label", "next"])
    sheet["A2"] = value
    sheet["B2"] = "after"
    if form:
        sheet["A2"].number_format = form

    assert read(saved(book, tmp_path)).text.endswith(f"label | next\n{expected} | after")


def test_empty_rows_and_columns_before_a_table_do_not_shift_its_addresses(
    book, sheet, tmp_path: Path
) -> None:
    sheet.title = "S"
    sheet["C4"], sheet["D4"] = "Article", "Price"
    sheet["C5"], sheet["D5"] = "Bread", 2

    extracted = read(saved(book, tmp_path))

    assert extracted.text == "S\n\nArticle | Price\nBread | 2"
    assert extracted.place_of(3, len(extracted.text)) == "S!C4:D5"


def test_every_block_of_a_long_sheet_has_its_header_and_its_address(
    book, sheet, tmp_path: Path
) -> None:
    sheet.title = "Prices"
    sheet.append(["Article", "Price"])
    for number in range(2, 301):
        sheet.append([f"Article number {number}", number])

    extracted = read(saved(book, tmp_path))

    pieces = chunk(extracted, size=900)
    assert len(pieces) > 5
    after = 2
    for piece in pieces:
        assert "Article | Price\n" in piece.text[:40]
        told = re.fullmatch(r"Prices!A(\d+):B(\d+)", piece.place)
        assert told is not None
        numbers = [int(n) for n in re.findall(r"number (\d+)", piece.text)]
        first, last = max(2, int(told[1])), int(told[2])
        assert (first, last) == (numbers[0], numbers[-1])
        assert first == after
        after = last + 1
    assert after == 301


def test_a_title_above_a_table_is_no_header(book, sheet, tmp_path: Path) -> None:
    for row in (["Prices of 2024"], [], ["Article", "Price"], ["Bread", 2], ["Milk", 1]):
        sheet.append(row)

    extracted = read(saved(book, tmp_path))

    assert extracted.text.endswith("Prices of 2024\nArticle | Price\nBread | 2\nMilk | 1")


def test_a_value_merged_over_rows_stands_in_each_of_them(book, sheet, tmp_path: Path) -> None:
    for row in (["Region", "Town"], ["North", "Kiel"], [None, "Bremen"], ["South", "Ulm"]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")

    assert "North | Kiel\nNorth | Bremen\nSouth | Ulm" in read(saved(book, tmp_path)).text


def test_old_workbooks_are_read(tmp_path: Path) -> None:
    old = xlwt.Workbook()
    page = old.add_sheet("Prices")
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    for column, value in enumerate(("Article", "Price")):
        page.write(0, column, value)
    page.write(1, 0, "Bread")
    page.write(1, 1, 2.5)
    page.write(2, 0, dt.date(2024, 3, 1), day)
    old.save(str(tmp_path / "old.xls"))

    extracted = read(tmp_path / "old.xls")

    assert extracted.text == "Prices\n\nArticle | Price\nBread | 2.5\n2024-03-01"
    assert extracted.kind == "xls"


ODS = (
    '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body>'
    '<office:spreadsheet><table:table table:name="Prices">{}</table:table></office:spreadsheet>'
    "</office:body></office:document-content>"
)
MIME_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
)


def ods(path: Path, rows: str) -> Path:
    members: dict[str, str | bytes] = {
        "mimetype": MIME_TYPE,
        "content.xml": ODS.format(rows),
        "META-INF/manifest.xml": MANIFEST,
    }
    path.write_bytes(zipped(members))
    return path


def test_opendocument_workbooks_are_read(tmp_path: Path) -> None:
    def text(value: str) -> str:
        return (
            f'<table:table-cell office:value-type="string"><text:p>{value}</text:p>'
            "</table:table-cell>"
        )

    number = '<table:table-cell office:value-type="float" office:value="2.5"/>'
    day = '<table:table-cell office:value-type="date" office:date-value="2024-03-01"/>'
    rows = (
        f"<table:table-row>{text('Article')}{text('Price')}{text('Since')}</table:table-row>"
        f"<table:table-row>{text('Bread')}{number}{day}</table:table-row>"
        '<table:table-row table:number-rows-repeated="1048574">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )

    extracted = read(ods(tmp_path / "a.ods", rows))

    assert extracted.text == "Prices\n\nArticle | Price | Since\nBread | 2.5 | 2024-03-01"
    assert extracted.kind == "ods"


def reason(path: Path) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(path)
    return caught.value.message


def test_a_cell_in_the_last_corner_does_not_fill_the_memory(book, sheet, tmp_path: Path) -> None:
    sheet["A1"], sheet["XFD1048576"] = 1, 2

    assert "too large: 1,048,576 rows of 16,384 columns" in reason(saved(book, tmp_path))


@pytest.mark.parametrize("name", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_a_damaged_workbook_has_a_reason(tmp_path: Path, name: str) -> None:
    workbook = (
        '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
        ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>'
    )
    members: dict[str, str | bytes] = {
        "xl/workbook.xml": workbook,
        "xl/_rels/workbook.xml.rels": relations(r1="worksheet:worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": "<worksheet/>",
    }
    (tmp_path / "a.xlsx").write_bytes(package("xl/workbook.xml", members | {name: "<broken"}))

    assert "damaged" in reason(tmp_path / "a.xlsx")


def test_a_panic_of_the_library_is_a_reason(tmp_path: Path) -> None:
    old = xlwt.Workbook()
    old.add_sheet("S").write(0, 0, "x")
    old.save(str(tmp_path / "old.xls"))
    content = bytearray((tmp_path / "old.xls").read_bytes())
    # The record of the sheet (BOUNDSHEET) points beyond the end of the stream.
    place = content.index(bytes.fromhex("85000900")) + 4
    content[place : place + 4] = b"\xff\xff\xff\x7f"
    (tmp_path / "old.xls").write_bytes(content)

    assert reason(tmp_path / "old.xls") == "a damaged workbook"


def test_a_workbook_that_unpacks_to_far_more_is_refused(tmp_path: Path) -> None:
    members: dict[str, str | bytes] = {
        "xl/workbook.xml": "<workbook/>",
        "xl/sharedStrings.xml": bytes(40_000_000),
    }
    (tmp_path / "a.xlsx").write_bytes(package("xl/workbook.xml", members))

    assert "zip bomb" in reason(tmp_path / "a.xlsx")


@given(st.integers(min_value=0, max_value=16_383))
def test_columns_are_named_as_in_a_spreadsheet(index: int) -> None:
    assert column_name(index) == openpyxl.utils.get_column_letter(index + 1)
