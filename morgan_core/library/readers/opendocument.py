"""OpenDocument files (ISO/IEC 26300): what kind they are, and their metadata."""

from __future__ import annotations

from typing import Literal

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.archive import Archive, is_zip
from morgan_core.library.readers.building import line_of
from morgan_core.library.readers.xml_tree import child, name_of, parse_xml

OpenDocumentKind = Literal["text", "spreadsheet", "presentation"]

_MIME_TYPE = "application/vnd.oasis.opendocument."
_KINDS: tuple[OpenDocumentKind, ...] = ("text", "spreadsheet", "presentation")
_PROPERTIES = {
    "title": "title",
    "creator": "author",
    "subject": "subject",
    "creation-date": "created",
    "date": "modified",
}


def opendocument_kind(content: bytes) -> OpenDocumentKind | None:
    """What kind of OpenDocument file it is; None for every other file."""
    # The mimetype stands first and uncompressed (OpenDocument 1.3, part 2, 3.3).
    if not is_zip(content) or b"mimetype" not in content[:64]:
        return None
    try:
        archive = Archive(content)
        kind = archive.read("mimetype").decode("ascii", "replace").strip()
    except UnreadableFile:
        return None
    kind = kind.removeprefix(_MIME_TYPE).removesuffix("-template")
    return next((one for one in _KINDS if one == kind), None)


def properties(archive: Archive) -> dict[str, str]:
    """Title, author and the like (meta.xml), those that are filled in."""
    if "meta.xml" not in archive:
        return {}
    found = {}
    meta = child(parse_xml(archive.read("meta.xml"), "meta.xml"), "meta")
    for element in meta if meta is not None else ():
        key = _PROPERTIES.get(name_of(element))
        if key and (value := line_of(element.text or "")):
            found[key] = value
    return found
