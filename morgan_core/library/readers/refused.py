"""Files that are known for what they are and have no reader: each with its true reason."""

from __future__ import annotations

import io
import re
import zipfile

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.ole import OleKind, ole_kind
from morgan_core.library.readers.ooxml import Package

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", "archives (7z) are not read: unpack it first"),
    (b"Rar!\x1a\x07", "archives (rar) are not read: unpack it first"),
    (b"\x7fELF", "it is a program, not a document"),
    (b"MZ", "it is a program, not a document"),
    (b"SQLite format 3\0", "it is a database, not a document"),
    (b"GGUF", "it is a model, not a document"),
    (b"ID3", "sound is not supported yet"),
    (b"OggS", "sound is not supported yet"),
    (b"fLaC", "sound is not supported yet"),
    (b"%!PS", "PostScript documents are not supported yet: make a PDF of it"),
    (b"\xc5\xd0\xd3\xc6", "PostScript documents are not supported yet: make a PDF of it"),
)
_OLE: dict[OleKind, str] = {
    "encrypted": "encrypted: it needs a password",
    "word": "old Word documents (.doc) are not read: save it as .docx",
    "powerpoint": "old PowerPoint presentations (.ppt) are not read: save it as .pptx",
    "excel": "a damaged workbook",
    "damaged": "damaged: an Office or Outlook file of which a part is missing or broken",
    "other": "an old Office file of a kind that Morgan does not read",
}
_MIME_TYPES: tuple[tuple[str, str], ...] = (
    ("application/vnd.oasis.opendocument", "OpenDocument files of this kind are not read"),
)
_BROKEN = "a damaged zip archive (Office documents and EPUB books are such archives)"


def _reason(source: Source) -> str | None:
    content = source.content
    if content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _reason_of_zip(content)
    if (kind := ole_kind(content)) in _OLE:
        return _OLE[kind]
    if content.startswith(b"RIFF"):
        sound = content[8:12] == b"WAVE"
        return f"{'sound' if sound else 'video'} is not supported yet"
    if content[4:8] == b"ftyp":
        return "video and sound are not supported yet"
    for magic, reason in _MAGIC:
        # A two-letter signature can begin a text.
        if content.startswith(magic) and (len(magic) > 3 or _has_binary(content)):
            return reason
    return None


def _reason_of_zip(content: bytes) -> str | None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if names and names[0] == "mimetype" and archive.getinfo("mimetype").file_size < 200:
                kind = archive.read("mimetype").decode("ascii", "replace").strip()
                for prefix, reason in _MIME_TYPES:
                    if kind.startswith(prefix):
                        return reason
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError):
        return _BROKEN
    if "[Content_Types].xml" in names:
        return _reason_of_office(content)
    return None


def _reason_of_office(content: bytes) -> str:
    """Why an Office file is none of those that are read."""
    try:
        Package(content)
    except UnreadableFile as error:
        return error.message
    return "an Office file of a kind that Morgan does not read"


def _has_binary(content: bytes) -> bool:
    return re.search(rb"[\x00-\x08\x0e-\x1a\x80-\xff]", content[:1024]) is not None


def _refuse(source: Source) -> Extracted:
    raise UnreadableFile(_reason(source) or "not a document Morgan can read")


FORMAT = Format(
    name="refused", rank=20, claims=lambda source: _reason(source) is not None, read=_refuse
)
