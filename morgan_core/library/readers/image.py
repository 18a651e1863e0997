"""Pictures: the text in them, read by OCR."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.ocr import NOTHING_FOUND, Recognise, needs_ocr
from morgan_core.library.readers.pdf.joining import TextBuilder
from morgan_core.library.readers.pdf.layout import in_reading_order
from morgan_core.library.readers.pdf.lines import Page

MAX_PIXELS = 50_000_000
"""Most pixels of a picture that is unpacked: a page of A3 at 400 dots per inch has 31 million."""

_MOST_PAGES = 500
_MAGIC = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")


def read_image(source: Source) -> Extracted:
    """The text of every page of the picture; one pixel counts as one point."""
    if source.recognise is None:
        raise needs_ocr(1)
    builder = TextBuilder()
    for page in _pages(source.content, source.recognise):
        builder.add_page(in_reading_order(page))
    builder.finish()
    if not builder.text:
        raise UnreadableFile(NOTHING_FOUND)
    return Extracted(
        text=builder.text,
        kind="image",
        pages=tuple(builder.starts) if len(builder.starts) > 1 else (),
        boxes=tuple(builder.boxes),
    )


def _pages(content: bytes, recognise: Recognise) -> Iterator[Page]:
    import numpy as np
    from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as picture:
            # A moving picture shows one thing; a scanner's file has pages.
            frames: Any = (
                ImageSequence.Iterator(picture) if picture.format == "TIFF" else (picture,)
            )
            for number, frame in enumerate(frames):
                if number == _MOST_PAGES:
                    raise UnreadableFile(f"a picture of more than {_MOST_PAGES} pages")
                width, height = frame.size
                if width * height > MAX_PIXELS:
                    raise UnreadableFile(
                        f"a picture of more than {MAX_PIXELS // 1_000_000} million pixels"
                    )
                upright = ImageOps.exif_transpose(frame)
                pixels = np.ascontiguousarray(np.asarray(upright.convert("RGB"))[:, :, ::-1])
                height, width = pixels.shape[:2]
                yield Page(lines=recognise(pixels, 1.0), width=width, height=height)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise UnreadableFile("a damaged picture that cannot be opened") from error


def _claims(source: Source) -> bool:
    content = source.content
    webp = content.startswith(b"RIFF") and content[8:12] == b"WEBP"
    return webp or content.startswith(_MAGIC)


FORMAT = Format(name="image", rank=15, claims=_claims, read=read_image)
