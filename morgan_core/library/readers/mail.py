"""Mails as they travel (RFC 5322), one in a file."""

from __future__ import annotations

import re

from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.letters import read_letter
from morgan_core.library.readers.mail_parts import letter_of, parse_mail

_FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9-]{1,60}:")
_TELLING = re.compile(
    rb"(?:received|message-id|mime-version|return-path|delivered-to|from|to|subject|date):",
    re.I,
)
_HEAD = 8192
_ENOUGH = 3


def read_mail(source: Source) -> Extracted:
    """The mail as it is shown, of whatever parts it is made."""
    return read_letter(letter_of(parse_mail(source.content)), source)


def _claims(source: Source) -> bool:
    head = source.content[:_HEAD].lstrip(b"\r\n")
    if not _FIELD.match(head):
        return False
    if source.suffix in (".eml", ".mht", ".mhtml"):
        return True
    if source.suffix:
        return False
    fields = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0].splitlines()
    return sum(1 for line in fields if _TELLING.match(line)) >= _ENOUGH


FORMAT = Format(name="mail", rank=41, claims=_claims, read=read_mail)
