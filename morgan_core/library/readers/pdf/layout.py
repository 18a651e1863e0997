"""The order in which a page is read.

pdfium gives the order of the content stream, which the program that made the PDF chose and which
is nearly always that of reading. Where it is clearly not (lines jump back up again and again, or
two columns of prose are interleaved line by line), the order is made from the places: white
gutters part columns, lines that cross a gutter part what is above from what is below, as in a
recursive XY cut (Nagy and Seth 1984).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate, pairwise
from statistics import median

from morgan_core.library.readers.pdf.lines import Line, Page, Rect
from morgan_core.types import Record

_FEWEST = 6
"""Lines below which a page has no order to speak of."""

_BIN = 2.0
"""Points per step in which gutters are sought."""

_GUTTER = 3
"""Steps that a gutter is wide at least."""

_COLUMN_LINES = 5
_PROSE_CHARACTERS = 16
_PROSE_WIDTH = 0.55
"""A column is prose when its lines have this many characters and this share of its width, each
in the median: cells of tables are shorter."""

_CROSSING = 0.25
"""Lines across a gutter, at most, as a share of the lines on its emptier side."""

_PROSE_SHARE = 0.5
"""Share of the lines of a page that have so many characters: on pages of tables, forms and
charts the order of the content is the better one, because it keeps together what belongs to
one of them."""

_JUMPS = 3
_RETURNS, _SHARE_OF_RETURNS = 4, 0.15
"""From how many steps on an order is wrong: back up in one column, back to a column on the left
(as a share of the lines too, because a page may hold several articles)."""

_BETTER = 3
"""How many times fewer wrong steps another order must have."""

_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_WORD_BROKEN = re.compile(r"[^\W\d_]-$")


class _Part(Record, frozen=True):
    """A line, or the part of it that stands in one column."""

    line: Line
    rect: Rect


def in_reading_order(page: Page) -> tuple[Line, ...]:
    """The page's lines in the order of reading; the order of the content where that is right.

    A line that runs through several columns of prose is split where they part.
    """
    known = [line for line in page.lines if line.upright]
    if len(known) < _FEWEST or 2 * len(known) < sum(line.rect is not None for line in page.lines):
        return page.lines
    prose = sum(len(line.text) >= _PROSE_CHARACTERS for line in known)
    if not page.width or prose < _PROSE_SHARE * len(known) or _is_right_to_left(known):
        return page.lines
    if not _looks_wrong(known):
        return page.lines
    gutters = _gutters(known, page.width)
    parts = [part for line in known for part in _split(line, gutters)]
    if not _is_wrong(parts, gutters):
        return page.lines
    ordered = _ordered(parts, gutters)
    if sum(_wrong_steps(ordered, gutters)) * _BETTER > sum(_wrong_steps(parts, gutters)):
        return page.lines
    rest = [line for line in page.lines if not line.upright]
    return (*_with_hyphens([part.line for part in ordered]), *rest)


def _is_right_to_left(lines: Sequence[Line]) -> bool:
    return 2 * sum(_RIGHT_TO_LEFT.search(line.text) is not None for line in lines) > len(lines)


# --- columns -------------------------------------------------------------------------------


def _gutters(lines: Sequence[Line], width: float) -> list[float]:
    """Where columns of prose part, from left to right."""
    spans = [span for line in lines for span in _spans(line)]
    size = max(int(max(width, *(right for _, right, _ in spans)) / _BIN) + 2, 1)
    if size > 10_000:
        return []
    covered, ended, begun = [0] * size, [0] * size, [0] * size
    for left, right, _ in spans:
        first, last = max(0, int(left / _BIN)), max(0, int(right / _BIN))
        covered[first] += 1
        covered[last + 1] -= 1
        ended[last] += 1
        begun[first] += 1
    covered, ended = list(accumulate(covered)), list(accumulate(ended))
    begun = list(accumulate(begun))
    total = begun[-1]
    candidates: list[float] = []
    start: int | None = None
    for at in range(size):
        beside = min(ended[at - 1] if at else 0, total - begun[at])
        clear = beside >= _COLUMN_LINES and covered[at] <= beside * _CROSSING
        if clear and start is None:
            start = at
        elif not clear and start is not None:
            if at - start >= _GUTTER:
                candidates.append(_emptiest(covered, start, at) * _BIN)
            start = None
    return _between_prose(candidates, spans, width)


def _spans(line: Line) -> list[tuple[float, float, int]]:
    """Left and right of what stands between the gaps of ``line``, and its characters."""
    assert line.rect is not None
    share = len(line.text) / max(line.rect.width, 1)
    edges = [line.rect.left, *(x for gap in line.gaps for x in gap[:2]), line.rect.right]
    return [
        (left, right, round((right - left) * share))
        for left, right in zip(edges[::2], edges[1::2], strict=True)
        if right > left
    ]


def _emptiest(covered: Sequence[int], start: int, end: int) -> float:
    least = min(covered[start:end])
    steps = [at for at in range(start, end) if covered[at] == least]
    return (steps[0] + steps[-1] + 1) / 2


def _between_prose(
    candidates: list[float], spans: Sequence[tuple[float, float, int]], width: float
) -> list[float]:
    """The candidates that have a column of prose on both sides."""
    edges = [0.0, *candidates, width]
    prose = []
    for left, right in pairwise(edges):
        inside = [span for span in spans if span[0] >= left - _BIN and span[1] <= right + _BIN]
        if len(inside) < _COLUMN_LINES:
            prose.append(False)
            continue
        reach = max(span[1] for span in inside) - min(span[0] for span in inside)
        prose.append(
            median(span[2] for span in inside) >= _PROSE_CHARACTERS
            and median(span[1] - span[0] for span in inside) >= reach * _PROSE_WIDTH
        )
    return [
        x
        for x, (before, after) in zip(candidates, pairwise(prose), strict=True)
        if before and after
    ]


def _split(line: Line, gutters: Sequence[float]) -> list[_Part]:
    """The parts of the line between the gutters; one part when a gap of it is no gutter."""
    assert line.rect is not None
    gaps = [g for g in line.gaps if g.offset and any(g.left <= x <= g.right for x in gutters)]
    if not gaps or len(gaps) != len(line.gaps):
        return [_Part(line, line.rect)]
    parts = []
    for gap in reversed(gaps):
        line, after = line.split(gap)
        parts.append(after)
    return [_Part(part, part.rect) for part in (line, *reversed(parts)) if part.rect is not None]


# --- order ---------------------------------------------------------------------------------


def _looks_wrong(lines: Sequence[Line]) -> bool:
    """Whether it is worth while to look for columns."""
    steps = pairwise(line.rect for line in lines if line.rect is not None)
    back = sum(b.right <= a.left or b.bottom > a.top - 0.2 * a.height for a, b in steps)
    return back >= _JUMPS or sum(_may_be_two(line) for line in lines) >= _RETURNS


def _may_be_two(line: Line) -> bool:
    """Whether lines of two columns of prose may stand in it."""
    return any(
        gap.offset >= _PROSE_CHARACTERS and len(line.text) - gap.offset >= _PROSE_CHARACTERS
        for gap in line.gaps
    )


def _is_wrong(parts: Sequence[_Part], gutters: Sequence[float]) -> bool:
    jumps, returns = _wrong_steps(parts, gutters)
    return jumps >= _JUMPS or returns >= max(_RETURNS, _SHARE_OF_RETURNS * len(parts))


def _wrong_steps(parts: Sequence[_Part], gutters: Sequence[float]) -> tuple[int, int]:
    """How often the next line stands above in the same column, and in a column on the left."""
    jumps = returns = 0
    for part, following in pairwise(parts):
        a, b = part.rect, following.rect
        overlap = min(a.right, b.right) - max(a.left, b.left)
        if b.bottom > a.top - 0.2 * a.height and overlap > 0.3 * min(a.width, b.width):
            jumps += 1
        elif any(b.right <= x <= a.left for x in gutters):
            returns += 1
    return jumps, returns


def _ordered(parts: Sequence[_Part], gutters: Sequence[float]) -> list[_Part]:
    if len(parts) < 2:
        return list(parts)
    inner = [
        x
        for x in gutters
        if any(p.rect.right <= x for p in parts) and any(p.rect.left >= x for p in parts)
    ]
    if not inner:
        return _from_top(parts)
    x = min(inner, key=lambda x: sum(_crosses(part, x) for part in parts))
    across = sorted((p for p in parts if _crosses(p, x)), key=lambda p: -p.rect.middle)
    bounds = [float("inf"), *(part.rect.middle for part in across), float("-inf")]
    rest = [part for part in inner if part != x]
    ordered: list[_Part] = []
    for number, (top, bottom) in enumerate(pairwise(bounds)):
        band = [p for p in parts if not _crosses(p, x) and bottom < p.rect.middle <= top]
        ordered += _ordered([p for p in band if p.rect.right <= x], rest)
        ordered += _ordered([p for p in band if p.rect.left >= x], rest)
        ordered += across[number : number + 1]
    return ordered


def _crosses(part: _Part, x: float) -> bool:
    return part.rect.left < x < part.rect.right


def _from_top(parts: Sequence[_Part]) -> list[_Part]:
    """One column: as it is when it runs down, else row by row."""
    if not any(_wrong_steps(parts, ())):
        return list(parts)
    ordered: list[_Part] = []
    row: list[_Part] = []
    for part in sorted(parts, key=lambda p: -p.rect.middle):
        if row and not part.rect.beside(row[0].rect):
            ordered += sorted(row, key=lambda p: p.rect.left)
            row = []
        row.append(part)
    return ordered + sorted(row, key=lambda p: p.rect.left)


def _with_hyphens(lines: list[Line]) -> list[Line]:
    """pdfium marks a broken word only where its second part follows in the content stream."""
    joined = []
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        broken = following is not None and following.text[:1].islower()
        if not line.hyphen and broken and _WORD_BROKEN.search(line.text):
            text = line.text[:-1]
            joined.append(Line(text=text, rect=line.rect, size=line.size, hyphen=True))
        elif line.hyphen and not broken:
            joined.append(Line(text=line.text + "-", rect=line.rect, size=line.size))
        else:
            joined.append(line)
    return joined
