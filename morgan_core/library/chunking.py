"""Cutting a document's text into chunks along its structure."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import pairwise
from zlib import crc32

from morgan_core.index.context import in_context
from morgan_core.library.line_splitting import split_lines
from morgan_core.library.readers.base import Extracted, heading_paths, line_range
from morgan_core.types import Record

_TINY_PAGES = 8
"""A page below size / _TINY_PAGES characters (a cover, a divider) is joined with the next."""

_BLOCK = 10
"""Sizes per block, at most. The splitter fills chunks from the front, so that in lines or
sentences without stronger structure one word more at the top moves every chunk below it. And its
time grows with the square of a text without boundaries (measured: 74 s for one line of 2 MB)."""

_BOUNDARIES = tuple(
    re.compile(pattern)
    for pattern in (r"\n(?=# )", r"\n(?=## )", r"\n\n+", r"\n", r"[.!?]+\s|[。！？]", r"\s")
)
"""Where a block may end, the strongest first."""

_CONTEXT = 32
"""Characters after a boundary that decide how good it is as the end of a block."""

_BY_LINES = frozenset(("code", "json", "toml", "xml", "yaml"))
_NO_LEVEL = 1000

Cut = tuple[int, int]  # offset, level of the heading there
Splitter = Callable[[str], list[tuple[int, str]]]


class Piece(Record, frozen=True, kw_only=True):
    """One chunk: ``extracted.text[start:end] == text``.

    ``page`` is where it starts, ``place`` what people call that, ``heading`` the path of headings
    above its start, ``ordinal`` counts from 0 within the document, ``sha256`` is that of its
    ``indexed_text`` in UTF-8.
    """

    text: str
    start: int
    end: int
    page: int | None
    place: str
    heading: str
    ordinal: int
    sha256: str


def chunk(extracted: Extracted, *, size: int) -> list[Piece]:
    """Cut the text into pieces of at most ``size`` characters, in order, without overlap.

    Pieces end at the strongest boundary that fits (headings and blocks in Markdown, the least
    indented line in code and data, paragraphs, lines, sentences, words elsewhere) and do not cross
    the files of an archive, nor pages, except from a tiny page into the next, nor the document's own cuts, except to join whole
    units that fit together. A unit too large is cut at the units within it: those whose headings
    are deeper. Only white space is left out. The same text gives the same pieces.
    """
    text = extracted.text
    split = _splitter(extracted.kind, size)
    spans: list[tuple[int, int]] = []
    for segment_start, segment_end in _segments(extracted, size):
        for block_start, block_end in _blocks(text, segment_start, segment_end, size * _BLOCK):
            for offset, part in split(text[block_start:block_end]):
                start, end = _trim(text, block_start + offset, block_start + offset + len(part))
                if start < end:
                    spans.append((start, end))
    return _pieces(extracted, spans)


def indexed_text(extracted: Extracted, start: int, end: int) -> str:
    """What is embedded of ``start``..``end``; its hash is that of the piece."""
    return in_context(extracted.title, extracted.heading_at(start), extracted.text[start:end])


def _pieces(extracted: Extracted, spans: list[tuple[int, int]]) -> list[Piece]:
    offsets = [heading.offset for heading in extracted.headings]
    paths = ["", *heading_paths(extracted.headings)]
    pieces = []
    place = _places(extracted)
    for ordinal, (start, end) in enumerate(spans):
        text = extracted.text[start:end]
        heading = paths[bisect_right(offsets, start)]
        indexed = in_context(extracted.title, heading, text)
        piece = Piece(
            text=text,
            start=start,
            end=end,
            page=extracted.page_at(start),
            place=place(start, end),
            heading=heading,
            ordinal=ordinal,
            sha256=sha256(indexed.encode()).hexdigest(),
        )
        pieces.append(piece)
    return pieces


def _places(extracted: Extracted) -> Callable[[int, int], str]:
    """``Extracted.place_of``, without counting the same lines again for every piece."""
    if not extracted.lines or extracted.places:
        return extracted.place_of
    ends = [at for at, char in enumerate(extracted.text) if char == "\n"]
    return lambda start, end: line_range(
        bisect_left(ends, start) + 1, bisect_left(ends, max(start, end - 1)) + 1
    )


def _splitter(kind: str, size: int) -> Splitter:
    from semantic_text_splitter import MarkdownSplitter, TextSplitter

    if kind == "markdown":
        in_blocks: Splitter = MarkdownSplitter(size, trim=False).chunk_indices
        return in_blocks
    in_words: Splitter = TextSplitter(size, trim=False).chunk_indices
    if kind in _BY_LINES:
        return lambda text: split_lines(text, size, in_words)
    return in_words


def _segments(extracted: Extracted, size: int) -> Iterator[tuple[int, int]]:
    """What no piece crosses: units of a file or a page, as many as fit together."""
    levels = {heading.offset: heading.level for heading in extracted.headings}
    cuts = [(cut, levels.get(cut, _NO_LEVEL)) for cut in extracted.cuts]
    for begin, stop in _pages(extracted, size):
        yield from _joined(begin, stop, _between(cuts, begin, stop), size)


def _joined(start: int, stop: int, cuts: list[Cut], size: int) -> Iterator[tuple[int, int]]:
    """``start``..``stop``, divided at the outermost ``cuts`` and, where that leaves too much,
    at the next ones."""
    if stop - start <= size or not cuts:
        yield start, stop
        return
    outermost = min(level for _, level in cuts)
    bounds = [start, *(cut for cut, level in cuts if level == outermost), stop]
    for unit, following in pairwise(bounds):
        if following - start > size and unit > start:
            yield start, unit
            start = unit
        if following - unit > size:
            yield from _joined(start, following, _between(cuts, start, following), size)
            start = following
    if start < stop:
        yield start, stop


def _between(cuts: list[Cut], start: int, stop: int) -> list[Cut]:
    return cuts[bisect_right(cuts, start, key=_offset) : bisect_left(cuts, stop, key=_offset)]


def _offset(cut: Cut) -> int:
    return cut[0]


def _pages(extracted: Extracted, size: int) -> Iterator[tuple[int, int]]:
    """The files of an archive, or the pages, tiny ones joined with what follows while that fits."""
    end = len(extracted.text)
    if extracted.files:
        yield from pairwise(dict.fromkeys((0, *extracted.files, end)))
        return
    starts = [*extracted.pages, end] if extracted.pages else [0, end]
    begin = starts[0]
    for index, stop in enumerate(starts[1:], start=1):
        following = starts[index + 1] if index + 1 < len(starts) else None
        tiny = stop - begin < size // _TINY_PAGES
        if tiny and following is not None and following - begin <= size:
            continue
        yield begin, stop
        begin = stop


def _blocks(text: str, start: int, end: int, limit: int) -> Iterator[tuple[int, int]]:
    """Cut ``start``..``end`` into blocks of at most ``limit`` at the best boundary at hand.

    Among equally strong ones what follows decides, not the position: after an edit the blocks
    below it end where they did (content-defined chunking, as in Muthitacharoen et al. 2001, with
    the least hash of a window as in Schleimer et al. 2003). So an edit changes the chunks of one
    block.
    """
    while end - start > limit:
        cut = start + limit
        for boundary in _BOUNDARIES:
            found = [m.end() for m in boundary.finditer(text, start + limit // 2, cut)]
            if found:
                cut = min(found, key=lambda at: crc32(text[at : at + _CONTEXT].encode()))
                break
        yield start, cut
        start = cut
    yield start, end


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    end -= len(part) - len(part.rstrip())
    # Indentation is meaning in code and lists: only whole blank lines go at the front.
    stripped = part.lstrip()
    lead = part[: len(part) - len(stripped)]
    return min(end, start + lead.rfind("\n") + 1), end
