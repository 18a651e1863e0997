"""Running heads, footers and page numbers: lines that stand at the same place at the edge of
page after page, the same but for the page's number. They are no text of the document."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from statistics import median

import msgspec

from morgan_core.library.readers.pdf.lines import Line, Page, Rect
from morgan_core.types import Record

_EDGE = 0.15
"""Share of a page's height that is its edge, above and below."""

_MOST_ROWS = 4
_LONGEST = 200
_FEWEST_PAGES = 3
_DENSITY = 0.4
"""Least share of the pages between the first and the last one with the line that have it: a line
of left pages only stands on every other one."""

_SAME_PLACE = 4.0
"""Points that one line may stand higher or lower from page to page."""

_SET_APART = 1.6
"""White space around a running line, in heights of its letters, where it is not the same line on
every page."""

_SMALL = 0.95
"""Letters this many times as high as the text's are those of no title."""

_ALIKE = 0.8
"""Share of the pages whose number must be that of the page."""

_TABLE_ROW = 2
"""Gaps in a line from which on it may be the head of a table that goes on from page to page."""

_NUMBER = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxlc]{1,8}")
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_PAGE_WORDS = frozenset(
    (
        *("p", "pg", "page", "pages", "of", "s", "seite", "seiten", "von"),
        *("página", "páginas", "pagina", "pagine", "de", "di", "sur", "стр", "страница", "из"),
    )
)


class _Candidate(Record, frozen=True):
    """A line at the edge of page ``page`` (from 0), ``index`` in its lines. ``apart`` says that
    white space parts it from the text, ``parted`` that it has some within."""

    page: int
    index: int
    rect: Rect
    size: float
    numbers: tuple[int, ...]
    apart: bool
    parted: bool


def without_running_lines(pages: Sequence[Page], titles: Collection[str] = ()) -> list[Page]:
    """The pages without their running heads, footers and page numbers.

    ``titles``, case-folded, are no such lines. Nothing is left out of a document in which hardly
    anything else would remain.
    """
    if len(pages) < _FEWEST_PAGES:
        return list(pages)
    edges: list[tuple[int, list[list[int]]]] = []
    groups: dict[tuple[bool, str], list[_Candidate]] = defaultdict(list)
    for number, page in enumerate(pages):
        for upper in (True, False):
            rows = _rows_at_edge(page, upper=upper)
            edges.append((number, rows))
            for candidate, text in _candidates(page, number, rows):
                if text not in titles:
                    groups[upper, _template(text)].append(candidate)
    body = median([line.size for page in pages for line in page.lines if line.size] or [0.0])
    repeated = {
        (candidate.page, candidate.index)
        for (upper, template), candidates in groups.items()
        for group in _at_one_place(candidates)
        if _is_running(template, group, body, upper=upper)
        for candidate in group
    }
    running: dict[int, set[int]] = defaultdict(set)
    for number, rows in edges:
        for row in rows:
            running[number] |= {index for index in row if (number, index) in repeated}
            if not running[number].issuperset(row):
                break
    kept = [_without(page, running[number]) for number, page in enumerate(pages)]
    with_rest = sum(
        any(line.text.strip() for line in page.lines)
        for number, page in enumerate(kept)
        if running[number]
    )
    return kept if with_rest >= _FEWEST_PAGES else list(pages)


def _without(page: Page, indexes: Collection[int]) -> Page:
    if not indexes:
        return page
    lines = tuple(line for n, line in enumerate(page.lines) if n not in indexes)
    return msgspec.structs.replace(page, lines=lines)


def _rows_at_edge(page: Page, *, upper: bool) -> list[list[int]]:
    """The indexes of the lines at the upper or lower edge, row by row inwards."""
    rows: list[list[int]] = []
    first: Rect | None = None
    for index, rect in _from_edge(page, upper=upper):
        middle = page.height - rect.middle if upper else rect.middle
        if middle > page.height * _EDGE:
            break
        if first is not None and rect.beside(first):
            rows[-1].append(index)
        elif len(rows) == _MOST_ROWS:
            break
        else:
            rows.append([index])
            first = rect
    return rows


