"""Mails: who wrote when to whom about what, the text, and what the attached files say."""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import TYPE_CHECKING

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.building import LINE, Builder
from morgan_core.library.readers.mail_parts import (
    Attachment,
    add_body,
    header,
    parse_mail,
    split_parts,
)
from morgan_core.library.readers.opening import readable_size

if TYPE_CHECKING:
    from morgan_core.library.readers.mail_parts import Mail

DEEPEST = 3
"""Attached files are read down to here: a mail in a mail in a mail."""

MAX_ATTACHMENT = 20 * 1024 * 1024
"""Largest attached file that is read, in bytes."""

_NO_SUBJECT = "(no subject)"
_SHOWN = ("From", "To", "Cc", "Date")
_FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9-]{1,60}:")
_TELLING = re.compile(
    rb"(?:received|message-id|mime-version|return-path|delivered-to|from|to|subject|date):",
    re.I,
)
_HEAD = 8192
_ENOUGH = 3

_depth: ContextVar[int] = ContextVar("depth", default=0)


def read_mail(source: Source) -> Extracted:
    """The headers, the body, then each attached file that can be read, at ``attachment NAME``."""
    builder = Builder()
    mail = parse_mail(source.content)
    add_mail(builder, mail, depth=_depth.get())
    metadata = {
        key: value
        for key, name in (("author", "From"), ("created", "Date"), ("message_id", "Message-ID"))
        if (value := header(mail, name))
    }
    return builder.extracted("mail", title=header(mail, "Subject"), metadata=metadata)


def add_mail(builder: Builder, mail: Mail, *, depth: int = 0, level: int = 1) -> None:
    """Add a mail under its subject as a heading of ``level``; beyond ``DEEPEST`` attached files
    are only named."""
    parts = split_parts(mail)
    read = _read_all(parts.attachments, depth)
    if read and depth == 0:
        builder.place("message")
    builder.heading(header(mail, "Subject") or _NO_SUBJECT, level)
    lines = [f"{name}: {value}" for name in _SHOWN if (value := header(mail, name))]
    builder.add(LINE.join(lines))
    add_body(builder, parts)
    files = [one for one in parts.attachments if one.mail is None]
    if files:
        listed = ", ".join(f"{one.name} ({readable_size(len(one.content))})" for one in files)
        builder.add(f"Attachments: {listed}")
    below = min(level + 1, 6)
    for name, inside in read:
        builder.cut()
        builder.place(f"attachment {name}")
        if isinstance(inside, Extracted):
            builder.heading(name, below)
            builder.embed(inside)
        else:
            add_mail(builder, inside, depth=depth + 1, level=below)


def _read_all(attachments: list[Attachment], depth: int) -> list[tuple[str, Extracted | Mail]]:
    """The name and the text of each attached file that can be read, and the forwarded mails."""
    if depth >= DEEPEST:
        return []
    found: list[tuple[str, Extracted | Mail]] = []
    for one in attachments:
        if one.mail is not None:
            found.append((header(one.mail, "Subject") or one.name, one.mail))
        elif (extracted := _read(one, depth)) is not None:
            found.append((one.name, extracted))
    return found


def _read(attachment: Attachment, depth: int) -> Extracted | None:
    """The text of an attached file; None where it has none that can be read: its name is
    listed, and the mail is read all the same."""
    from morgan_core.library.readers import formats

    if not attachment.content or len(attachment.content) > MAX_ATTACHMENT:
        return None
    source = Source(name=attachment.name, content=attachment.content)
    token = _depth.set(depth + 1)
    try:
        return next(f for f in formats() if f.claims(source)).read(source)
    except UnreadableFile:
        return None
    finally:
        _depth.reset(token)


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
