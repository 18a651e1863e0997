"""PDFs: pages, outline, metadata, and the true reason where there is no text to be had."""

from __future__ import annotations

import io
import time
import zlib
from pathlib import Path

import pytest
from fpdf import FPDF
from pypdf import PdfReader, PdfWriter

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers import read
from morgan_core.library.readers.ocr import NEEDS_OCR
from morgan_core.library.readers.pdf.joining import clean_page
from morgan_core.library.readers.pdf.opening import DAMAGED, NEEDS_PASSWORD
from tests.pdfs import make_pdf, raw_pdf, scan


def encrypted(content: bytes, password: str) -> bytes:
    writer = PdfWriter(PdfReader(io.BytesIO(content)))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.fixture
def pdf_path(tmp_path: Path) -> Path:
    return tmp_path / "document.pdf"


def reason(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as caught:
        read(path)
    return caught.value.message


def test_each_page_is_known_by_where_it_starts(pdf_path: Path) -> None:
    pdf_path.write_bytes(make_pdf("The lease begins in May.", "", "It ends in June."))

    extracted = read(pdf_path)

    assert extracted.kind == "pdf"
    assert extracted.text == "The lease begins in May.\n\nIt ends in June."
    assert [extracted.text[start:][:6] for start in extracted.pages] == [
        "The le",
        "It end",
        "It end",
    ]
    assert extracted.page_at(0) == 1
    assert extracted.page_at(extracted.text.index("It ends")) == 3
    assert extracted.metadata["pages_without_text"] == "1"


def test_the_outline_gives_headings_where_they_stand(pdf_path: Path) -> None:
    pdf_path.write_bytes(
        make_pdf("Intro\nWhy we are here.", "Terms\nWhat holds.", title="The Lease", sections=True)
    )

    extracted = read(pdf_path)

    assert extracted.title == "The Lease"
    assert [(h.level, h.title) for h in extracted.headings] == [(1, "Intro"), (1, "Terms")]
    assert extracted.heading_at(extracted.text.index("What holds")) == "Terms"


def test_a_bookmark_whose_words_are_not_on_its_page_points_to_the_page(pdf_path: Path) -> None:
    pdf = FPDF()
    pdf.set_font("Helvetica", size=12)
    pdf.add_page()
    pdf.start_section("Chapter one", level=0)
    pdf.start_section("Section within", level=1)
    pdf.multi_cell(0, 8, "Words that repeat no title.")
    pdf_path.write_bytes(bytes(pdf.output()))

    extracted = read(pdf_path)

    assert [(h.offset, h.level) for h in extracted.headings] == [(0, 1), (0, 2)]
    assert extracted.heading_at(5) == "Chapter one › Section within"


def test_the_page_is_read_in_columns(pdf_path: Path) -> None:
    pdf = FPDF()
    pdf.set_font("Helvetica", size=10)
    pdf.add_page()
    with pdf.text_columns(ncols=2, gutter=10) as columns:
        columns.write("left " * 40)
        columns.new_column()
        columns.write("right " * 40)
    pdf_path.write_bytes(bytes(pdf.output()))

    words = read(pdf_path).text.split()

    assert words == ["left"] * 40 + ["right"] * 40


def test_a_pdf_locked_with_a_password_says_so(pdf_path: Path) -> None:
    assert reason(pdf_path, encrypted(make_pdf("Secret."), "word")) == NEEDS_PASSWORD


def test_a_pdf_encrypted_without_a_password_to_open_is_read(pdf_path: Path) -> None:
    pdf_path.write_bytes(encrypted(make_pdf("Readable by all."), ""))

    assert read(pdf_path).text == "Readable by all."


def test_a_scan_needs_ocr(pdf_path: Path) -> None:
    assert reason(pdf_path, scan("Unread")) == NEEDS_OCR


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.4\n",
        b"%PDF-1.7\nnothing of a PDF follows\n%%EOF",
        make_pdf("Cut off in the middle.")[:200],
    ],
)
def test_a_damaged_pdf_says_so(pdf_path: Path, content: bytes) -> None:
    assert reason(pdf_path, content).startswith(DAMAGED)


def test_a_pdf_without_its_table_is_repaired(pdf_path: Path) -> None:
    pdf_path.write_bytes(make_pdf("Still here.").replace(b"xref", b"xxxx"))

    assert read(pdf_path).text == "Still here."


def test_a_pdf_with_something_before_it_is_read(pdf_path: Path) -> None:
    pdf_path.write_bytes(b"HTTP/1.1 200 OK\r\n\r\n" + make_pdf("Saved by a proxy."))

    assert read(pdf_path).text == "Saved by a proxy."


def test_what_steers_a_terminal_is_taken_from_text_title_and_outline(pdf_path: Path) -> None:
    content = b"BT /F1 12 Tf 10 700 Td (Safe \033]0;owned\007 text) Tj ET"
    writer = PdfWriter(PdfReader(io.BytesIO(raw_pdf(content))))
    writer.add_metadata({"/Title": "A\u202e tit\x07le"})
    writer.add_outline_item(title="Head\x9b31ming", page_number=0)
    writer.write(pdf_path)

    extracted = read(pdf_path)

    assert "\x1b" not in extracted.text + extracted.title + extracted.headings[0].title
    assert extracted.title == "A title"
    assert extracted.headings[0].title == "Heading"


def test_a_page_is_cleaned_of_ligatures_and_line_end_hyphens() -> None:
    assert clean_page("The o\ufb03ce of con\ufffesent  \r\nand \ufb01ne\x00 print") == (
        "The office of consent\nand fine print"
    )


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("the con\ufffesent", "the consent"),
        ("INTRO\ufffeDUCTION", "INTRODUCTION"),
        ("Anglo\ufffeSaxon", "Anglo-Saxon"),
        ("an e\ufffemail", "an e-mail"),
    ],
)
def test_a_hyphen_at_a_line_end_stays_where_it_is_part_of_the_word(
    page: str, expected: str
) -> None:
    assert clean_page(page) == expected


def test_a_pdf_that_claims_another_name_is_still_a_pdf(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_bytes(make_pdf("Found by its content."))

    assert read(path).kind == "pdf"


def test_a_compressed_page_is_read(pdf_path: Path) -> None:
    content = zlib.compress(b"BT /F1 12 Tf 10 700 Td (Compressed words) Tj ET")
    pdf_path.write_bytes(raw_pdf(content, filters=b"/Filter/FlateDecode"))

    assert read(pdf_path).text == "Compressed words"


def test_a_page_of_blanks_takes_no_time() -> None:
    started = time.process_time()

    assert clean_page(" " * 400_000 + "x") == "x"

    assert time.process_time() - started < 1
