"""What people put into a PDF: values of fields and comments."""

from __future__ import annotations

import io
from typing import Any

from fpdf import FPDF
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText, Text
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from morgan_core.library.readers.base import Extracted, Source
from morgan_core.library.readers.pdf import read_pdf
from tests.pdfs import make_pdf


def extract(writer: PdfWriter) -> Extracted:
    out = io.BytesIO()
    writer.write(out)
    return read_pdf(Source(name="a.pdf", content=out.getvalue()))


def form(*fields: dict[str, Any]) -> PdfWriter:
    """A PDF of one page with the fields, each 20 points below the one before."""
    writer = PdfWriter(PdfReader(io.BytesIO(make_pdf("Please fill in."))))
    references = ArrayObject()
    for number, field in enumerate(fields):
        bottom = 400 - 20 * number
        widget = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Annot"),
                NameObject("/Subtype"): NameObject("/Widget"),
                NameObject("/Rect"): ArrayObject(
                    FloatObject(value) for value in (100, bottom, 300, bottom + 16)
                ),
                **{NameObject(key): value for key, value in field.items()},
            }
        )
        references.append(writer._add_object(widget))
    writer.pages[0][NameObject("/Annots")] = references
    writer.root_object[NameObject("/AcroForm")] = DictionaryObject(
        {NameObject("/Fields"): references}
    )
    return writer


def text_field(name: str, value: str, **more: Any) -> dict[str, Any]:
    return {
        "/FT": NameObject("/Tx"),
        "/T": TextStringObject(name),
        "/V": TextStringObject(value),
        **{f"/{key}": field for key, field in more.items()},
    }


def test_filled_fields_are_read_with_their_names_and_places() -> None:
    extracted = extract(
        form(
            text_field("surname", "Okafor"),
            text_field("f2", "Lagos", TU=TextStringObject("Place of birth")),
            text_field("left_empty", ""),
        )
    )

    assert extracted.text == "Please fill in.\nsurname: Okafor\nPlace of birth: Lagos"
    box = extracted.boxes[1]
    assert extracted.text[box.start : box.end] == "surname: Okafor"
    assert (box.page, box.left, box.bottom, box.right, box.top) == (1, 100, 400, 300, 416)


def test_a_box_that_is_ticked_is_read_and_one_that_is_not_is_left_out() -> None:
    def box(name: str, state: str) -> dict[str, Any]:
        return {
            "/FT": NameObject("/Btn"),
            "/T": TextStringObject(name),
            "/V": NameObject(state),
            "/AS": NameObject(state),
            "/AP": DictionaryObject(
                {
                    NameObject("/N"): DictionaryObject(
                        {
                            NameObject("/Yes"): DictionaryObject(),
                            NameObject("/Off"): DictionaryObject(),
                        }
                    )
                }
            ),
        }

    extracted = extract(form(box("smoker", "/Yes"), box("driver", "/Off")))

    assert extracted.text == "Please fill in.\nsmoker: Yes"


def test_a_password_that_was_typed_in_is_not_read() -> None:
    extracted = extract(form(text_field("secret", "hunter2", Ff=NumberObject(1 << 13))))

    assert "hunter2" not in extracted.text


def test_comments_are_read() -> None:
    writer = PdfWriter(PdfReader(io.BytesIO(make_pdf("The draft."))))
    writer.add_annotation(0, Text(text="Please check the sum.", rect=(10, 10, 30, 30)))
    writer.add_annotation(0, FreeText(text="Written\x07 on it", rect=(50, 10, 90, 30)))

    extracted = extract(writer)

    assert extracted.text == "The draft.\nPlease check the sum.\nWritten on it"


def test_a_link_is_no_comment() -> None:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", size=12)
    pdf.cell(text="See there", link="https://example.org")

    assert read_pdf(Source(name="a.pdf", content=bytes(pdf.output()))).text == "See there"
