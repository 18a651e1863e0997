"""The parts of a mail: its headers as text, its body, what is attached (RFC 2045 to 2047, 2231).

The standard library's ``compat32`` policy parses here: it takes broken mails as they come, and
its time does not grow with the square of a long header as that of ``default`` does.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.building import line_of
from morgan_core.library.readers.decoding import decode
from morgan_core.library.readers.letters import MAX_PARTS, Attachment, Letter
from morgan_core.library.readers.markup import decode_markup

if TYPE_CHECKING:
    from email.message import Message

    Mail = Message[str, str]

_HEADERS = ("From", "To", "Cc", "Date", "Subject", "Message-ID")
_LONGEST_HEADER = 4000
_SOFT_BREAK = re.compile(r"(?<=[^\s>-]) \r?\n(?![>\s]|$)")
_NAME = re.compile(r'name\*?(?:0\*?)?\s*=\s*"?([^";]{1,200})', re.I)


def parse_mail(content: bytes) -> Mail:
    """Parse a mail. Raises UnreadableFile when its parts are nested too deeply."""
    from email.parser import BytesParser
    from email.policy import compat32

    try:
        return BytesParser(policy=compat32).parsebytes(content)
    except RecursionError as error:
        raise UnreadableFile("nested too deeply to be read") from error


def header(mail: Mail, name: str) -> str:
    """All headers called ``name``, encoded words decoded, as one line."""
    values = [value for key, value in mail.raw_items() if key.lower() == name.lower()]
    return ", ".join(filter(None, (decode_header(str(value)) for value in values[:20])))


def decode_header(value: str) -> str:
    """A header's value as one line of text; undecoded where it is damaged."""
    from email.errors import HeaderParseError
    from email.header import decode_header as split

    value = value[:_LONGEST_HEADER]
    try:
        parts = split(value)
    except (HeaderParseError, ValueError):
        parts = [(value, None)]
    texts = []
    for part, charset in parts:
        raw = part if isinstance(part, bytes) else part.encode("utf-8", "surrogateescape")
        texts.append(decode_text(raw, charset or ""))
    return line_of("".join(texts))


def letter_of(mail: Mail) -> Letter:
    """What a person sees of ``mail``: of two versions of the same text, both are kept apart."""
    plain: list[str] = []
    html: list[str] = []
    attachments: list[Attachment] = []
    for part in _leaves(mail):
        name = file_name(part)
        kind = part.get_content_type()
        if kind.startswith("multipart/"):
            kind = "text/plain"  # its boundary is missing
        if kind == "message/rfc822":
            for forwarded in _mails(part.get_payload())[:1]:
                attachments.append(
                    Attachment(name=name or "mail", letter=partial(letter_of, forwarded))
                )
            continue
        attached = part.get_content_disposition() == "attachment" or bool(name)
        if kind in ("text/plain", "text/html") and not attached:
            (plain if kind == "text/plain" else html).append(_body(part, kind))
        elif attached:
            attachments.append(Attachment(name=name or kind, content=_content(part)))
    return Letter(
        headers=headers_of(mail),
        plain="\n\n".join(plain),
        html="\n".join(html),
        attachments=attachments,
    )


def headers_of(mail: Mail) -> dict[str, str]:
    """The headers that are of use to a person, those that are filled in."""
    return {name: value for name in _HEADERS if (value := header(mail, name))}


def file_name(part: Mail) -> str:
    """The name of an attached file, empty where the part has none."""
    try:
        name = part.get_filename() or ""
    except (LookupError, ValueError, TypeError, AttributeError):
        # A damaged RFC 2231 parameter.
        found = _NAME.search(str(part.get("Content-Disposition", ""))[:_LONGEST_HEADER])
        name = found[1] if found else ""
    return decode_header(name)[:200]


def _leaves(mail: Mail) -> Iterator[Mail]:
    """The parts that hold something, forwarded mails as one part."""
    waiting = [mail]
    seen = 0
    while waiting and seen < MAX_PARTS:
        part = waiting.pop()
        seen += 1
        inner = part.get_payload()
        if isinstance(inner, list) and part.get_content_type() != "message/rfc822":
            waiting += reversed(_mails(inner))
        else:
            yield part


def _mails(payload: object) -> list[Mail]:
    from email.message import Message

    return (
        [part for part in payload if isinstance(part, Message)] if isinstance(payload, list) else []
    )


def _content(part: Mail) -> bytes:
    try:
        content = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        content = None
    return content if isinstance(content, bytes) else b""


def _body(part: Mail, kind: str) -> str:
    content = _content(part)
    if not content.strip():
        return ""
    charset = str(part.get_param("charset", "") or "")
    if kind == "text/html" and not charset:
        return decode_markup(content)[0]
    text = decode_text(content, charset)
    if str(part.get_param("format", "")).lower() == "flowed":
        text = _SOFT_BREAK.sub(" ", text)
    return text


def decode_text(content: bytes, charset: str) -> str:
    """``content`` in ``charset``, or in what it looks like when that is wrong or unknown."""
    try:
        name = codecs.lookup(charset.strip("\"' ")).name if charset else "utf-8"
        # iso-8859-1 is what mailers call Windows' own.
        return content.decode("cp1252" if name == "iso8859-1" else name)
    except (LookupError, ValueError):
        pass
    try:
        return decode(content)[0]
    except UnreadableFile:
        return content.decode("utf-8", errors="replace")
