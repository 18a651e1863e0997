"""A look at some paths of the disk: what is there, what is gone, which roots are intact."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from morgan_core.library.names import on_disk, parents, to_text
from morgan_core.library.reconcile import Seen
from morgan_core.library.scan import Scan, scan_tree, seen, why_not_regular
from morgan_core.library.skip import why_skip
from morgan_core.storage.catalogue_rows import FileRow

Identity = tuple[int, int]
"""Device and inode of a folder."""


@dataclass(slots=True)
class Look:
    """``scan`` holds the regular files; ``folders`` are the paths that are folders, or that are
    not there: what was known below them counts too. ``single`` are the other paths."""

    scan: Scan = field(default_factory=Scan)
    folders: set[str] = field(default_factory=set)
    single: set[str] = field(default_factory=set)
    seconds: float = 0.0


def look_at(
    paths: Mapping[str, str],
    *,
    leave_out: Callable[[str], bool],
    known: Callable[[str], bool],
) -> Look:
    """Look at ``paths``, given with the root of each; folders are looked at with all below.

    ``known`` tells whether a path is that of a known file.
    """
    began = time.perf_counter()
    look = Look()
    for path, root in paths.items():
        real = on_disk(path)
        if why_skip(real, on_disk(root)):
            look.single.add(path)
            continue
        try:
            status = os.lstat(real)
        except (FileNotFoundError, NotADirectoryError):
            (look.single if known(path) else look.folders).add(path)
            continue
        except OSError as error:
            look.scan.blind[path] = error.strerror or str(error)
            continue
        if stat.S_ISDIR(status.st_mode):
            look.folders.add(path)
            scan_tree(real, look.scan, leave_out=leave_out)
        else:
            look.single.add(path)
            if reason := why_not_regular(status.st_mode):
                look.scan.skipped[reason] += 1
            else:
                look.scan.files[path] = seen(status)
    look.seconds = time.perf_counter() - began
    return look


def look_at_known(rows: Iterable[FileRow]) -> Look:
    """Look at the files of ``rows`` alone."""
    began = time.perf_counter()
    look = Look()
    for row in rows:
        look.single.add(row.path)
        try:
            status = os.lstat(on_disk(row.path))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            look.scan.blind[row.path] = error.strerror or str(error)
            continue
        if stat.S_ISREG(status.st_mode):
            look.scan.files[row.path] = seen(status)
    look.seconds = time.perf_counter() - began
    return look


def known_in(look: Look, files: Mapping[str, FileRow]) -> dict[str, FileRow]:
    """The known files that ``look`` speaks of; those it was blind for are left out."""
    found = {path: files[path] for path in look.single if path in files}
    if look.folders:
        for path, row in files.items():
            if path in look.folders or not look.folders.isdisjoint(parents(path)):
                found[path] = row
    blind = look.scan.blind.keys()
    if blind:
        found = {
            path: row
            for path, row in found.items()
            if path not in blind and blind.isdisjoint(parents(path))
        }
    return found


def identity(path: str) -> Identity | None:
    """Which folder is at ``path`` (text form); None when there is none."""
    try:
        status = os.stat(on_disk(path))  # noqa: PTH116
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) else None


def stands(path: str) -> bool:
    """Whether a root that was learned once can be looked at: the folder, or a file's folder."""
    return identity(path) is not None or identity(os.path.dirname(path)) is not None  # noqa: PTH120


def is_recent(found: Seen, seconds: float) -> bool:
    """Whether the file was written less than ``seconds`` ago, or in the future."""
    return time.time() - found.mtime_ns / 1e9 < seconds


def real_path(path: str) -> str:
    """The text form of the absolute path without symbolic links."""
    return to_text(os.path.realpath(on_disk(path)))