def _from_edge(page: Page, *, upper: bool) -> list[tuple[int, Rect]]:
    found = [
        (index, line.rect)
        for index, line in enumerate(page.lines)
        if line.rect is not None and line.upright and line.text.strip()
    ]
    return sorted(found, key=lambda pair: pair[1].middle, reverse=upper)


def _candidates(page: Page, number: int, rows: list[list[int]]) -> Iterator[tuple[_Candidate, str]]:
    """The lines of ``rows`` that may be running ones, with their text as it is compared."""
    flat = {index for row in rows for index in row}
    inside = [line.rect for n, line in enumerate(page.lines) if n not in flat and line.rect]
    for at, row in enumerate(rows):
        following = rows[at + 1] if at + 1 < len(rows) else []
        next_rects = [page.lines[index].rect for index in following] or inside
        for index in row:
            line = page.lines[index]
            if line.rect is None or len(line.text) > _LONGEST or _goes_on(line, following, page):
                continue
            distance = min(
                (max(r.bottom - line.rect.top, line.rect.bottom - r.top) for r in next_rects if r),
                default=0.0,
            )
            text = " ".join(unicodedata.normalize("NFKC", line.text).casefold().split())
            yield (
                _Candidate(
                    page=number,
                    index=index,
                    rect=line.rect,
                    size=line.size,
                    numbers=_numbers(text),
                    apart=distance > _SET_APART * line.rect.height,
                    parted=bool(line.gaps),
                ),
                text,
            )


def _goes_on(line: Line, following: list[int], page: Page) -> bool:
    """Whether it looks like the head of a table."""
    return len(line.gaps) >= _TABLE_ROW and any(
        len(page.lines[index].gaps) >= _TABLE_ROW for index in following
    )


def _template(text: str) -> str:
    return "#" if _ROMAN.fullmatch(text) else _NUMBER.sub("#", text)


def _numbers(text: str) -> tuple[int, ...]:
    if _ROMAN.fullmatch(text):
        values = [_ROMAN_VALUES[letter] for letter in text]
        pairs = zip(values, [*values[1:], 0], strict=True)
        return (sum(-value if value < following else value for value, following in pairs),)
    # A number of more digits counts nothing.
    return tuple(int(number[:9]) for number in _NUMBER.findall(text))


def _at_one_place(candidates: list[_Candidate]) -> Iterator[list[_Candidate]]:
    """The candidates in groups of about the same height on the page."""
    group: list[_Candidate] = []
    for candidate in sorted(candidates, key=lambda c: c.rect.middle):
        if group and candidate.rect.middle - group[0].rect.middle > _SAME_PLACE:
            yield group
            group = []
        group.append(candidate)
    if group:
        yield group


def _is_running(template: str, group: list[_Candidate], body: float, *, upper: bool) -> bool:
    """``body`` is the height of the letters of most lines."""
    numbers = {candidate.page: candidate.numbers for candidate in group}
    pages = sorted(numbers)
    if len(pages) < _FEWEST_PAGES or len(pages) < _DENSITY * (pages[-1] - pages[0] + 1):
        return False
    if not all(
        _is_told(values, pages) for values in zip(*(numbers[p] for p in pages), strict=True)
    ):
        return False
    if len(set(numbers.values())) == 1:
        return True
    half = len(group) / 2
    words = set(re.findall(r"[^\W\d_]+", template))
    if words <= _PAGE_WORDS:
        return True
    # Words with a number may be a title ("Lesson 3"): these look like none.
    plain = not upper or (
        median(c.size for c in group) <= _SMALL * body or sum(c.parted for c in group) > half
    )
    return plain and sum(c.apart for c in group) > half


def _is_told(values: tuple[int, ...], pages: list[int]) -> bool:
    """Whether a number is that of the page, stays the same, or counts chapters."""
    _, most = Counter(v - p for v, p in zip(values, pages, strict=True)).most_common(1)[0]
    if most >= _ALIKE * len(pages):
        return True
    ascending = all(a <= b for a, b in pairwise(values))
    return ascending and len(set(values)) <= max(1, len(pages) // _FEWEST_PAGES)
