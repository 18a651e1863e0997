"""Bytes to text: byte order marks, UTF-8, then the older encodings."""

from __future__ import annotations

import codecs
import re

from morgan_core.errors import UnreadableFile
from morgan_core.library.readers.alphabets import latin_encoding
from morgan_core.library.readers.base import MAX_TEXT, too_much_text

BINARY = "not a document Morgan can read (binary data)"

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = re.compile("[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f]")
_KANA = re.compile("[\u3041-\u30fe]")
_NOT_ASCII = re.compile("[^\x00-\x7f]")
_LEAST_KANA = 0.25
_WORD_OR_SPACE = re.compile(r"[\w\s]")
_LEGACY = (
    *("cp1252", "cp1250", "iso8859_2", "cp1251", "koi8_r", "koi8_u", "iso8859_5", "cp866"),
    *("cp1253", "iso8859_7", "cp1254", "cp1255", "iso8859_8", "cp1256", "iso8859_6", "cp1257"),
    *("cp874", "cp1258", "cp932", "shift_jis", "euc_jp", "iso2022_jp", "gb18030", "big5", "cp949"),
    *("euc_kr", "mac_roman", "mac_cyrillic", "cp437", "cp850", "cp852", "latin_1"),
)
"""What files were really written in. Rarer ones (Icelandic Macintosh, Nordic ISO) only take texts
from these."""
_MOST_BYTES = 4
"""Bytes of a character at most, in every encoding."""

_MOST_CONTROLS = 0.02
_SAMPLE = 256 * 1024


def decode(content: bytes) -> tuple[str, str]:
    """Return the text of ``content`` and the name of its encoding.

    Raises UnreadableFile when the bytes are no text.
    """
    if len(content) > _MOST_BYTES * MAX_TEXT:
        _refuse_binary(_decode(content[:_SAMPLE])[0])
        raise too_much_text()
    text, encoding = _decode(content)
    if len(text) > MAX_TEXT:
        raise too_much_text()
    _refuse_binary(text[:_SAMPLE])
    return text, encoding


def _refuse_binary(sample: str) -> None:
    if len(_CONTROLS.findall(sample)) > _MOST_CONTROLS * len(sample):
        raise UnreadableFile(BINARY)


def _decode(content: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace"), encoding
    if wide := _unmarked_utf16(content[:_SAMPLE]):
        return content.decode(wide, errors="replace"), wide
    # Before UTF-8: Cyrillic or Greek in UTF-16 is made of bytes that are valid there.
    if b"\0" in content[:_SAMPLE] and (wide := _utf16_of_words(content[:_SAMPLE])):
        return content.decode(wide, errors="replace"), wide
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    text = content.decode("utf-8", errors="replace")
    if _is_damaged_utf8(text):
        return text, "utf-8"
    if b"\0" in content[:_SAMPLE]:
        raise UnreadableFile(BINARY)
    return _decode_legacy(content)


def _unmarked_utf16(sample: bytes) -> str | None:
    """UTF-16 of mostly Latin text has a zero in every second byte."""
    pairs = len(sample) // 2
    if pairs < 8:
        return None
    low, high = sample[1::2].count(0) / pairs, sample[0::2].count(0) / pairs
    if low > 0.5 and high < 0.05:
        return "utf-16-le"
    if high > 0.5 and low < 0.05:
        return "utf-16-be"
    return None


def _is_damaged_utf8(text: str) -> bool:
    """Whether the valid multi-byte characters outnumber the broken ones by far."""
    broken = text.count("\ufffd")
    valid = len(text) - len(text.encode("ascii", errors="ignore")) - broken
    return valid > 20 * broken


def _decode_legacy(content: bytes) -> tuple[str, str]:
    from charset_normalizer import from_bytes

    # Cut at a line end: half a character at the end would rule its encoding out.
    sample = (
        content[:_SAMPLE] if len(content) <= _SAMPLE else content[:_SAMPLE].rpartition(b"\n")[0]
    )
    sample = sample or content[:_SAMPLE]
    encoding = _japanese(sample)
    if encoding is None:
        best = from_bytes(sample, cp_isolation=[*_LEGACY]).best() or from_bytes(sample).best()
        if best is None:
            raise UnreadableFile(BINARY)
        encoding = latin_encoding(sample, best.encoding)
    return content.decode(encoding, errors="replace"), encoding


def _japanese(sample: bytes) -> str | None:
    """The encoding that makes kana of a good part of ``sample``: no other script's bytes do."""
    for encoding in ("cp932", "euc_jp"):
        try:
            text = sample.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(_KANA.findall(text)) > _LEAST_KANA * len(_NOT_ASCII.findall(text)):
            return encoding
    return None


def _utf16_of_words(sample: bytes) -> str | None:
    """UTF-16 of any script: in the right byte order nearly all characters are of words, and some
    are spaces or line ends."""
    sample = sample[: len(sample) // 2 * 2]
    best: tuple[float, str] | None = None
    for encoding in ("utf-16-le", "utf-16-be"):
        try:
            text = sample.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not re.search("[ \n\u3000]", text) or "\0" in text:
            continue
        best = max(best or (0.0, ""), (len(_WORD_OR_SPACE.findall(text)) / len(text), encoding))
    return best[1] if best and best[0] > 0.8 else None
