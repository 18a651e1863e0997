"""Zip files whose members are documents' parts (EPUB, Office), read without trusting them."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator

from morgan_core.errors import UnreadableFile
from morgan_core.sanitise import sanitise_name

MAX_MEMBERS = 20_000
"""Most members of one archive."""

MAX_UNPACKED = 256 * 1024 * 1024
"""Most bytes unpacked from one archive, all members together."""

MAX_RATIO = 250
"""Largest factor by which a member may unpack. Sheets of repeated cells reach about 100, a bomb
of one repeated byte 1,030 (the limit of Deflate)."""

_RATIO_FROM = 16 * 1024 * 1024
_BLOCK = 256 * 1024
_ENTRY = b"PK\x01\x02"
_ENCRYPTED = 0x1

# What zipfile and its decompressors raise on damaged input.
_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
    LookupError,
)

DAMAGED = "a damaged zip archive (Office documents and EPUB books are such archives)"
BOMB = (
    f"it unpacks to more than {MAX_UNPACKED // 2**20} MiB, or to {MAX_RATIO} times its size: too much"
    " for one document, a zip bomb, or damaged"
)


def is_zip(content: bytes) -> bool:
    """Whether ``content`` begins like a zip file."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06"))


class Bomb(UnreadableFile):
    """What is packed is more than may be unpacked."""


class Archive:
    """The members of a zip file in memory, within ``MAX_MEMBERS``, ``MAX_UNPACKED`` and
    ``MAX_RATIO``, which count what is really unpacked and not what the file says.

    Everything raises UnreadableFile with the reason: a damaged file, a bomb, an encrypted or
    missing member. Nothing is written to disk, and zip files in a zip file stay closed.
    """

    def __init__(self, content: bytes) -> None:
        # Counted before zipfile makes an object of each.
        if content.count(_ENTRY) > 2 * MAX_MEMBERS:
            raise too_many()
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except _ERRORS as error:
            raise UnreadableFile(DAMAGED) from error
        self._members = {member.filename: member for member in self._zip.infolist()}
        if len(self._zip.filelist) > MAX_MEMBERS:
            raise too_many()
        self._left = MAX_UNPACKED

    def __iter__(self) -> Iterator[zipfile.ZipInfo]:
        return iter(self._members.values())

    @property
    def names(self) -> tuple[str, ...]:
        """The members' names, in the order of the file's directory."""
        return tuple(self._members)

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def read(self, name: str) -> bytes:
        """The unpacked content of the member ``name``."""
        member = self._members.get(name)
        if member is None:
            raise UnreadableFile(f"damaged: {_shown(name)} is missing in it")
        if member.flag_bits & _ENCRYPTED:
            raise UnreadableFile("encrypted: it needs a password")
        try:
            return self._unpack(member)
        except NotImplementedError as error:
            raise UnreadableFile("packed by a method that Morgan does not know") from error
        except _ERRORS as error:
            raise UnreadableFile(f"damaged: {_shown(name)} in it cannot be unpacked") from error

    def _unpack(self, member: zipfile.ZipInfo) -> bytes:
        content = bytearray()
        most = max(_RATIO_FROM, MAX_RATIO * member.compress_size)
        with self._zip.open(member) as unpacking:
            while block := unpacking.read(_BLOCK):
                content += block
                self._left -= len(block)
                if self._left < 0 or len(content) > most:
                    raise Bomb(BOMB)
        return bytes(content)


def most_unpacked(packed: int) -> int:
    """Most bytes that a whole file of ``packed`` bytes may unpack to."""
    return min(MAX_UNPACKED, max(_RATIO_FROM, MAX_RATIO * packed))


def _shown(name: str) -> str:
    return sanitise_name(name[:200])


def too_many() -> Bomb:
    return Bomb(f"more than {MAX_MEMBERS:,} files in one archive")
