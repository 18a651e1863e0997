"""Looking at the disk: which regular files there are, and what they contain.

Symbolic links are never followed and special files never opened. Paths here are those of the
operating system; results are keyed by the text form of ``names``.
"""

# Paths are plain strings here: there are many, and any bytes may be in them.
# ruff: noqa: PTH116, PTH118, PTH119
from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from morgan_core.errors import UnreadableFile
from morgan_core.library.ignore import IGNORE_FILES
from morgan_core.library.names import to_text
from morgan_core.library.nofollow import open_below, stat_below
from morgan_core.library.reconcile import Seen
from morgan_core.library.secret_files import holds_private_key
from morgan_core.library.skip import Place

_BLOCK = 1 << 20
_INODE_MASK = (1 << 63) - 1
"""SQL integers are signed; some file systems use all 64 bits."""

_LONGEST_PATH = 4095
"""Bytes of a path that Linux opens (PATH_MAX, less its end)."""

_LONGEST_NAME_WE_ADD = "/.git/info/exclude"


@dataclass(slots=True)
class Scan:
    """``skipped`` are the paths that are left out, by reason; a folder that is not entered is
    one. ``blind`` are folders and files that could not be looked at: nothing is known of them.
    """

    files: dict[str, Seen] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    blind: dict[str, str] = field(default_factory=dict)


class StillChanging(Exception):
    """The file was written to while it was being read."""


def seen(status: os.stat_result) -> Seen:
    return Seen(status.st_size, status.st_mtime_ns, status.st_ino & _INODE_MASK)


def why_not_regular(mode: int) -> str:
    """The reason why something that is no regular file is skipped; empty for a regular file."""
    if stat.S_ISREG(mode):
        return ""
    if stat.S_ISLNK(mode):
        return "symbolic link"
    return "folder" if stat.S_ISDIR(mode) else "special file"


def why_blind(error: OSError) -> str:
    """What keeps us from looking, in the words of the system."""
    why = (error.strerror or str(error)).lower()
    name = os.path.basename(error.filename) if isinstance(error.filename, str) else ""
    return f"{name}: {why}" if name in IGNORE_FILES else why


@dataclass(slots=True)
class _Folder:
    """A folder to be looked at; ``above`` are the device and inode of those it lies in."""

    place: Place
    above: tuple[tuple[int, int], ...]


def scan_tree(
    top: Place, root: str, scan: Scan, *, leave_out: Callable[[str], bool] = lambda _folder: False
) -> None:
    """Add every regular file below ``top``, which lies below ``root``, to ``scan``.

    ``leave_out`` is asked for each folder, by its text form, whether to stay out of it.
    """
    folders = [_Folder(top, ())]
    while folders:
        folder = folders.pop()
        where = folder.place.folder
        try:
            with _opened(root, where) as (this, entries):
                if this in folder.above:
                    scan.skipped[to_text(where)] = "folder in itself"
                    continue
                for entry in entries:
                    _look(entry, folder.place, (*folder.above, this), scan, leave_out, folders)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            scan.blind[to_text(where)] = why_blind(error)


@contextmanager
def _opened(root: str, folder: str) -> Iterator[tuple[tuple[int, int], Iterator[os.DirEntry[str]]]]:
    """The device and inode of ``folder``, and its entries."""
    if os.scandir not in os.supports_fd:
        status = os.stat(folder, follow_symlinks=False)
        with os.scandir(folder) as entries:
            yield (status.st_dev, status.st_ino), entries
        return
    descriptor = open_below(root, folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        status = os.fstat(descriptor)
        with os.scandir(descriptor) as entries:
            yield (status.st_dev, status.st_ino), entries
    finally:
        os.close(descriptor)


def _look(
    entry: os.DirEntry[str],
    place: Place,
    above: tuple[tuple[int, int], ...],
    scan: Scan,
    leave_out: Callable[[str], bool],
    folders: list[_Folder],
) -> None:
    path = os.path.join(place.folder, entry.name)
    text = to_text(path)
    try:
        folder = entry.is_dir(follow_symlinks=False)
        if _is_too_long(path + _LONGEST_NAME_WE_ADD if folder else path):
            scan.skipped[text] = "path too long"
        elif not folder:
            _add(entry, path, text, place, scan)
        elif not leave_out(text):
            inner = place.enter(entry.name)
            if isinstance(inner, str):
                scan.skipped[text] = inner
            else:
                folders.append(_Folder(inner, above))
    except FileNotFoundError:
        return
    except OSError as error:
        scan.blind[text] = why_blind(error)


def _is_too_long(path: str) -> bool:
    return len(path) > _LONGEST_PATH // 4 and len(os.fsencode(path)) > _LONGEST_PATH


def _add(entry: os.DirEntry[str], path: str, text: str, place: Place, scan: Scan) -> None:
    if reason := place.why_skip_file(entry.name):
        scan.skipped[text] = reason
        return
    # On Windows the entry's own stat knows no inode.
    status = (
        os.stat(path, follow_symlinks=False)
        if os.name == "nt"
        else entry.stat(follow_symlinks=False)
    )
    if reason := why_not_regular(status.st_mode):
        scan.skipped[text] = reason
    else:
        scan.files[text] = seen(status)


class SizeLimit(NamedTuple):
    """The largest file that is taken in, in bytes, and how to have larger ones."""

    bytes: int
    mend: str = "Raise max_file_size to take it in."


def fingerprint(path: str, limit: SizeLimit, *, root: str) -> tuple[Seen, str]:
    """What is at ``path`` below ``root`` now, and the sha256 of it.

    Raises FileNotFoundError when it is gone, StillChanging, and UnreadableFile with the reason
    when it cannot or must not be read; its detail ``seen`` is the Seen, or None.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = open_below(root, path, flags)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise UnreadableFile(
            f"Cannot be opened: {error.strerror}.", seen=_seen(root, path)
        ) from error
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        found = seen(status)
        if reason := why_not_regular(status.st_mode):
            raise UnreadableFile(f"Is a {reason}.", seen=None)
        if found.size > limit.bytes:
            raise UnreadableFile(
                f"Has {found.size / 2**20:,.0f} MiB, more than the {limit.bytes / 2**20:,.0f} allowed.",
                mend=limit.mend,
                seen=found,
            )
        digest = hashlib.sha256()
        left = found.size
        try:
            block = file.read(_BLOCK)
            if holds_private_key(block, os.path.basename(path)):
                raise UnreadableFile("Holds a private key.", seen=found)
            while block and left >= 0:
                left -= len(block)
                digest.update(block)
                block = file.read(_BLOCK)
        except OSError as error:
            raise UnreadableFile(f"Cannot be read: {error.strerror}.", seen=found) from error
        if seen(os.fstat(descriptor)) != found:
            raise StillChanging(path)
        return found, digest.hexdigest()


def _seen(root: str, path: str) -> Seen | None:
    try:
        status = stat_below(root, path)
    except OSError:
        return None
    return seen(status) if stat.S_ISREG(status.st_mode) else None
