"""The disks that hold known files, and which of them are away.

A mount point that held known files is remembered. Once nothing is mounted there any more, what is
missing below it was not deleted: it is *away*, stays findable, and comes back with its disk.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Iterable

from morgan_core.library.manifest import Manifest
from morgan_core.library.mounts import mount_points
from morgan_core.library.names import is_below


class Disks:
    """Compares the system's table of mounts with what the manifest remembers of it."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest
        self._mounted: frozenset[str] | None = None
        self._away: set[str] = set()
        self._changed: set[str] = set()

    async def look(self) -> None:
        """See what is mounted now, and take the files of what is no longer away."""
        now = await asyncio.to_thread(mount_points)
        if not now or now == self._mounted:
            return
        if self._mounted is not None:
            self._changed |= now ^ self._mounted
        self._mounted = now
        before, self._away = self._away, self._manifest.mount_points - now
        for point in self._away - before:
            await self._take_away(point)

    def take_changed(self) -> set[str]:
        """The mount points where a disk came or went since the last call."""
        changed, self._changed = self._changed, set()
        return changed

    def away_above(self, path: str) -> str:
        """The mount point that ``path`` is missing with; empty when its disk is there."""
        return next((point for point in self._away if is_below(path, point)), "")

    def is_away_inside(self, path: str, root: str) -> bool:
        """Whether ``path`` is missing with a disk that was mounted somewhere below ``root``."""
        point = self.away_above(path)
        return point != root and is_below(point, root)

    async def found(self, paths: Collection[str], roots: Iterable[str]) -> None:
        """``paths``, files of ``roots``, are there: remember where their disks are mounted."""
        for path in self._manifest.away.keys() & paths:
            self._manifest.give_back(path)
        if self._mounted is None:
            await self.look()
        new = (self._mounted or frozenset()) - self._manifest.mount_points - {os.sep}
        near = [p for p in new if any(is_below(p, root) or is_below(root, p) for root in roots)]
        if holding := await asyncio.to_thread(_holding, near, paths) if near else []:
            self._manifest.mount_points.update(holding)
            await self._manifest.catalogue.add_mount_points(holding)

    async def _take_away(self, point: str) -> None:
        left = [row for row in self._manifest.below(point).values() if row.deleted_at is None]
        if not left:
            self._manifest.mount_points.discard(point)
            self._away.discard(point)
            await self._manifest.catalogue.remove_mount_points([point])
        for row in left:
            self._manifest.take_away(row.path, point)


def _holding(points: Iterable[str], paths: Collection[str]) -> list[str]:
    """Those of ``points`` that one of ``paths`` lies below. Blocks."""
    return [point for point in points if any(is_below(path, point) for path in paths)]
