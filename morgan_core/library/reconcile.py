"""What must be done so that the catalogue says what the disk says: a pure decision.

A path that is missing and one that is new are the same file when device-independent identity
agrees: size, modification time in nanoseconds and inode. All other new or changed paths are
hashed before anything is said about them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from morgan_core.storage.catalogue_rows import FileRow


class Seen(NamedTuple):
    """A regular file on the disk: bytes, nanoseconds, inode number (0 where there is none)."""

    size: int
    mtime_ns: int
    inode: int


@dataclass(slots=True)
class Plan:
    """Decisions by path. ``moved`` holds (old path, new path)."""

    unchanged: int = 0
    restored: list[str] = field(default_factory=list)
    moved: list[tuple[str, str]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)


def seen_of(row: FileRow) -> Seen:
    return Seen(row.size, row.mtime_ns, row.inode)


def reconcile(
    known: Mapping[str, FileRow], disk: Mapping[str, Seen], gone: Iterable[FileRow] = ()
) -> Plan:
    """Compare the rows ``known`` with the files on ``disk``, both of the same part of it.

    ``gone`` are rows of anywhere whose file was deleted a short while ago: a file that turns up
    with the identity of one of them was moved.
    """
    plan = Plan()
    for path, row in known.items():
        seen = disk.get(path)
        if seen is None:
            if row.deleted_at is None:
                plan.deleted.append(path)
        elif seen != seen_of(row) or not row.sha256:
            plan.changed.append(path)
        elif row.deleted_at is None:
            plan.unchanged += 1
        else:
            plan.restored.append(path)
    fresh = disk.keys() - known.keys()
    if not fresh:
        return plan
    missing = _by_identity(known, disk, gone)
    for path in sorted(fresh):
        candidates = missing.get(disk[path]) if disk[path].inode else None
        if candidates:
            plan.moved.append((candidates.pop(), path))
        else:
            plan.new.append(path)
    moved_from = {old for old, _ in plan.moved}
    plan.deleted = [path for path in plan.deleted if path not in moved_from]
    return plan


def _by_identity(
    known: Mapping[str, FileRow], disk: Mapping[str, Seen], gone: Iterable[FileRow]
) -> dict[Seen, list[str]]:
    missing = {row.path: row for row in gone if row.path not in disk}
    missing.update((path, row) for path, row in known.items() if path not in disk)
    found: dict[Seen, list[str]] = {}
    for path in sorted(missing, reverse=True):
        if missing[path].sha256:
            found.setdefault(seen_of(missing[path]), []).append(path)
    return found
