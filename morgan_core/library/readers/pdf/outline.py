"""Headings: from the bookmarks, or from the sizes of the letters where there are none."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from morgan_core.library.readers.base import Heading
from morgan_core.library.readers.pdf.joining import clean_line
from morgan_core.library.readers.pdf.lines import Line
from morgan_core.types import Record

_LARGER = 1.15
"""How much larger than the body's letters those of a heading are."""

_LONGEST = 120
_LINES = 3
_LEVELS = 4
_MOST = 0.15
"""Largest share of a document's characters in headings; with more it is no text with headings."""

_LEAST_BODY = 800
"""Characters of body text from which on its letters' size is known."""

_PROSE_LINE = 40
"""Characters of a line of prose; most of the body's characters stand in such lines, or it is a
table, whose larger cells are no headings."""

_WORDS = re.compile(r"[^\W\d_]{3}")
_ENDS_SENTENCE = re.compile(r"[.,;:]$")


class Entry(Record, frozen=True):
    """A bookmark: ``page`` counts from 0, None where the bookmark leads nowhere."""

    title: str
    level: int
    page: int | None


def locate(outline: list[Entry], text: str, starts: tuple[int, ...]) -> tuple[Heading, ...]:
    """Turn bookmarks into headings: where the title stands on its page, else the page's start."""
    headings: list[Heading] = []
    previous = 0
    for index, entry in enumerate(outline):
        page = next((e.page for e in outline[index:] if e.page is not None), None)
        title = one_line(entry.title)
        if page is None or not title or not 0 <= page < len(starts):
            continue
        start = starts[page]
        end = starts[page + 1] if page + 1 < len(starts) else len(text)
        after = previous if start <= previous < end else start
        words = r"\s*".join(re.escape(word) for word in title.split())
        found = re.compile(words, re.I).search(text, after, end)
        previous = found.start() if found else after
        headings.append(Heading(offset=previous, level=entry.level, title=title))
    return tuple(sorted(headings, key=lambda heading: heading.offset))


def guess(pages: Sequence[Sequence[Line]], offsets: Mapping[int, int]) -> tuple[Heading, ...]:
    """Headings by the size of their letters; none unless that is clear.

    ``pages`` are the lines as they stand in the text, ``offsets`` where each begins in it.
    """
    weights: Counter[float] = Counter()
    prose = 0
    for lines in pages:
        for line in lines:
            if line.size:
                weights[_rounded(line.size)] += len(line.text)
                prose += len(line.text) if _is_prose(line) else 0
    if not weights:
        return ()
    body, letters = weights.most_common(1)[0]
    total = weights.total()
    if letters < _LEAST_BODY or letters < total / 2 or prose < total / 2:
        return ()
    found = [heading for lines in pages for heading in _on_page(lines, offsets, body)]
    if not found or sum(len(title) for _, _, title in found) > total * _MOST:
        return ()
    sizes = sorted({size for _, size, _ in found}, reverse=True)
    if len(sizes) > _LEVELS:
        return ()
    return tuple(
        Heading(offset=offset, level=sizes.index(size) + 1, title=title)
        for offset, size, title in found
    )


def _on_page(
    lines: Sequence[Line], offsets: Mapping[int, int], body: float
) -> list[tuple[int, float, str]]:
    """Offset, size and title of what is printed larger and has text below it."""
    found: list[tuple[int, float, str]] = []
    runs = list(_runs(lines, body))
    for run, following in zip(runs, [*runs[1:], []], strict=True):
        size = _rounded(run[0].size)
        if not _is_larger(run[0], body) or len(run) > _LINES or id(run[0]) not in offsets:
            continue
        if not following or _rounded(following[0].size) > size or not _leads(following[0], body):
            continue
        title = one_line(" ".join(clean_line(line.text) for line in run))
        if _is_title(title) and all(_stands_alone(line, lines) for line in run):
            found.append((offsets[id(run[0])], size, title))
    return found


def _runs(lines: Sequence[Line], body: float) -> Iterator[list[Line]]:
    """The lines one by one, but adjoining ones in larger letters of one size together."""
    run: list[Line] = []
    for line in lines:
        if not line.text.strip():
            continue
        if run and _is_larger(line, body) and _rounded(line.size) == _rounded(run[0].size):
            run.append(line)
            continue
        if run:
            yield run
        run = [line]
    if run:
        yield run


def _leads(line: Line, body: float) -> bool:
    """Whether a heading may stand above it: a smaller heading, or prose."""
    return _is_larger(line, body) or _is_prose(line)


def _is_prose(line: Line) -> bool:
    return len(line.text) >= _PROSE_LINE and not line.gaps


def _is_larger(line: Line, body: float) -> bool:
    """Whether it may be a heading: in larger letters, along the page, and no row of a table."""
    return _rounded(line.size) >= body * _LARGER and line.upright and not line.gaps


def _stands_alone(line: Line, lines: Sequence[Line]) -> bool:
    """Whether nothing is printed beside it but in another column."""
    rect = line.rect
    return rect is not None and not any(
        other.rect is not None
        and other is not line
        and other.rect.beside(rect)
        and _rounded(other.size) >= _rounded(line.size)
        for other in lines
    )


def _is_title(title: str) -> bool:
    return (
        len(title) <= _LONGEST
        and _WORDS.search(title) is not None
        and _ENDS_SENTENCE.search(title) is None
    )


def _rounded(size: float) -> float:
    return round(size * 2) / 2


def one_line(value: str) -> str:
    """Sanitised, on one line."""
    return " ".join(clean_line(value).split())
