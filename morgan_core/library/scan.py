"""Looking at the disk: which regular files there are, and what they contain.

Symbolic links are never followed and special files never opened. Paths here are those of the
operating system; results are keyed by the text form of ``names``.
"""

# Paths are plain strings here: there are many, and any bytes may be in them.
# ruff: noqa: PTH116
from __future__ import annotations

import hashlib
import os
import stat
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from morgan_core.errors import UnreadableFile
from morgan_core.library.names import to_text
from morgan_core.library.reconcile import Seen
from morgan_core.library.skip import holds_private_key, why_skip_file, why_skip_folder

_BLOCK = 1 << 20
_INODE_MASK = (1 << 63) - 1
"""SQL integers are signed; some file systems use all 64 bits."""


@dataclass(slots=True)
class Scan:
    """``blind`` are folders and files that could not be looked at: nothing is known of them."""

    files: dict[str, Seen] = field(default_factory=dict)
    skipped: Counter[str] = field(default_factory=Counter)
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


def scan_tree(
    top: str, scan: Scan, *, leave_out: Callable[[str], bool] = lambda _folder: False
) -> None:
    """Add every regular file below ``top`` to ``scan``.

    ``leave_out`` is asked for each folder, by its text form, whether to stay out of it.
    """
    folders = [top]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if reason := why_skip_folder(folder, entry.name):
                            scan.skipped[reason] += 1
                        elif not leave_out(to_text(entry.path)):
                            folders.append(entry.path)
                    else:
                        _add(entry, scan)
        except FileNotFoundError:
            continue
        except OSError as error:
            scan.blind[to_text(folder)] = error.strerror or str(error)


def _add(entry: os.DirEntry[str], scan: Scan) -> None:
    if reason := why_skip_file(entry.name):
        scan.skipped[reason] += 1
        return
    try:
        status = entry.stat(follow_symlinks=False)
        if os.name == "nt":
            status = os.stat(entry.path, follow_symlinks=False)
    except FileNotFoundError:
        return
    except OSError as error:
        scan.blind[to_text(entry.path)] = error.strerror or str(error)
        return
    if reason := why_not_regular(status.st_mode):
        scan.skipped[reason] += 1
    else:
        scan.files[to_text(entry.path)] = seen(status)


def fingerprint(path: str, max_size: int) -> tuple[Seen, str]:
    """What is at ``path`` now, and the sha256 of it.

    Raises FileNotFoundError when it is gone, StillChanging, and UnreadableFile with the reason
    when it cannot or must not be read; its detail ``seen`` is the Seen, or None.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnreadableFile(f"Cannot be opened: {error.strerror}.", seen=_seen(path)) from error
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        found = seen(status)
        if reason := why_not_regular(status.st_mode):
            raise UnreadableFile(f"Is a {reason}.", seen=None)
        if found.size > max_size:
            raise UnreadableFile(
                f"Has {found.size / 2**20:,.0f} MiB, more than the {max_size / 2**20:,.0f} allowed.",
                mend="Raise max_file_size to take it in.",
                seen=found,
            )
        digest = hashlib.sha256()
        try:
            block = file.read(_BLOCK)
            if holds_private_key(block):
                raise UnreadableFile("Holds a private key.", seen=found)
            while block:
                digest.update(block)
                block = file.read(_BLOCK)
        except OSError as error:
            raise UnreadableFile(f"Cannot be read: {error.strerror}.", seen=found) from error
        if seen(os.fstat(descriptor)) != found:
            raise StillChanging(path)
        return found, digest.hexdigest()


def _seen(path: str) -> Seen | None:
    try:
        return seen(os.stat(path, follow_symlinks=False))
    except OSError:
        return None
