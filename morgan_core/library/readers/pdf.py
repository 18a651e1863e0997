"""PDF: text page by page, outline, metadata.

pdfium reads it; pypdf is asked for what pdfium cannot open and for pages that it cannot load.
"""

from __future__ import annotations

import io
import logging
import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.base import (
    MAX_TEXT,
    Extracted,
    Format,
    Heading,
    Source,
    too_much_text,
)
from morgan_core.library.readers.text import tidy
from morgan_core.sanitise import sanitise
from morgan_core.types import Record

if TYPE_CHECKING:
    from pypdf import PdfReader
    from pypdfium2 import PdfDocument

NEEDS_PASSWORD = "encrypted: it needs a password"
NEEDS_OCR = "no text in it: a scan needs OCR"
DAMAGED = "a damaged PDF that cannot be opened"

_ERR_PASSWORD, _ERR_SECURITY = 4, 5  # fpdfview.h
_PAGE_BREAK = "\n\n"
# Latin ligatures and the Arabic presentation forms: shapes of letters, not letters.
_LIGATURES = re.compile("[\ufb00-\ufb06\ufb50-\ufdcf\ufdf0-\ufdfb\ufe70-\ufefc]")
_NO_TITLE = re.compile(r"(?:untitled\b.*|document\d*|\(anonymous\)|)$", re.I)
_APPLICATION = re.compile(r"Microsoft (?:Word|PowerPoint|Excel) - ")

log = logging.getLogger(__name__)


class Entry(Record, frozen=True):
    """A bookmark: ``page`` counts from 0, None where the bookmark leads nowhere."""

    title: str
    level: int
    page: int | None


def read_pdf(source: Source) -> Extracted:
    """The text of all pages, each page's start known."""
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        document = PdfDocument(source.content)
    except PdfiumError as error:
        if error.err_code == _ERR_PASSWORD:
            raise UnreadableFile(NEEDS_PASSWORD) from error
        if error.err_code == _ERR_SECURITY:
            raise UnreadableFile("encrypted in a way that Morgan cannot open") from error
        log.info("pdfium cannot open the PDF (%s), asking pypdf", error)
        return _read_with_pypdf(source)
    with document:
        return assemble(_pages(document, source), _outline(document), document.get_metadata_dict())


def assemble(
    texts: Iterator[str | None], outline: list[Entry], raw_metadata: dict[str, str]
) -> Extracted:
    """Join the pages; a page that could not be read is None."""
    text, starts, unreadable, empty = _join(texts)
    if not text:
        raise UnreadableFile(DAMAGED if unreadable == len(starts) else NEEDS_OCR)
    metadata = {
        key.lower(): clean for key, value in raw_metadata.items() if (clean := _line(value))
    }
    if unreadable:
        metadata["unreadable_pages"] = str(unreadable)
    if empty:
        metadata["pages_without_text"] = str(empty)
    return Extracted(
        text=text,
        kind="pdf",
        title=_title(metadata.get("title", "")),
        pages=starts,
        headings=locate(outline, text, starts),
        metadata=metadata,
    )


def _join(texts: Iterator[str | None]) -> tuple[str, tuple[int, ...], int, int]:
    """Return the text, the start of each page, and how many pages are unreadable and empty.

    A page without text starts where the next text does.
    """
    parts: list[str] = []
    starts: list[int] = []
    length = waiting = unreadable = empty = 0
    for raw in texts:
        page = clean_page(raw or "")
        waiting += 1
        if page:
            if parts:
                parts.append(_PAGE_BREAK)
                length += len(_PAGE_BREAK)
            starts += [length] * waiting
            waiting = 0
            parts.append(page)
            length += len(page)
        elif raw is None:
            unreadable += 1
        else:
            empty += 1
        if length > MAX_TEXT:
            raise too_much_text()
    starts += [length] * waiting
    return "".join(parts), tuple(starts), unreadable, empty


def clean_page(raw: str) -> str:
    """Sanitised text of one page, words that a line end divided joined."""
    joined = sanitise(_join_words(raw))
    text = _LIGATURES.sub(lambda match: unicodedata.normalize("NFKC", match[0]), joined)
    return tidy("\n".join(line.rstrip() for line in text.split("\n"))).strip()


