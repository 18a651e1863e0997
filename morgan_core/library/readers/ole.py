"""Old Office files (OLE compound files): what is in them."""

from __future__ import annotations

from typing import Literal

OleKind = Literal["encrypted", "excel", "word", "powerpoint", "outlook", "other"]

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Names of streams as the directory writes them ([MS-CFB] 2.6.1), with the two bytes of the final
# zero. The first that is there tells; a document may hold workbooks, hardly the other way round.
_STREAMS: tuple[tuple[str, OleKind], ...] = (
    ("__properties_version1.0", "outlook"),
    ("EncryptedPackage", "encrypted"),
    ("WordDocument", "word"),
    ("PowerPoint Document", "powerpoint"),
    ("Workbook", "excel"),
    ("Book", "excel"),
)


def ole_kind(content: bytes) -> OleKind | None:
    """What an OLE file holds; None for every other file."""
    if not content.startswith(_MAGIC):
        return None
    for name, kind in _STREAMS:
        if f"{name}\0".encode("utf-16-le") in content:
            return kind
    return "other"
