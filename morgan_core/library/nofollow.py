"""Opening what lies below a folder without ever following a symbolic link on the way."""

# Paths are plain strings here: there are many, and any bytes may be in them.
# ruff: noqa: PTH206
from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER = _NO_LINK | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_PATH", 0)
_CAN_WALK = os.open in os.supports_dir_fd and os.stat in os.supports_dir_fd


def open_below(root: str, path: str, flags: int) -> int:
    """Open ``path``, which is ``root`` or lies below it; return the descriptor.

    Each folder on the way is opened from the one before, so that a link put in the place of one
    in the same moment is refused too, and paths may be longer than the system allows. The way to
    ``root`` may hold links. Raises OSError; NotADirectoryError for a link on the way, ELOOP for
    one at its end. Where the system cannot walk so (Windows), only the last part is guarded.
    """
    with _way(root, path) as (folder, name):
        return os.open(name, flags | _NO_LINK, dir_fd=folder)


def stat_below(root: str, path: str) -> os.stat_result:
    """What is at ``path``, be it a link; found and refused as by ``open_below``."""
    with _way(root, path) as (folder, name):
        return os.stat(name, dir_fd=folder, follow_symlinks=False)


@contextmanager
def _way(root: str, path: str) -> Iterator[tuple[int | None, str]]:
    """The descriptor of the folder that holds ``path``, and the name in it."""
    if path == root or not _CAN_WALK:
        yield None, path
        return
    *folders, name = path[len(root) :].strip(os.sep).split(os.sep)
    folder = os.open(root, _FOLDER & ~getattr(os, "O_NOFOLLOW", 0))
    try:
        for part in folders:
            inner = os.open(part, _FOLDER, dir_fd=folder)
            os.close(folder)
            folder = inner
        yield folder, name
    finally:
        os.close(folder)
