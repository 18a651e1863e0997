"""What a mail is, whatever file it comes in: its headers, its text, and what is attached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar

import msgspec

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.base import Extracted, Source
from morgan_core.library.readers.building import LINE, Builder
from morgan_core.library.readers.html_content import whole_body
from morgan_core.library.readers.html_render import render
from morgan_core.library.readers.markup import parse
from morgan_core.library.readers.opening import readable_size
from morgan_core.types import Record

DEEPEST = 3
"""Attached files are read down to here: a mail in a mail in a mail."""

MAX_PARTS = 500
"""Most parts of one mail that are looked at."""

MAX_ATTACHMENT = 20 * 1024 * 1024
"""Largest attached file that is read, in bytes."""

_NO_SUBJECT = "(no subject)"
_SHOWN = ("From", "To", "Cc", "Date")
_METADATA = (("author", "From"), ("created", "Date"), ("message_id", "Message-ID"))
_DEEPEST_HEADING = 6
_SHORT = 300

_depth: ContextVar[int] = ContextVar("depth", default=0)


class Attachment(Record, frozen=True):
    """A file in a mail; for a forwarded mail ``letter`` opens it, and there is no ``content``."""

    name: str
    content: bytes = b""
    letter: Callable[[], Letter] | None = None


class Letter(Record, frozen=True):
    """A mail as a person sees it.

    ``headers`` are single lines by the names of RFC 5322 (``From``, ``Date``), those that the mail
    has. The bodies are plain text and HTML source; either may be empty.
    """

    headers: Mapping[str, str]
    plain: str = ""
    html: str = ""
    attachments: list[Attachment] = msgspec.field(default_factory=list)

    @property
    def subject(self) -> str:
        return self.headers.get("Subject", "")


def read_letter(letter: Letter, source: Source) -> Extracted:
    """The headers, the body, then each attached file that can be read, at ``attachment NAME``.
    ``source`` is the file of the letter."""
    builder = Builder()
    add_letter(builder, letter, source, depth=_depth.get())
    headers = letter.headers
    metadata = {key: headers[name] for key, name in _METADATA if headers.get(name)}
    return builder.extracted("mail", title=letter.subject, metadata=metadata)


def add_letter(
    builder: Builder, letter: Letter, source: Source, *, depth: int = 0, level: int = 1
) -> None:
    """Add a mail under its subject as a heading of ``level``; beyond ``DEEPEST`` attached files
    are only named."""
    read = _read_all(letter.attachments, source, depth)
    if read and depth == 0:
        builder.place("message")
    builder.heading(letter.subject or _NO_SUBJECT, level)
    headers = letter.headers
    builder.add(LINE.join(f"{name}: {headers[name]}" for name in _SHOWN if headers.get(name)))
    _add_body(builder, letter, level)
    files = [one for one in letter.attachments if one.letter is None]
    if files:
        listed = ", ".join(f"{one.name} ({readable_size(len(one.content))})" for one in files)
        builder.add(f"Attachments: {listed}")
    below = min(level + 1, _DEEPEST_HEADING)
    for name, inside in read:
        builder.cut()
        builder.place(f"attachment {name}")
        if isinstance(inside, Extracted):
            builder.heading(name, below)
            builder.embed(inside, below=below, place=f"attachment {name}")
        else:
            add_letter(builder, inside, source, depth=depth + 1, level=below)


def _add_body(builder: Builder, letter: Letter, level: int) -> None:
    """Add the plain text, or the HTML where the plain text is only a substitute for it."""
    plain = letter.plain.strip()
    if letter.html and len(plain) < _SHORT:
        inner = Builder()
        if (content := whole_body(parse(letter.html))) is not None:
            render(content, inner)
        page = inner.extracted("mail")
        if len(page.text) > 2 * len(plain):
            builder.embed(page, below=level)
            return
    builder.add(plain)


def _read_all(
    attachments: list[Attachment], source: Source, depth: int
) -> list[tuple[str, Extracted | Letter]]:
    """The name and the text of each attached file that can be read, and the forwarded mails."""
    if depth >= DEEPEST:
        return []
    found: list[tuple[str, Extracted | Letter]] = []
    for one in attachments:
        if one.letter is not None:
            letter = one.letter()
            found.append((letter.subject or one.name, letter))
        elif (extracted := _read(one, source, depth)) is not None:
            found.append((one.name, extracted))
    return found


def _read(attachment: Attachment, source: Source, depth: int) -> Extracted | None:
    """The text of an attached file; None where it has none that can be read: its name is
    listed, and the mail is read all the same."""
    from morgan_core.library.readers import extract

    if not attachment.content or len(attachment.content) > MAX_ATTACHMENT:
        return None
    token = _depth.set(depth + 1)
    try:
        return extract(source.inner(attachment.name, attachment.content))
    except UnreadableFile:
        return None
    finally:
        _depth.reset(token)
