"""PDF: text page by page with the place of every line, outline, metadata.

pdfium reads it; pypdf is asked for what pdfium cannot open and for pages that it cannot load.
"""

from __future__ import annotations

import re

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.ocr import NOTHING_FOUND, needs_ocr
from morgan_core.library.readers.pdf.joining import TextBuilder
from morgan_core.library.readers.pdf.layout import in_reading_order
from morgan_core.library.readers.pdf.lines import Page
from morgan_core.library.readers.pdf.opening import DAMAGED, Opened, opened
from morgan_core.library.readers.pdf.outline import guess, locate, one_line
from morgan_core.library.readers.pdf.running import without_running_lines

_NO_TITLE = re.compile(r"(?:untitled\b.*|document\d*|\(anonymous\)|)$", re.I)
_APPLICATION = re.compile(r"Microsoft (?:Word|PowerPoint|Excel) - ")


def read_pdf(source: Source) -> Extracted:
    """The text of all pages, each page's start and each line's box known."""
    with opened(source) as document:
        return _assemble(list(document.pages()), document)


def _assemble(pages: list[Page], document: Opened) -> Extracted:
    metadata = {
        key.lower(): clean
        for key, value in document.metadata().items()
        if (clean := one_line(value))
    }
    builder = TextBuilder()
    outline = document.outline()
    titles = {one_line(entry.title).casefold() for entry in outline}
    kept = [in_reading_order(page) for page in without_running_lines(pages, titles)]
    empty = unreadable = 0
    for page, lines in zip(pages, kept, strict=True):
        if not builder.add_page((*lines, *page.notes)):
            unreadable += not page.readable
            empty += page.readable
    builder.finish()
    text, starts = builder.text, tuple(builder.starts)
    scanned = sum(page.scanned and not page.recognised for page in pages)
    if not text:
        if unreadable == len(starts):
            raise UnreadableFile(DAMAGED)
        if any(page.recognised for page in pages):
            raise UnreadableFile(NOTHING_FOUND)
        raise needs_ocr(scanned)
    if scanned:
        metadata["scanned_pages"] = str(scanned)
    if unreadable:
        metadata["unreadable_pages"] = str(unreadable)
    if empty:
        metadata["pages_without_text"] = str(empty)
    return Extracted(
        text=text,
        kind="pdf",
        title=_title(metadata.get("title", "")),
        pages=starts,
        headings=locate(outline, text, starts) or guess(kept, builder.offsets),
        boxes=tuple(builder.boxes),
        metadata=metadata,
    )


def _title(metadata_title: str) -> str:
    title = _APPLICATION.sub("", metadata_title)
    return "" if _NO_TITLE.match(title) else title


def _claims(source: Source) -> bool:
    # The header may stand anywhere in the first kilobyte (ISO 32000-1, implementation note 13).
    if b"%PDF-" not in source.content[:1024]:
        return False
    return source.suffix == ".pdf" or source.content[:1024].lstrip().startswith(b"%PDF-")


FORMAT = Format(name="pdf", rank=10, claims=_claims, read=read_pdf)
