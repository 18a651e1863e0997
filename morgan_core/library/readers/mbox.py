"""Mailboxes in one file (mbox, RFC 4155): each mail is a unit with its number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.building import Builder
from morgan_core.library.readers.letters import DEEPEST, add_letter
from morgan_core.library.readers.mail_parts import letter_of, parse_mail

# "From ", an address, a date that ends in a year and perhaps a zone.
_SEPARATOR = re.compile(
    rb"^From \S*[^\r\n]{0,200}\d{4}[^\r\n]{0,40}\r?\n(?=[A-Za-z-]{1,60}:)", re.M
)
_QUOTED = re.compile(rb"^>(>*From )", re.M)


def read_mbox(source: Source) -> Extracted:
    """All mails in the order of the file, at ``message 3: its subject``; attached files are named
    and not read."""
    builder = Builder()
    for number, content in enumerate(_mails(source.content), start=1):
        letter = letter_of(parse_mail(content))
        builder.cut()
        builder.place(f"message {number}: {letter.subject}".rstrip(": "))
        add_letter(builder, letter, source, depth=DEEPEST)
    return builder.extracted("mailbox", title="")


def _mails(content: bytes) -> Iterator[bytes]:
    starts = [match.span() for match in _SEPARATOR.finditer(content)]
    ends = [begin for begin, _ in starts[1:]] + [len(content)]
    for (_, begin), end in zip(starts, ends, strict=True):
        yield _QUOTED.sub(rb"\1", content[begin:end])


def _claims(source: Source) -> bool:
    return _SEPARATOR.match(source.content[:4096]) is not None


FORMAT = Format(name="mbox", rank=39, claims=_claims, read=read_mbox)
