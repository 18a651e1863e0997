"""How wide the terminal is, without ``shutil``, which takes 3 ms to import; and how many rows
of it a text takes."""

from __future__ import annotations

import os
from typing import TextIO


def terminal_columns(stream: TextIO | None) -> int:
    """Columns of ``COLUMNS``, else of the terminal that ``stream`` is, else 80."""
    return _given("COLUMNS") or _size(stream)[0] or 80


def terminal_lines(stream: TextIO | None) -> int:
    """Lines of ``LINES``, else of the terminal that ``stream`` is, else 24."""
    return _given("LINES") or _size(stream)[1] or 24


def rows(text: str, columns: int) -> int:
    """Rows that ``text`` takes on a terminal that is ``columns`` wide."""
    from unicodedata import combining, east_asian_width

    count = 0
    for line in text.split("\n"):
        row, used = 1, 0
        for character in line.expandtabs(8):
            if combining(character):
                continue
            cells = 2 if east_asian_width(character) in "WF" else 1
            if used + cells > columns:
                row, used = row + 1, 0
            used += cells
        count += row
    return count


def _given(name: str) -> int:
    value = os.environ.get(name, "")
    return int(value) if value.isdecimal() else 0


def _size(stream: TextIO | None) -> tuple[int, int]:
    if stream is None:
        return 0, 0
    try:
        return os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return 0, 0
