"""Text in pictures: what is said without the ``ocr`` extra, what is read with it."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path

import pytest

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers import ocr, read
from tests.pdfs import SCAN_HEIGHT, make_pdf, picture, scan

needs_extra = pytest.mark.skipif(
    not (importlib.util.find_spec("rapidocr") and importlib.util.find_spec("onnxruntime")),
    reason="the ocr extra is not installed",
)


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content"),
    [("scan.pdf", scan("Unread")), ("photo.png", picture("Unread"))],
    ids=["scan", "photo"],  # the content holds the time: the workers would differ
)
def test_without_ocr_the_reason_names_the_command_that_adds_it(
    tmp_path: Path, name: str, content: bytes
) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read(written(tmp_path, name, content))

    assert "needs OCR" in caught.value.message
    assert "pip install 'morgan[ocr]'" in caught.value.mend
    assert caught.value.details["pictures"] == 1


def test_a_pdf_without_pictures_has_nothing_for_ocr(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as caught:
        read(written(tmp_path, "blank.pdf", make_pdf("")))

    assert caught.value.message == ocr.NO_TEXT


def test_a_scanned_page_among_others_is_counted(tmp_path: Path) -> None:
    extracted = read(written(tmp_path, "mixed.pdf", scan("Unread", text="Printed words")))

    assert extracted.text == "Printed words"
    assert extracted.metadata["scanned_pages"] == "1"


@needs_extra
@pytest.mark.slow
def test_a_scanned_page_is_read_where_it_stands(tmp_path: Path) -> None:
    path = written(tmp_path, "mixed.pdf", scan("Rent is due", "on the third", text="Printed"))

    extracted = read(path, recognise=ocr.load())

    assert extracted.text == "Printed\n\nRent is due\non the third"
    assert extracted.page_at(extracted.text.index("Rent")) == 2
    assert "scanned_pages" not in extracted.metadata
    box = extracted.boxes[1]
    assert extracted.text[box.start : box.end] == "Rent is due"
    assert box.page == 2
    assert box.left == pytest.approx(40, abs=6)
    assert box.bottom < SCAN_HEIGHT - 45 < box.top < SCAN_HEIGHT - 25


@needs_extra
@pytest.mark.slow
@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_picture_is_read(tmp_path: Path, format: str) -> None:
    path = written(tmp_path, f"photo.{format.lower()}", picture("Größe: 42 km", format=format))

    extracted = read(path, recognise=ocr.load())

    assert (extracted.kind, extracted.text) == ("image", "Größe: 42 km")


@needs_extra
def test_a_damaged_picture_says_so(tmp_path: Path) -> None:
    path = written(tmp_path, "cut.png", picture("Whole")[:200])

    with pytest.raises(UnreadableFile, match="damaged picture"):
        read(path, recognise=lambda image, scale: ())


@needs_extra
def test_a_picture_that_unpacks_to_too_many_pixels_is_refused(tmp_path: Path) -> None:
    from PIL import Image

    out = io.BytesIO()
    Image.new("1", (10_000, 6_000)).save(out, format="PNG")

    with pytest.raises(UnreadableFile, match="million pixels"):
        read(written(tmp_path, "bomb.png", out.getvalue()), recognise=lambda image, scale: ())


def test_a_picture_without_text_says_that_ocr_found_none(tmp_path: Path) -> None:
    path = written(tmp_path, "scan.pdf", scan("Unread"))

    with pytest.raises(UnreadableFile, match="OCR found none"):
        read(path, recognise=lambda image, scale: ())
