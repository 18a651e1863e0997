"""Bytes to text: byte order marks, UTF-8, then the older encodings."""

from __future__ import annotations

import codecs
import re

from morgan_core.errors import UnreadableFile
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
_MOST_CONTROLS = 0.02
_SAMPLE = 256 * 1024


def decode(content: bytes) -> tuple[str, str]:
    """Return the text of ``content`` and the name of its encoding.

    Raises UnreadableFile when the bytes are no text.
    """
    text, encoding = _decode(content)
    if len(text) > MAX_TEXT:
        raise too_much_text()
    sample = text[:_SAMPLE]
    if len(_CONTROLS.findall(sample)) > _MOST_CONTROLS * len(sample):
        raise UnreadableFile(BINARY)
    return text, encoding


def _decode(content: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return content.decode(encoding, errors="replace"), encoding
    if wide := _unmarked_utf16(content[:_SAMPLE]):
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
    best = from_bytes(sample or content[:_SAMPLE]).best()
    if best is None:
        raise UnreadableFile(BINARY)
    return content.decode(best.encoding, errors="replace"), best.encoding
