"""TAR archives and compressed files, when archives are switched on."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import PurePath
from typing import Any

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers import archive
from morgan_core.library.readers.archive import BOMB, Bomb
from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.members import Member, read_members, switched_off

_BLOCK = 256 * 1024
_HEADER = 512
_MAGIC = slice(257, 262)
_NAME = re.compile(r"\.(?:tar(?:\.\w+)?|t[gx]z|tbz2?|tzst)$", re.I)
_COMPRESSIONS = (
    (re.compile(rb"\x1f\x8b\x08"), "gzip"),
    (re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"), "bzip2"),
    (re.compile(rb"\xfd7zXZ\0"), "xz"),
    (re.compile(rb"\x28\xb5\x2f\xfd"), "zstd"),
)
_OPENERS: dict[str, Callable[[io.BytesIO], Any]] = {
    "gzip": lambda packed: gzip.GzipFile(fileobj=packed),
    "bzip2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}
# A block of four bytes may hold 128 KiB.
_ZSTD_STEP = 1024
# What tarfile and the decompressors raise on damaged input.
_ERRORS = (tarfile.TarError, zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, LookupError)


def read_tar(source: Source) -> Extracted:
    """The files of the archive, or the one file that is compressed, under its name without the
    ending. Raises UnreadableFile while archives are switched off."""
    kind = _compression(source.content)
    if not source.archives:
        raise switched_off(kind or "tar")
    unpacked = _unpack(source.content, kind) if kind else io.BytesIO(source.content)
    head = unpacked.getbuffer()[:_HEADER].tobytes()
    if kind and not _is_tar(source.name, head):
        path = PurePath(source.name).stem
        size = unpacked.getbuffer().nbytes
        return read_members([Member(path=path, size=size, read=unpacked.getvalue)])
    return read_members(_Tar(unpacked).members())


class _Tar:
    """The files of an archive. Where it is damaged, the rest is told as one that is not read."""

    def __init__(self, unpacked: io.BytesIO) -> None:
        self._unpacked = unpacked
        self._left = archive.MAX_UNPACKED

    def members(self) -> Iterator[Member]:
        seen = 0
        whole = False
        try:
            with tarfile.open(fileobj=self._unpacked, mode="r:", encoding="utf-8") as tar:
                while (info := tar.next()) is not None:
                    seen += 1
                    if seen > archive.MAX_MEMBERS:
                        raise archive.too_many()
                    if not info.isdir():
                        yield self._member(tar, info)
                # tarfile ends in silence where a header is broken.
                whole = not any(self._unpacked.getbuffer()[tar.offset : tar.offset + _HEADER])
        except _ERRORS:
            pass
        if not whole:
            yield Member(path="", size=0, read=bytes, why_not="what follows a damaged place")

    def _member(self, tar: tarfile.TarFile, info: tarfile.TarInfo) -> Member:
        why_not = ""
        if not info.isreg():
            why_not = "a link" if info.issym() or info.islnk() else "not a file"
        read = partial(self._read, tar, info)
        return Member(path=info.name, size=info.size, read=read, why_not=why_not)

    def _read(self, tar: tarfile.TarFile, info: tarfile.TarInfo) -> bytes:
        content = bytearray()
        try:
            unpacking = tar.extractfile(info)
            # A sparse file may be longer than the archive.
            while unpacking is not None and (block := unpacking.read(_BLOCK)):
                content += block
                self._left -= len(block)
                if self._left < 0:
                    raise Bomb(BOMB)
        except _ERRORS as error:
            raise UnreadableFile("damaged") from error
        return bytes(content)


def _unpack(content: bytes, kind: str) -> io.BytesIO:
    """What a compressed file holds, within the limits of ``Archive``."""
    from zstandard import ZstdError

    most = archive.most_unpacked(len(content))
    out = io.BytesIO()
    try:
        for block in _zstd_blocks(content) if kind == "zstd" else _blocks(content, kind):
            out.write(block)
            if out.tell() > most:
                raise Bomb(BOMB)
    except (*_ERRORS, ZstdError) as error:
        raise UnreadableFile(f"damaged: it cannot be unpacked ({kind})") from error
    out.seek(0)
    return out


def _blocks(content: bytes, kind: str) -> Iterator[bytes]:
    with _OPENERS[kind](io.BytesIO(content)) as unpacking:
        while block := unpacking.read(_BLOCK):
            yield block


def _zstd_blocks(content: bytes) -> Iterator[bytes]:
    """The frames of a zstd file. Its reader of streams takes a frame that is cut off for whole."""
    from zstandard import ZstdDecompressor

    at = 0
    while at < len(content):
        frame = ZstdDecompressor().decompressobj()
        while not frame.eof:
            if at >= len(content):
                raise EOFError
            yield frame.decompress(content[at : at + _ZSTD_STEP])
            at += _ZSTD_STEP
        at = min(at, len(content)) - len(frame.unused_data)


def _compression(content: bytes) -> str:
    """How the file is compressed; empty when it is not."""
    return next((kind for magic, kind in _COMPRESSIONS if magic.match(content)), "")


def _is_tar(name: str, head: bytes) -> bool:
    """Whether a file that begins with ``head`` begins with a header of TAR. One of before POSIX
    has no magic there and is known by its name."""
    if head[_MAGIC] != b"ustar" and not _NAME.search(name):
        return False
    try:
        tarfile.TarInfo.frombuf(head[:_HEADER], "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


FORMAT = Format(
    name="tar",
    rank=21,
    claims=lambda source: (
        bool(_compression(source.content)) or _is_tar(source.name, source.content)
    ),
    read=read_tar,
)
