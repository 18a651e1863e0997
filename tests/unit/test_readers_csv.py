"""CSV and TSV: whoever wrote it and however, its rows stand under its header."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.library.chunking import chunk
from morgan_core.library.readers import Extracted, Source, formats, read
from morgan_core.library.readers.csv_tsv import find_delimiter
from morgan_core.sanitise import sanitise


def extract(content: str, name: str = "a.csv") -> Extracted:
    source = Source(name=name, content=content.encode())
    return next(f for f in formats() if f.claims(source)).read(source)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
def test_the_delimiter_is_found(delimiter: str, name: str) -> None:
    rows = (("Article", "Price", "Note"), ("Bread", "2.50", "fresh"), ("Milk", "1.20", ""))

    extracted = extract("\n".join(delimiter.join(row) for row in rows), name)

    assert extracted.text == "Article | Price | Note\nBread | 2.50 | fresh\nMilk | 1.20"
    assert extracted.kind == "csv"


def test_a_decimal_comma_is_no_delimiter() -> None:
    extracted = extract("Artikel;Preis\nBrot;2,50\nMilch;1,20\n")

    assert extracted.text == "Artikel | Preis\nBrot | 2,50\nMilch | 1,20"


def test_excel_may_name_the_delimiter() -> None:
    extracted = extract("sep=;\r\na;b,c\r\nd;e\r\n")

    assert extracted.text == "a | b,c\nd | e"
    assert extracted.place_of(0, len(extracted.text)) == "rows 2–3"


def test_a_quoted_cell_may_hold_lines_and_quotation_marks() -> None:
    extracted = extract('name,note\nAnn,"first\nsecond, ""third"""\nBob,x\n')

    assert extracted.text == 'name | note\nAnn | first second, "third"\nBob | x'


def test_a_long_table_has_its_header_in_every_piece() -> None:
    rows = "".join(f"{n},article {n},{n * 1.5}\n" for n in range(2, 400))
    extracted = extract("id,name,price\n" + rows)

    pieces = chunk(extracted, size=900)

    assert len(pieces) > 5
    for piece in pieces:
        assert piece.text.startswith("id | name | price\n")
        numbers = re.findall(r"article (\d+)", piece.text)
        first = "1" if piece is pieces[0] else numbers[0]
        assert piece.place == f"rows {first}–{numbers[-1]}"


def test_a_table_without_header_repeats_nothing() -> None:
    extracted = extract("".join(f"{n},{n * 2},{n * 3}\n" for n in range(300)))

    assert extracted.text.count("0 | 0 | 0") == 1
    assert len(extracted.cuts) > 2


def test_a_row_too_long_for_a_block_names_its_cells() -> None:
    extracted = extract(f"id,title,body\n1,One,{'long ' * 200}\n2,Two,short\n")

    assert "id: 1\ntitle: One\nbody: long long" in extracted.text
    assert extracted.text.endswith("id | title | body\n2 | Two | short")


@pytest.mark.parametrize(
    "content",
    [
        "one column\nof text\nand no table\n",
        "Dear Ann, how are you?\nI am well.\nThe weather, the food, the people: all is good.\nBob\n",
        'a,b\n1,2\n3,"never closed\n' + "4,5\n" * 300,
    ],
    ids=["one column", "prose", "open quotation"],
)
def test_what_is_no_table_is_text(content: str) -> None:
    assert extract(content).text == content.strip("\n")


def test_the_encoding_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(
        "名前,年齢,住所\n佐藤太郎,30,東京\n三木英子,25,大阪\n".encode("cp932")
    )

    assert (
        read(tmp_path / "a.csv").text
        == "名前 | 年齢 | 住所\n佐藤太郎 | 30 | 東京\n三木英子 | 25 | 大阪"
    )


CELLS = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=20).map(sanitise)


@given(
    st.sampled_from(",;\t|"),
    st.integers(min_value=2, max_value=6).flatmap(
        lambda width: st.lists(
            st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=30
        )
    ),
)
def test_no_cell_is_lost(delimiter: str, rows: list[list[str]]) -> None:
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows(rows)

    text = " ".join(extract(written.getvalue()).text.split())

    for cell in (cell for row in rows for cell in row):
        # Few cells with other delimiters in them can be taken for cells of those.
        for part in [cell] if delimiter_is_plain(rows, delimiter) else re.split(r"[,;\t|]", cell):
            quoted = part.replace('"', '""')
            assert " ".join(part.split()) in text or " ".join(quoted.split()) in text


def delimiter_is_plain(rows: list[list[str]], delimiter: str) -> bool:
    """Whether no cell holds another one that a file may be delimited by."""
    others = set(",;\t|") - {delimiter}
    return not any(others & set(cell) for row in rows for cell in row)


@given(st.text(max_size=200))
def test_any_text_has_a_delimiter_or_none(text: str) -> None:
    assert find_delimiter(text, ",;\t|") in {",", ";", "\t", "|", None}
