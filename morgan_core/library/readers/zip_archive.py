"""ZIP archives, when archives are switched on: every file in them that can be read."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from functools import partial

from morgan_core.library.readers.archive import Archive, is_zip
from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.members import Member, read_members, switched_off

_UTF8_NAME = 0x800


def read_zip(source: Source) -> Extracted:
    """The files of the archive. Raises UnreadableFile while archives are switched off."""
    if not source.archives:
        raise switched_off("zip")
    return read_members(_members(Archive(source.content)))


def _members(archive: Archive) -> Iterator[Member]:
    for info in archive:
        if not info.is_dir():
            yield Member(
                path=_path(info),
                size=info.file_size,
                read=partial(archive.read, info.filename),
                why_not="a link" if stat.S_ISLNK(info.external_attr >> 16) else "",
            )


def _path(info: zipfile.ZipInfo) -> str:
    """The name as it was meant: many programs write UTF-8 and do not say so."""
    if not info.flag_bits & _UTF8_NAME:
        try:
            return info.filename.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return info.filename


# Office files, EPUB books and damaged ones were claimed before.
FORMAT = Format(name="zip", rank=21, claims=lambda source: is_zip(source.content), read=read_zip)
