"""reStructuredText: the source text, its sections and its fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from unicodedata import east_asian_width

from morgan_core.library.readers.base import Extracted, Format, Heading, Source
from morgan_core.library.readers.decoding import decode
from morgan_core.library.readers.text import keep_lines

_SUFFIXES = frozenset((".rst", ".rest"))
_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1*[ \t]*$")
_SHORTEST = 4
"""Characters from which on an underline may be shorter than its title, as docutils has it."""

_NO_TITLE = re.compile(r"\s|\.\.(?:\s|$)|[-*+•‣⁃]\s|:[^:\s][^:]*:(?:\s|$)")
_FIELD = re.compile(r":(author|authors|date|version|copyright|organization):[ \t]+(\S.*)", re.I)
_ROLE = re.compile(r":[\w:.+-]+:`([^`<]*?)\s*(?:<[^>`]*>)?`")
_LINK = re.compile(r"`([^`<]*?)\s*(?:<[^>`]*>)?`__?")
_EMPHASIS = re.compile(r"(\*\*|\*|``|`|\|)(?=\S)(.+?)(?<=\S)\1")
_FIELDS_WITHIN = 40
_LONGEST_TITLE = 300


def read_rst(source: Source) -> Extracted:
    """The source text; the title is that of the first section."""
    raw, encoding = decode(source.content)
    text = keep_lines(raw)
    headings = tuple(_sections(text))
    fields = (_FIELD.match(line) for line in text.split("\n", _FIELDS_WITHIN)[:_FIELDS_WITHIN])
    return Extracted(
        text=text,
        kind="rst",
        title=headings[0].title if headings else "",
        headings=headings,
        cuts=tuple(heading.offset for heading in headings if heading.offset),
        lines=True,
        metadata={field[1].lower(): field[2].rstrip() for field in fields if field}
        | {"encoding": encoding},
    )


def _sections(text: str) -> Iterator[Heading]:
    """Titles with a line below, or lines above and below. Each new style of these is a level
    deeper, in the order in which they turn up (docutils' specification, "Sections")."""
    lines = text.split("\n")
    offsets = [0, *accumulate(len(line) + 1 for line in lines)]
    styles: list[tuple[str, bool]] = []
    at = 0
    while at + 1 < len(lines):
        over = at + 2 < len(lines) and _frames(lines[at], lines[at + 1], lines[at + 2])
        if over or (_is_title(lines, at) and _underlines(lines[at], lines[at + 1])):
            style = (lines[at + 1 + over][0], over)
            if style not in styles:
                styles.append(style)
            title = _plain(lines[at + over].strip())
            yield Heading(offset=offsets[at], level=styles.index(style) + 1, title=title)
            at += 2 + over
        else:
            at += 1


def _frames(over: str, title: str, under: str) -> bool:
    if not _ADORNMENT.match(over) or over.rstrip() != under.rstrip():
        return False
    return (
        bool(title.strip()) and not _ADORNMENT.match(title) and _wide_enough(title.strip(), under)
    )


def _is_title(lines: list[str], at: int) -> bool:
    """Whether the line can be a title: a paragraph's only one, and of no list or field."""
    if not lines[at].strip() or _NO_TITLE.match(lines[at]) or _ADORNMENT.match(lines[at]):
        return False
    return at == 0 or not lines[at - 1].strip() or lines[at - 1].startswith("..")


def _underlines(title: str, under: str) -> bool:
    return _ADORNMENT.match(under) is not None and _wide_enough(title.rstrip(), under)


def _wide_enough(title: str, under: str) -> bool:
    length = len(under.rstrip())
    return length >= _SHORTEST or length >= sum(1 + (east_asian_width(c) in "WF") for c in title)


def _plain(title: str) -> str:
    title = title[:_LONGEST_TITLE]
    for markup in (_ROLE, _LINK):
        title = markup.sub(r"\1", title)
    return _EMPHASIS.sub(r"\2", title).strip()


FORMAT = Format(
    name="rst", rank=52, claims=lambda source: source.suffix in _SUFFIXES, read=read_rst
)
