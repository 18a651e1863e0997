"""A look at some paths of the disk: what is there, what is gone, which roots are intact."""

# Paths are plain strings here: there are many, and any bytes may be in them.
# ruff: noqa: PTH116, PTH119, PTH120
from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from morgan_core.library.names import on_disk, parents, to_text
from morgan_core.library.nofollow import stat_below
from morgan_core.library.reconcile import Seen
from morgan_core.library.scan import Scan, scan_tree, seen, why_blind, why_not_regular
from morgan_core.library.skip import Place, place_of_root
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
    places = _Places()
    for path, root in sorted(paths.items()):
        if any(paths.get(folder) == root for folder in parents(path) if folder in look.folders):
            continue
        try:
            _look_at(path, root, look, places, leave_out=leave_out, known=known)
        except OSError as error:
            look.scan.blind[path] = why_blind(error)
    look.seconds = time.perf_counter() - began
    return look


def _look_at(
    path: str,
    root: str,
    look: Look,
    places: _Places,
    *,
    leave_out: Callable[[str], bool],
    known: Callable[[str], bool],
) -> None:
    real, top = on_disk(path), on_disk(root)
    parent = None if real == top else places.of(os.path.dirname(real), top)
    if isinstance(parent, str):
        look.single.add(path)
        look.folders.add(path)
        return
    name = os.path.basename(real)
    try:
        status = stat_below(top, real)
    except (FileNotFoundError, NotADirectoryError):
        (look.single if known(path) else look.folders).add(path)
        return
    if stat.S_ISDIR(status.st_mode):
        look.folders.add(path)
        place = places.of(real, top)
        if isinstance(place, str):
            look.scan.skipped[path] = place
        else:
            scan_tree(place, top, look.scan, leave_out=leave_out)
        return
    look.single.add(path)
    if not known(path) and not stat.S_ISREG(status.st_mode):
        look.folders.add(path)  # a folder may have been there
    reason = parent.why_skip_file(name) if parent else ""
    if reason := reason or why_not_regular(status.st_mode):
        look.scan.skipped[path] = reason
    else:
        look.scan.files[path] = seen(status)


class _Places:
    """The places of folders, each found once; in place of one that is left out, the reason."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Place | str] = {}

    def of(self, folder: str, root: str) -> Place | str:
        """The place of ``folder`` at or below ``root``."""
        key = (folder, root)
        if key not in self._known:
            if folder == root:
                self._known[key] = place_of_root(root)
            else:
                outer = self.of(os.path.dirname(folder), root)
                inner = outer if isinstance(outer, str) else outer.enter(os.path.basename(folder))
                self._known[key] = inner
        return self._known[key]


def look_at_known(rows: Iterable[FileRow]) -> Look:
    """Look at the files of ``rows`` alone."""
    began = time.perf_counter()
    look = Look()
    for row in rows:
        look.single.add(row.path)
        try:
            status = stat_below(on_disk(row.root), on_disk(row.path))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            look.scan.blind[row.path] = why_blind(error)
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
        status = os.stat(on_disk(path))
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISDIR(status.st_mode) else None


def stands(path: str) -> bool:
    """Whether a root that was learned once can be looked at: the folder, or a file's folder."""
    return identity(path) is not None or identity(os.path.dirname(path)) is not None


def is_recent(found: Seen, seconds: float) -> bool:
    """Whether the file was written less than ``seconds`` ago, or in the future."""
    return time.time() - found.mtime_ns / 1e9 < seconds


def real_path(path: str) -> str:
    """The text form of the absolute path without symbolic links."""
    return to_text(os.path.realpath(on_disk(path)))
