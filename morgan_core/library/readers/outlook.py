"""The properties of Outlook items, by their ids ([MS-OXMSG] 2.4, [MS-OXPROPS])."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

from morgan_core.library.readers.mail_parts import decode_text
from morgan_core.library.readers.ole import PROPERTIES, Storage

_ENTRY = struct.Struct("<HHI8s")
_INTEGER, _BOOLEAN, _TIME, _TEXT_8, _TEXT, _BINARY = 0x0003, 0x000B, 0x0040, 0x001E, 0x001F, 0x0102
_HEADS = {"top": 32, "embedded": 24, "part": 8}
_MESSAGE_CODE_PAGE, _INTERNET_CODE_PAGE = 0x3FFD, 0x3FDE
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
# Code pages whose codec is not called cp and the number.
_CODECS = {
    936: "gb18030",
    20127: "ascii",
    20866: "koi8_r",
    21866: "koi8_u",
    50220: "iso2022_jp",
    50221: "iso2022_jp",
    50225: "iso2022_kr",
    51932: "euc_jp",
    51949: "euc_kr",
    52936: "hz",
    54936: "gb18030",
    65001: "utf-8",
    **{28590 + part: f"iso8859_{part}" for part in range(1, 17)},
}


class Item:
    """A message, a recipient or an attached file.

    ``role`` is what the item is: the message that the file is (``top``), one that is attached
    (``embedded``), or a ``part`` of either; the part uses the ``charset`` of its message. All
    methods raise UnreadableFile where the file is damaged.
    """

    def __init__(self, storage: Storage, role: str, *, charset: str = "") -> None:
        self.storage = storage
        self._values: dict[tuple[int, int], bytes] = {}
        stream = storage.stream(PROPERTIES) or b""
        body = stream[_HEADS[role] :]
        whole = len(body) // _ENTRY.size * _ENTRY.size
        for kind, ident, _, value in _ENTRY.iter_unpack(body[:whole]):
            self._values[ident, kind] = value
        page = self.number(_MESSAGE_CODE_PAGE) or self.number(_INTERNET_CODE_PAGE)
        self.charset = charset or code_page(page)

    def text(self, *idents: int) -> str:
        """The first of these texts that is there and not empty."""
        for ident in idents:
            if (content := self._stream(ident, _TEXT)) is not None:
                text = content.decode("utf-16-le", "replace")
            elif (content := self._stream(ident, _TEXT_8)) is not None:
                text = decode_text(content, self.charset)
            else:
                continue
            if text := text.rstrip("\0"):
                return text
        return ""

    def binary(self, ident: int) -> bytes:
        """The bytes of a property, empty where there are none."""
        return self._stream(ident, _BINARY) or b""

    def number(self, ident: int) -> int:
        """An integer, 0 where there is none."""
        value = self._values.get((ident, _INTEGER))
        return struct.unpack_from("<i", value)[0] if value else 0

    def flag(self, ident: int) -> bool:
        """A boolean, false where there is none."""
        return self._values.get((ident, _BOOLEAN), b"\0")[:1] != b"\0"

    def time(self, *idents: int) -> datetime | None:
        """The first of these times that is there, in UTC."""
        for ident in idents:
            if value := self._values.get((ident, _TIME)):
                try:
                    return _EPOCH + timedelta(microseconds=struct.unpack("<Q", value)[0] // 10)
                except OverflowError:
                    continue
        return None

    @property
    def internet_charset(self) -> str:
        """The charset that the HTML says it is in, empty where the item does not tell."""
        return code_page(self.number(_INTERNET_CODE_PAGE))

    def _stream(self, ident: int, kind: int) -> bytes | None:
        return self.storage.stream(f"__substg1.0_{ident:04X}{kind:04X}")


def code_page(number: int) -> str:
    """The name of the codec of a Windows code page; empty for 0."""
    return _CODECS.get(number, f"cp{number}") if number else ""