def _join_words(raw: str) -> str:
    """Resolve pdfium's mark for a hyphen at a line's end (U+FFFE), which may be part of the word.

    It stays before a capital (Anglo-Saxon) and after a single letter (e-mail).
    """
    first, *rest = raw.split("\ufffe")
    parts = [first]
    for part in rest:
        before = parts[-1][-2:]
        compound = part[:1].isupper() and not before[-1:].isupper()
        single = before[-1:].isalpha() and not before[:-1].isalpha()
        parts.append("-" + part if compound or single else part)
    return "".join(parts)


def locate(outline: list[Entry], text: str, starts: tuple[int, ...]) -> tuple[Heading, ...]:
    """Turn bookmarks into headings: where the title stands on its page, else the page's start."""
    headings: list[Heading] = []
    previous = 0
    for index, entry in enumerate(outline):
        page = next((e.page for e in outline[index:] if e.page is not None), None)
        title = _line(entry.title)
        if page is None or not title or not 0 <= page < len(starts):
            continue
        start = starts[page]
        end = starts[page + 1] if page + 1 < len(starts) else len(text)
        after = previous if start <= previous < end else start
        words = r"\s*".join(re.escape(word) for word in title.split())
        found = re.compile(words, re.I).search(text, after, end)
        previous = found.start() if found else after
        headings.append(Heading(offset=previous, level=entry.level, title=title))
    return tuple(sorted(headings, key=lambda heading: heading.offset))


def _line(value: str) -> str:
    return " ".join(sanitise(value).split())


def _title(metadata_title: str) -> str:
    title = _APPLICATION.sub("", metadata_title)
    return "" if _NO_TITLE.match(title) else title


# --- pdfium --------------------------------------------------------------------------------


def _pages(document: PdfDocument, source: Source) -> Iterator[str | None]:
    fallback: PdfReader | None = None
    for number in range(len(document)):
        try:
            yield _page_text(document, number)
        except MemoryError:
            raise
        except Exception as error:
            log.warning("pdfium cannot read page %d (%s), asking pypdf", number + 1, error)
            try:
                fallback = fallback or _open_pypdf(source)
                yield fallback.pages[number].extract_text()
            except MemoryError:
                raise
            except Exception:
                log.warning("page %d cannot be read", number + 1, exc_info=True)
                yield None


def _page_text(document: PdfDocument, number: int) -> str:
    page = document[number]
    try:
        text_page = page.get_textpage()
        try:
            text: str = text_page.get_text_range()
            return text
        finally:
            text_page.close()
    finally:
        page.close()


def _outline(document: PdfDocument) -> list[Entry]:
    entries = []
    for bookmark in document.get_toc():
        destination = bookmark.get_dest()
        page = destination.get_index() if destination else None
        entries.append(Entry(title=bookmark.get_title(), level=bookmark.level + 1, page=page))
    return entries


# --- pypdf ---------------------------------------------------------------------------------


def _open_pypdf(source: Source) -> PdfReader:
    from pypdf import PasswordType, PdfReader

    reader = PdfReader(io.BytesIO(source.content), strict=False)
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        raise UnreadableFile(NEEDS_PASSWORD)
    return reader


def _read_with_pypdf(source: Source) -> Extracted:
    try:
        reader = _open_pypdf(source)
        texts = iter([page.extract_text() for page in reader.pages])
        outline = list(_pypdf_outline(reader, reader.outline, 1))
        metadata = {k.lstrip("/"): str(v) for k, v in (reader.metadata or {}).items()}
    except (UnreadableFile, MemoryError):
        raise
    except Exception as error:
        # A damaged file can raise nearly anything in pypdf.
        raise UnreadableFile(f"{DAMAGED} ({_line(str(error)) or type(error).__name__})") from error
    return assemble(texts, outline, metadata)


def _pypdf_outline(reader: PdfReader, items: list[Any], level: int) -> Iterator[Entry]:
    for item in items:
        if isinstance(item, list):
            yield from _pypdf_outline(reader, item, level + 1)
        else:
            page = reader.get_destination_page_number(item)
            yield Entry(title=str(item.title or ""), level=level, page=page)


def _claims(source: Source) -> bool:
    # The header may stand anywhere in the first kilobyte (ISO 32000-1, implementation note 13).
    if b"%PDF-" not in source.content[:1024]:
        return False
    return source.suffix == ".pdf" or source.content[:1024].lstrip().startswith(b"%PDF-")


FORMAT = Format(name="pdf", rank=10, claims=_claims, read=read_pdf)
