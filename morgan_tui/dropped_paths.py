"""Paths that a terminal pastes when files are dropped on it."""

from __future__ import annotations

import shlex
from pathlib import Path
from urllib.parse import unquote, urlsplit

LONGEST = 20_000
"""Characters; a longer paste is text, not a list of paths."""


def dropped_paths(text: str) -> list[Path]:
    """The existing absolute paths that ``text`` consists of; empty if it holds anything else.

    Understands plain paths with spaces, shell quoting and escapes, ``file://`` URLs, ``~``, and
    several paths apart by white space or line ends.
    """
    text = text.strip()
    if not text or len(text) > LONGEST or not text.startswith(("/", "'", '"', "~", "file://")):
        return []
    whole = _existing(text)
    if whole is not None:
        return [whole]
    lines = [_existing(line.strip()) for line in text.splitlines() if line.strip()]
    if lines and all(lines):
        return [path for path in lines if path is not None]
    try:
        words = shlex.split(text)
    except ValueError:
        return []
    paths = [_existing(word) for word in words]
    return [path for path in paths if path is not None] if all(paths) else []


def _existing(word: str) -> Path | None:
    if word.startswith("file://"):
        word = unquote(urlsplit(word).path)
    try:
        path = Path(word).expanduser()
        return path if path.is_absolute() and path != Path("/") and path.exists() else None
    except (OSError, ValueError, RuntimeError):
        return None
