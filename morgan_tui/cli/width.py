"""How wide the terminal is, without ``shutil``, which takes 3 ms to import."""

from __future__ import annotations

import os
from typing import TextIO


def terminal_columns(stream: TextIO | None) -> int:
    """Columns of ``COLUMNS``, else of the terminal that ``stream`` is, else 80."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    try:
        return (os.get_terminal_size(stream.fileno()).columns if stream is not None else 0) or 80
    except (OSError, ValueError):
        return 80
