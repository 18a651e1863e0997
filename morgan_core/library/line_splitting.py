"""Splitting code and data between lines, where the least indented statement begins."""

from __future__ import annotations

import re
from collections.abc import Callable

from morgan_core.types import Record

Part = tuple[int, str]

_TAB = 4
_CONTINUES = re.compile(
    r"[)\]}>]|</|(?:else|elif|elsif|elseif|except|rescue|catch|finally|ensure|then|do|done|fi|esac"
    r"|end|and|or|where)\b|[.,:?|&+=]|-(?![- ])"
)
"""How a line begins that belongs to what is above it."""
_LEADS = re.compile(r"[#@]|//|/\*|\*|--|<!--|;")
"""How a line begins that belongs to what is below it: comments, decorators."""


class _Line(Record, frozen=True):
    """A line that is not blank; ``cost`` says how bad it is to begin a part with it."""

    offset: int
    cost: tuple[int, int]


def split_lines(text: str, size: int, split_line: Callable[[str], list[Part]]) -> list[Part]:
    """Cut ``text`` into parts of at most ``size`` characters, each with its offset.

    A part begins with a line indented as little as there is one in reach, after a blank line
    rather than not, never with one that closes or continues what is above; parts of one text are
    about as long as each other. A line that is itself too long is cut by ``split_line``.
    """
    lines = _lines(text)
    parts: list[Part] = []
    start, index = 0, 0
    while len(text) - start > size:
        rest = len(text) - start
        target = rest // -(-rest // size)
        while index < len(lines) and lines[index].offset <= start:
            index += 1
        best: tuple[tuple[int, int], int, int] | None = None
        for line in lines[index:]:
            if line.offset > start + size:
                break
            if line.offset >= start + target // 2:
                choice = (line.cost, abs(line.offset - start - target), line.offset)
                best = min(best, choice) if best else choice
        end = best[2] if best else _line_end(text, start, size)
        if end - start > size:
            parts += [(start + offset, part) for offset, part in split_line(text[start:end])]
        else:
            parts.append((start, text[start:end]))
        start = end
    parts.append((start, text[start:]))
    return parts


def _line_end(text: str, start: int, size: int) -> int:
    """Where the last line that fits ends, or the first line where none does."""
    end = text.rfind("\n", start, start + size) + 1
    if end <= start:
        end = text.find("\n", start + size) + 1
    return end or len(text)


def _lines(text: str) -> list[_Line]:
    lines = []
    offset, after_blank, after_lead = 0, True, False
    for line in text.splitlines(keepends=True):
        bare = line.strip()
        if bare:
            indent = len(line[: len(line) - len(line.lstrip())].expandtabs(_TAB))
            held = after_lead or _CONTINUES.match(bare) is not None
            lines.append(_Line(offset=offset, cost=(indent + 1000 * held, not after_blank)))
            after_lead = _LEADS.match(bare) is not None
        else:
            after_lead = False
        after_blank = not bare
        offset += len(line)
    return lines
