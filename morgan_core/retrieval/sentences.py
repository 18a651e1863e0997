"""Where the sentences of a text begin and end."""

from __future__ import annotations

import re
from collections.abc import Iterator

# A single line break is a wrapped line, unless a list item, heading or table row follows.
_sentence_end = re.compile(
    r"[.!?]+[\"'”’)\]]*(?:\s*\[\d+(?:\s*,\s*\d+)*\])*(?=\s|$)|[。！？]"
    r"|\n(?:[ \t]*\n)+|\n(?=[ \t]*(?:[-*•#|>]|\(?\d{1,3}[.)])[ \t])"
)
_abbreviation = re.compile(
    r"(?:\b(?:dr|mr|mrs|ms|prof|st|no|nr|vs|etc|e\.g|i\.e|fig|approx|inc|ltd|jan|feb|mar|apr|"
    r"jun|jul|aug|sep|sept|oct|nov|dec|p|pp|vol|ca|cf)|\b[A-Z])\.$",
    re.IGNORECASE,
)
_list_number = re.compile(r"^\s*\(?\d{1,3}[.)]$")


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Half-open spans of the sentences, without surrounding white space, in order.

    Citations that follow a full stop belong to the sentence before them.
    """
    start = 0
    for match in _sentence_end.finditer(text):
        head = text[start : match.end()]
        if match.group().startswith(".") and len(match.group()) == 1:
            tail = head.rsplit(None, 1)[-1] if head.strip() else ""
            if _abbreviation.search(tail) or _list_number.match(head):
                continue
        yield from _trimmed(text, start, match.end())
        start = match.end()
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
