"""Plain text, and every format that is text and has no reader of its own yet."""

from __future__ import annotations

import re

from morgan_core.library.readers.base import Extracted, Format, Source
from morgan_core.library.readers.decoding import decode
from morgan_core.sanitise import sanitise

_KINDS = {".csv": "csv", ".tsv": "csv", ".log": "log"}
_FORM_FEEDS = re.compile("(?<![^\n])[\v\f]+")
_OTHER_LINE_ENDS = re.compile("[\v\f\x85\u2028\u2029]")
_EXTRA_BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")


def read_text(source: Source) -> Extracted:
    """The file's text as it stands."""
    raw, encoding = decode(source.content)
    text = keep_lines(raw)
    kind = _KINDS.get(source.suffix, "text")
    return Extracted(text=text, kind=kind, lines=True, metadata={"encoding": encoding})


def keep_lines(raw: str) -> str:
    """``raw`` sanitised, line n still line n: what editors do not count as a line's end is none.

    Only blank lines at the end are left out.
    """
    raw = _OTHER_LINE_ENDS.sub(" ", _FORM_FEEDS.sub("", raw))
    return sanitise(raw).rstrip("\n")


def tidy(text: str) -> str:
    """Without blank lines at both ends, and with at most two blank lines in a row."""
    return _EXTRA_BLANK_LINES.sub("\n\n\n", text).strip("\n")


FORMAT = Format(name="text", rank=100, claims=lambda source: True, read=read_text)
