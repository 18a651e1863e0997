"""Where the text of a PDF is printed: the box of every line, exact to the offset."""

from __future__ import annotations

from fpdf import FPDF
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from morgan_core.library.readers.base import Box, Extracted, Source
from morgan_core.library.readers.pdf import read_pdf
from tests.pdfs import Printed, make_pdf, printed_pdf, raw_pdf

A4_WIDTH, A4_HEIGHT = 595.28, 841.89


def extract(content: bytes) -> Extracted:
    return read_pdf(Source(name="a.pdf", content=content))


def boxes_of(extracted: Extracted, words: str) -> list[Box]:
    start = extracted.text.index(words)
    return [b for b in extracted.boxes if b.start < start + len(words) and start < b.end]


def holds(box: Box, x: float, y: float) -> bool:
    return box.left - 1 <= x <= box.right + 1 and box.bottom - 1 <= y <= box.top + 1


words = st.text("abcdefghijklmnopqrstuvwxyzäß.,-", min_size=1, max_size=12).map("w".__add__)


@settings(max_examples=40)
@given(
    pages=st.lists(
        st.lists(st.lists(words, min_size=1, max_size=6), min_size=1, max_size=8),
        min_size=1,
        max_size=2,
    )
)
def test_every_line_has_a_box_where_it_was_printed(pages: list[list[list[str]]]) -> None:
    printed = [
        [
            Printed(50 + 7 * n, 780 - 40 * n, f"{' '.join(line)} {p}x{n}")
            for n, line in enumerate(lines)
        ]
        for p, lines in enumerate(pages)
    ]

    extracted = extract(printed_pdf(*printed))

    assert "".join(extracted.text[b.start : b.end] for b in extracted.boxes) == (
        extracted.text.replace("\n", "")
    )
    for number, page in enumerate(printed, start=1):
        for line in page:
            [box] = boxes_of(extracted, line.text.rsplit(" ", 1)[1])
            assert extracted.text[box.start : box.end].split() == line.text.split()
            assert box.page == number
            assert holds(box, line.x, line.y)


def test_a_word_divided_at_a_line_end_stands_in_both_lines() -> None:
    pdf = FPDF(unit="pt")
    pdf.add_page()
    pdf.set_font("Helvetica", size=12)
    pdf.text(50, 100, "This contract needs the con-")
    pdf.text(50, 114, "sent of both.")

    extracted = extract(bytes(pdf.output()))

    assert extracted.text == "This contract needs the consent of both."
    first, second = boxes_of(extracted, "consent")
    assert first.bottom > second.top
    assert [extracted.text[b.start : b.end] for b in (first, second)] == [
        "This contract needs the con",
        "sent of both.",
    ]


def test_characters_beyond_the_basic_plane_do_not_shift_the_boxes() -> None:
    content = b"BT /F1 12 Tf 10 700 Td (\x80\x80 one) Tj 0 -50 Td (two) Tj 0 -50 Td (three) Tj ET"
    extracted = extract(with_unicode(raw_pdf(content), {0x80: "\U0001d465"}))

    assert extracted.text == "\U0001d465\U0001d465 one\ntwo\nthree"
    assert [extracted.text[b.start : b.end] for b in extracted.boxes] == extracted.text.split("\n")
    assert [holds(b, 11, y) for b, y in zip(extracted.boxes, (702, 652, 602), strict=True)] == [
        True,
        True,
        True,
    ]


def test_what_is_taken_out_of_the_text_does_not_shift_the_boxes() -> None:
    content = b"BT /F1 12 Tf 10 700 Td (Safe \033]0;owned\007 text) Tj 0 -50 Td (two) Tj ET"

    extracted = extract(raw_pdf(content))

    assert [extracted.text[b.start : b.end] for b in extracted.boxes] == ["Safe  text", "two"]


def test_a_turned_page_has_its_boxes_where_it_is_shown() -> None:
    for rotation in (0, 90, 180, 270):
        [box] = extract(printed_pdf([Printed(100, 700, "Turned around")], rotation=rotation)).boxes

        expected = {
            0: (100, 700),
            90: (700, A4_WIDTH - 100),
            180: (A4_WIDTH - 100, A4_HEIGHT - 700),
            270: (A4_HEIGHT - 700, 100),
        }[rotation]
        assert holds(box, *expected), rotation


def test_a_cropped_page_has_its_boxes_counted_from_its_corner() -> None:
    import io

    writer = PdfWriter(PdfReader(io.BytesIO(printed_pdf([Printed(100, 700, "Cropped")]))))
    writer.pages[0].cropbox.lower_left = (40, 60)
    out = io.BytesIO()
    writer.write(out)

    [box] = extract(out.getvalue()).boxes

    assert holds(box, 60, 640)


def test_pages_are_counted_from_one() -> None:
    extracted = extract(make_pdf("First page.", "", "Third page."))

    assert [box.page for box in extracted.boxes] == [1, 3]


def with_unicode(content: bytes, meanings: dict[int, str]) -> bytes:
    """The PDF with a map to Unicode for its font /F1."""
    import io

    from pypdf.generic import DecodedStreamObject, NameObject

    writer = PdfWriter(PdfReader(io.BytesIO(content)))
    rows = "\n".join(
        f"<{code:02x}> <{meaning.encode('utf-16-be').hex()}>" for code, meaning in meanings.items()
    )
    stream = DecodedStreamObject()
    stream.set_data(
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def\n"
        "1 begincodespacerange <00> <ff> endcodespacerange\n"
        f"{len(meanings)} beginbfchar\n{rows}\nendbfchar\n"
        "endcmap end end".encode()
    )
    font = writer.pages[0]["/Resources"]["/Font"]["/F1"].get_object()
    font[NameObject("/ToUnicode")] = writer._add_object(stream)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
