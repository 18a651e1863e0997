"""OLE compound files ([MS-CFB]), which older Office and Outlook write: storages and streams."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal

from morgan_core.errors import UnreadableFile

OleKind = Literal["encrypted", "excel", "word", "powerpoint", "outlook", "other", "damaged"]

PROPERTIES = "__properties_version1.0"
"""The stream that makes a storage an Outlook item ([MS-OXMSG] 2.4)."""

_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Streams at the top; the first that is there tells.
_STREAMS: tuple[tuple[str, OleKind], ...] = (
    (PROPERTIES, "outlook"),
    ("EncryptedPackage", "encrypted"),
    ("WordDocument", "word"),
    ("PowerPoint Document", "powerpoint"),
    ("Workbook", "excel"),
    ("Book", "excel"),
)
_STORAGE, _STREAM = 1, 2
# Where the header says how large a sector is, and how many the tables take ([MS-CFB] 2.2).
_SECTOR_SHIFT = 30
_COUNTS = (44, 64, 72)
_LARGEST_SHIFT = 12
# What olefile raises on damaged input; a tree that is one long branch is too deep for it.
_ERRORS = (OSError, ValueError, LookupError, TypeError, ArithmeticError, RecursionError)


def ole_kind(content: bytes) -> OleKind | None:
    """What an OLE file holds; None for every other file.

    In a damaged one the names of streams tell, wherever they stand in the bytes.
    """
    if not content.startswith(_MAGIC):
        return None
    try:
        top = open_ole(content)
    except UnreadableFile:
        for name, kind in _STREAMS:
            if f"{name}\0".encode("utf-16-le") in content:
                return kind
        return "damaged"
    return next((kind for name, kind in _STREAMS if name in top), "other")


class Storage:
    """A folder of an OLE file. Names are found whatever their case ([MS-CFB] 2.6.4)."""

    def __init__(self, ole: _Ole, entry: Any) -> None:
        self._ole = ole
        self._entries: dict[str, Any] = entry.kids_dict

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._entries

    def stream(self, name: str) -> bytes | None:
        """The content of a stream, None when there is none. Raises UnreadableFile."""
        entry = self._entries.get(name.lower())
        if entry is None or entry.entry_type != _STREAM:
            return None
        return self._ole.read(entry)

    def storage(self, name: str) -> Storage | None:
        """The storage of that name, None when there is none."""
        entry = self._entries.get(name.lower())
        if entry is None or entry.entry_type != _STORAGE:
            return None
        return Storage(self._ole, entry)

    def storages(self, prefix: str) -> Iterator[Storage]:
        """The storages whose names begin with ``prefix``, in the order of their names."""
        for name in sorted(self._entries):
            if name.startswith(prefix.lower()) and (found := self.storage(name)) is not None:
                yield found


class _Ole:
    """No sector belongs to two streams, so all that are read are no longer than the file."""

    def __init__(self, content: bytes) -> None:
        if not _is_plausible(content):
            raise _damaged()
        try:
            self._ole = _parser()(io.BytesIO(content))
        except _ERRORS as error:
            raise _damaged() from error
        self.root = self._ole.root
        self._left = len(content)
        if self.root is None or self.root.size > len(content):
            raise _damaged()

    def read(self, entry: Any) -> bytes:
        size: int = entry.size
        self._left -= size
        if self._left < 0:
            raise _damaged()
        try:
            content: bytes = self._ole._open(entry.isectStart, size).read() if size else b""
        except _ERRORS as error:
            raise _damaged() from error
        if len(content) < size:
            raise _damaged()
        return content


@cache
def _parser() -> Any:
    """olefile, without the two steps whose time grows with the square of the number of streams:
    its search for an entry by its path, and for streams that begin at the same sector."""
    from olefile import OleFileIO

    class Parser(OleFileIO):  # type: ignore[misc]
        def _check_duplicate_stream(self, first_sect: int, minifat: bool = False) -> None:
            pass

    return Parser


def open_ole(content: bytes) -> Storage:
    """The top of an OLE file. Raises UnreadableFile when it is damaged."""
    ole = _Ole(content)
    return Storage(ole, ole.root)


def _is_plausible(content: bytes) -> bool:
    """Whether the tables of sectors fit into the file; olefile takes their sizes on trust."""
    if len(content) < 512:
        return False
    (shift,) = struct.unpack_from("<H", content, _SECTOR_SHIFT)
    counts = (struct.unpack_from("<I", content, at)[0] for at in _COUNTS)
    return shift <= _LARGEST_SHIFT and all(count << shift <= len(content) for count in counts)


def _damaged() -> UnreadableFile:
    return UnreadableFile("damaged: a part of the file is missing or broken")
