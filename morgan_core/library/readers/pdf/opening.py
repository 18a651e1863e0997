"""Opening a PDF with pdfium, and with pypdf where pdfium gives up."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.base import Source
from morgan_core.library.readers.pdf.by_pdfium import read_outline, read_page
from morgan_core.library.readers.pdf.lines import Page, plain_lines
from morgan_core.library.readers.pdf.outline import Entry, one_line

if TYPE_CHECKING:
    from pypdf import PdfReader
    from pypdfium2 import PdfDocument

NEEDS_PASSWORD = "encrypted: it needs a password"
DAMAGED = "a damaged PDF that cannot be opened"

_MOST_RECOGNISED = 500
"""Pages of one document that are read by OCR at most."""

_ERR_PASSWORD, _ERR_SECURITY = 4, 5  # fpdfview.h

log = logging.getLogger(__name__)


class Opened(Protocol):
    """A PDF that could be opened. ``metadata`` is not cleaned."""

    def pages(self) -> Iterator[Page]: ...

    def outline(self) -> list[Entry]: ...

    def metadata(self) -> dict[str, str]: ...


@contextmanager
def opened(source: Source) -> Iterator[Opened]:
    """The PDF, open. Raises UnreadableFile, whose message is the reason."""
    from pypdfium2 import PdfDocument, PdfiumError

    try:
        document = PdfDocument(source.content)
    except PdfiumError as error:
        if error.err_code == _ERR_PASSWORD:
            raise UnreadableFile(NEEDS_PASSWORD) from error
        if error.err_code == _ERR_SECURITY:
            raise UnreadableFile("encrypted in a way that Morgan cannot open") from error
        log.info("pdfium cannot open the PDF (%s), asking pypdf", error)
        yield _ByPypdf(source)
        return
    with document:
        document.init_forms()
        yield _ByPdfium(document, source)


class _ByPdfium:
    def __init__(self, document: PdfDocument, source: Source) -> None:
        self._document = document
        self._source = source

    def pages(self) -> Iterator[Page]:
        fallback: PdfReader | None = None
        recognised = 0
        for number in range(len(self._document)):
            recognise = self._source.recognise if recognised < _MOST_RECOGNISED else None
            try:
                page = read_page(self._document, number, recognise)
                recognised += page.recognised
                yield page
            except MemoryError:
                raise
            except Exception as error:
                log.warning("pdfium cannot read page %d (%s), asking pypdf", number + 1, error)
                try:
                    fallback = fallback or _open_pypdf(self._source)
                    yield Page(lines=plain_lines(fallback.pages[number].extract_text()))
                except MemoryError:
                    raise
                except Exception:
                    log.warning("page %d cannot be read", number + 1, exc_info=True)
                    yield Page(readable=False)

    def outline(self) -> list[Entry]:
        return read_outline(self._document)

    def metadata(self) -> dict[str, str]:
        metadata: dict[str, str] = self._document.get_metadata_dict()
        return metadata


class _ByPypdf:
    """Reads everything at once, because a damaged file can raise nearly anything in pypdf."""

    def __init__(self, source: Source) -> None:
        try:
            reader = _open_pypdf(source)
            self._pages = [Page(lines=plain_lines(page.extract_text())) for page in reader.pages]
            self._outline = list(_pypdf_outline(reader, reader.outline, 1))
            self._metadata = {k.lstrip("/"): str(v) for k, v in (reader.metadata or {}).items()}
        except (UnreadableFile, MemoryError):
            raise
        except Exception as error:
            why = one_line(str(error)) or type(error).__name__
            raise UnreadableFile(f"{DAMAGED} ({why})") from error

    def pages(self) -> Iterator[Page]:
        return iter(self._pages)

    def outline(self) -> list[Entry]:
        return self._outline

    def metadata(self) -> dict[str, str]:
        return self._metadata


def _open_pypdf(source: Source) -> PdfReader:
    from pypdf import PasswordType, PdfReader

    reader = PdfReader(io.BytesIO(source.content), strict=False)
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        raise UnreadableFile(NEEDS_PASSWORD)
    return reader


def _pypdf_outline(reader: PdfReader, items: list[Any], level: int) -> Iterator[Entry]:
    for item in items:
        if isinstance(item, list):
            yield from _pypdf_outline(reader, item, level + 1)
        else:
            page = reader.get_destination_page_number(item)
            yield Entry(title=str(item.title or ""), level=level, page=page)
