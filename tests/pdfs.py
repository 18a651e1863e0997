"""Small PDFs that tests make for themselves."""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from typing import NamedTuple

from fpdf import FPDF
from pypdf import PdfReader, PdfWriter

MIB = 1024 * 1024


def make_pdf(*pages: str, title: str = "", sections: bool = False) -> bytes:
    """A PDF with one page per text; with ``sections`` its first line becomes a bookmark."""
    pdf = FPDF()
    pdf.set_font("Helvetica", size=12)
    if title:
        pdf.set_title(title)
    for text in pages:
        pdf.add_page()
        if sections and text:
            pdf.start_section(text.partition("\n")[0])
        pdf.multi_cell(0, 8, text)
    return bytes(pdf.output())


def raw_pdf(content: bytes, *, filters: bytes = b"") -> bytes:
    """A PDF of one page with ``content`` as its content stream, as it is."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), filters, content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    out = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + (
        b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (table, len(out))
    )


def inflated_pdf(unit: bytes, megabytes: int) -> bytes:
    """A small PDF whose page content unpacks to ``megabytes`` of ``unit``."""
    packer = zlib.compressobj(1)
    block = unit * (MIB // len(unit))
    stream = b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()
    return raw_pdf(stream, filters=b"/Filter/FlateDecode")


class Printed(NamedTuple):
    """A text of one line; its base line begins ``x`` and ``y`` points from the lower left."""

    x: float
    y: float
    text: str
    size: float = 10


def printed_pdf(*pages: Sequence[Printed], rotation: int = 0) -> bytes:
    """A PDF of A4 pages whose content streams print the texts in the order given; shown turned
    clockwise by ``rotation`` degrees."""
    pdf = FPDF(unit="pt", format="A4")
    pdf.set_auto_page_break(False)
    for page in pages:
        pdf.add_page()
        for printed in page:
            pdf.set_font("Helvetica", size=printed.size)
            pdf.text(printed.x, pdf.h - printed.y, printed.text)
    content = bytes(pdf.output())
    if not rotation:
        return content
    writer = PdfWriter(PdfReader(io.BytesIO(content)))
    for turned in writer.pages:
        turned.rotate(rotation)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


SCAN_WIDTH, SCAN_HEIGHT = 360.0, 200.0


def _page_of(pdf: FPDF, *lines: str) -> None:
    pdf.add_page()
    pdf.set_font("Helvetica", size=16)
    for number, line in enumerate(lines):
        pdf.text(40, 50 + 40 * number, line)


def _drawn(*lines: str) -> FPDF:
    pdf = FPDF(unit="pt", format=(SCAN_WIDTH, SCAN_HEIGHT))
    _page_of(pdf, *lines)
    return pdf


def picture(*lines: str, format: str = "PNG", scale: float = 2) -> bytes:
    """A picture of the lines; one point is ``scale`` pixels."""
    import pypdfium2

    document = pypdfium2.PdfDocument(bytes(_drawn(*lines).output()))
    out = io.BytesIO()
    document[0].render(scale=scale).to_pil().convert("RGB").save(out, format=format)
    return out.getvalue()


def scan(*lines: str, text: str = "") -> bytes:
    """A PDF whose last page shows a picture of the lines; ``text`` is printed on a page before."""
    pdf = FPDF(unit="pt", format=(SCAN_WIDTH, SCAN_HEIGHT))
    if text:
        _page_of(pdf, text)
    pdf.add_page()
    pdf.image(io.BytesIO(picture(*lines)), 0, 0, SCAN_WIDTH, SCAN_HEIGHT)
    return bytes(pdf.output())
