"""Markdown: the source text, its headings and its front matter."""

from __future__ import annotations

import re
from collections.abc import Iterator

from morgan_core.library.readers.base import Extracted, Format, Heading, Source
from morgan_core.library.readers.decoding import decode
from morgan_core.library.readers.text import keep_lines

_SUFFIXES = frozenset((".md", ".markdown", ".mdown", ".mkd", ".mkdn", ".mdx", ".qmd", ".rmd"))

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)$")
_INDENTED = re.compile(r" {4}|\t")
_CONTAINER = re.compile(r" {0,3}(?:[>|]|[-*+][ \t]|\d{1,9}[.)][ \t])")
_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_FIELD = re.compile(r"([A-Za-z][\w -]*):[ \t]*(\S.*?)[ \t]*$", re.M)
_LINK = re.compile(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
_EMPHASIS = re.compile(r"(\*{1,3}|_{1,3}|~~|`+)(?=\S)(.+?)(?<=\S)\1")
_LONGEST_TITLE = 300
_ATTRIBUTES = re.compile(r"\s*\{[#.][^}]*\}$")


def read_markdown(source: Source) -> Extracted:
    """The Markdown source; the title is the front matter's, else the first level-1 heading."""
    raw, encoding = decode(source.content)
    text = keep_lines(raw)
    front = _FRONT_MATTER.match(text)
    fields = _fields(front[1]) if front else {}
    headings = tuple(find_headings(text, start=front.end() if front else 0))
    first = next((h.title for h in headings if h.level == 1), "")
    return Extracted(
        text=text,
        kind="markdown",
        title=fields.get("title") or first,
        headings=headings,
        lines=True,
        metadata={**fields, "encoding": encoding},
    )


def find_headings(text: str, *, start: int = 0) -> Iterator[Heading]:
    """The ATX and setext headings (CommonMark §4.2, §4.3) of ``text`` from ``start`` on, outside
    code blocks, titles without markup."""
    offset, paragraph, fence = start, None, ""
    for line in text[start:].splitlines(keepends=True):
        bare = line.rstrip("\n")
        mark = _FENCE.match(bare)
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
            paragraph = None
        elif mark and not (mark[1][0] == "`" and "`" in mark[2]):
            fence, paragraph = mark[1], None
        elif atx := _ATX.match(bare):
            if title := _plain(atx[2] or ""):
                yield Heading(offset=offset, level=len(atx[1]), title=title)
            paragraph = None
        elif paragraph is not None and (under := _SETEXT.match(bare)):
            if title := _plain(" ".join(text[paragraph:offset].split())):
                yield Heading(offset=paragraph, level=1 if under[1][0] == "=" else 2, title=title)
            paragraph = None
        elif not bare.strip() or _CONTAINER.match(bare):
            paragraph = None
        elif paragraph is None and not _INDENTED.match(bare):
            paragraph = offset
        offset += len(line)


def _plain(title: str) -> str:
    title = _ATTRIBUTES.sub("", title[:_LONGEST_TITLE])
    title = _LINK.sub(r"\1", title)
    return _EMPHASIS.sub(r"\2", title).strip()


def _fields(block: str) -> dict[str, str]:
    """The plain ``name: value`` lines of YAML front matter; nested values are left out."""
    return {
        match[1].strip().lower(): match[2].strip("\"'")
        for match in _FIELD.finditer(block)
        if not match[2].startswith(("[", "{", "|", ">", "&", "*", "!"))
    }


FORMAT = Format(
    name="markdown", rank=50, claims=lambda source: source.suffix in _SUFFIXES, read=read_markdown
)
