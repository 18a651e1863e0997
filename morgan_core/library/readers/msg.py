"""Outlook messages (.msg, [MS-OXMSG]), shown as other mails are."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import format_datetime
from functools import partial
from itertools import islice

from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.building import line_of
from morgan_core.library.readers.letters import MAX_PARTS, Attachment, Letter, read_letter
from morgan_core.library.readers.mail_parts import (
    decode_text,
    headers_of,
    letter_of,
    parse_mail,
)
from morgan_core.library.readers.markup import decode_markup
from morgan_core.library.readers.ole import PROPERTIES, Storage, ole_kind, open_ole
from morgan_core.library.readers.outlook import Item
from morgan_core.library.readers.rtf import read_rtf
from morgan_core.library.readers.rtf_compressed import decompress_rtf

_MESSAGE_CLASS, _SUBJECT, _MESSAGE_ID, _TRANSPORT_HEADERS = 0x001A, 0x0037, 0x1035, 0x007D
_SENT, _DELIVERED = 0x0039, 0x0E06
_BODY, _RTF, _HTML = 0x1000, 0x1009, 0x1013
# Whom the mail is from, then who sent it for them: the name, the address.
_FROM = ((0x0042, 0x5D02, 0x0065), (0x0C1A, 0x5D01, 0x0C1F))
_NAME, _SMTP_ADDRESS, _ADDRESS, _RECIPIENT_TYPE = 0x3001, 0x39FE, 0x3003, 0x0C15
_TYPES = {1: "To", 2: "Cc"}
_SHOWN_NAMES = {"To": 0x0E04, "Cc": 0x0E03}
_FILE_NAMES = (0x3707, 0x3704, _NAME)
_DATA = 0x3701
_EMBEDDED = "__substg1.0_3701000D"
_SIGNED = ".smime.multipartsigned"
_EXCHANGE_HEAD = "Microsoft Mail Internet Headers"
_LONGEST_NAME = 200


def read_msg(source: Source) -> Extracted:
    """The headers as they came, or what Outlook knows in their place; the body; what is
    attached."""
    return read_letter(_letter(open_ole(source.content)), source)


def _letter(storage: Storage, role: str = "top", charset: str = "") -> Letter:
    message = Item(storage, role, charset=charset)
    attachments = list(_attachments(message))
    if message.text(_MESSAGE_CLASS).lower().endswith(_SIGNED) and attachments:
        # What was signed is one attached file, headers and all ([MS-OXOSMIME] 2.1.3).
        signed = letter_of(parse_mail(attachments[0].content))
        return Letter(
            headers=_headers(message),
            plain=signed.plain,
            html=signed.html,
            attachments=signed.attachments,
        )
    plain, html = _bodies(message)
    return Letter(headers=_headers(message), plain=plain, html=html, attachments=attachments)


def _headers(message: Item) -> dict[str, str]:
    found = {
        "Subject": message.text(_SUBJECT),
        "Message-ID": message.text(_MESSAGE_ID),
        "From": next(filter(None, (_person(message, *names) for names in _FROM)), ""),
        **_recipients(message),
    }
    if (sent := message.time(_SENT, _DELIVERED)) is not None:
        found["Date"] = format_datetime(sent)
    found = {name: line for name, value in found.items() if (line := line_of(value))}
    head = message.text(_TRANSPORT_HEADERS).lstrip()
    if head.startswith(_EXCHANGE_HEAD):
        head = head.partition("\n")[2]
    came = headers_of(parse_mail(head.encode("utf-8", "replace")))
    # Whoever changes a subject in Outlook changes it here alone.
    return {**found, **came, **{name: found[name] for name in ("Subject",) if name in found}}


def _recipients(message: Item) -> dict[str, str]:
    people: dict[str, list[str]] = {"To": [], "Cc": []}
    for storage in islice(message.storage.storages("__recip_version1.0_#"), MAX_PARTS):
        one = Item(storage, "part", charset=message.charset)
        name = _TYPES.get(one.number(_RECIPIENT_TYPE) & 0xF)
        if name and (person := _person(one, _NAME, _SMTP_ADDRESS, _ADDRESS)):
            people[name].append(person)
    return {
        name: ", ".join(named) or message.text(_SHOWN_NAMES[name]) for name, named in people.items()
    }


def _person(item: Item, name: int, *addresses: int) -> str:
    """``Ann Lee <ann@example.org>``; an address of Exchange's own directory is none to show."""
    shown = item.text(name).strip("'\" ")
    address = next((one for ident in addresses if "@" in (one := item.text(ident))), "")
    if not address or shown.lower() == address.lower():
        return shown or address
    return f"{shown} <{address}>" if shown else address


def _bodies(message: Item) -> tuple[str, str]:
    """The plain text and the HTML source. RTF is read where there is neither."""
    plain, html = message.text(_BODY), message.text(_HTML)
    if content := message.binary(_HTML):
        charset = message.internet_charset
        html = decode_text(content, charset) if charset else decode_markup(content)[0]
    if not plain.strip() and not html.strip() and (packed := message.binary(_RTF)):
        rtf = Source(name="body.rtf", content=decompress_rtf(packed))
        plain = read_rtf(rtf).text
    return plain, html


def _attachments(message: Item) -> Iterator[Attachment]:
    for storage in islice(message.storage.storages("__attach_version1.0_#"), MAX_PARTS):
        one = Item(storage, "part", charset=message.charset)
        name = line_of(one.text(*_FILE_NAMES))[:_LONGEST_NAME] or "attachment"
        inner = storage.storage(_EMBEDDED)
        if inner is not None and PROPERTIES in inner:
            letter = partial(_letter, inner, "embedded", message.charset)
            yield Attachment(name=name, letter=letter)
        else:
            yield Attachment(name=name, content=one.binary(_DATA))


FORMAT = Format(
    name="msg",
    rank=14,
    claims=lambda source: ole_kind(source.content) == "outlook",
    read=read_msg,
)
