"""Comparing a root, or some paths, with the disk, and doing what the difference asks for.

Hints and whole scans go through the same comparison. Moves and returns need no reading and are
applied at once, deletions too; all else goes to the intake, to be hashed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from typing import TypeVar

from morgan_core.library.hints import SETTLE, Hint, Hints
from morgan_core.library.ignore import is_ignore_file, ruled_folder
from morgan_core.library.intake import Intake
from morgan_core.library.look import Look, is_recent, known_in, look_at, look_at_known
from morgan_core.library.manifest import Manifest
from morgan_core.library.names import is_below, parents
from morgan_core.library.reconcile import Plan, Seen, reconcile
from morgan_core.library.roots import RootKeeper
from morgan_core.storage.catalogue_rows import FileRow, RootRow

T = TypeVar("T")

LIST_AFTER = 10.0
"""Seconds after which a new file that is written all the time is listed as such."""

_SLICE = 0.01
"""Seconds of work in the event loop without a break."""

_STILL_WRITTEN = "still being written"


class Comparison:
    """Runs in the keeper's task only: one comparison after the other."""

    def __init__(self, manifest: Manifest, roots: RootKeeper, hints: Hints, intake: Intake) -> None:
        self._manifest = manifest
        self._roots = roots
        self._hints = hints
        self._intake = intake
        self.looking: Collection[str] = ()
        """The paths that are being looked at right now, because of a hint."""

    async def follow(self, hints: Mapping[str, Hint]) -> None:
        """Look at the paths of ``hints``, as far as they belong to a root that wants them."""
        manifest = self._manifest
        paths: dict[str, str] = {}
        for path, hint in hints.items():
            root = manifest.root_of(path)
            if root is None:
                continue
            if root.kind == "watched" and is_ignore_file(path):
                path = max(ruled_folder(path), root.path, key=len)
            if path == root.path and root.kind == "watched":
                self._roots.ask_for_scan(path)
            elif (
                root.kind == "watched" or hint.wanted or path in manifest.files or path == root.path
            ):
                paths[path] = root.path
        if not paths:
            return
        self.looking = paths.keys()
        look = await self._look_at(paths)
        await self._leave_unsettled(look, hints)
        gone = {path for path, hint in hints.items() if hint.gone}
        await self._apply(look, set(paths.values()), told=gone, urgent=True)
        self._count_left_out(look, paths)
        self.looking = ()

    async def scan(self, path: str, *, take_new: bool = True, at_once: bool = False) -> Look:
        """Compare the root ``path`` with the disk.

        With ``at_once`` files are taken as they are, however fresh.
        """
        root = self._manifest.roots[path]
        if root.kind == "learned" and not take_new:
            return await self._scan_known(root)
        look = await self._look_at({path: path})
        # An empty root, or one that is another now, may have been away for a moment.
        doubtful = not look.scan.files or not await self._roots.is_intact(path)
        self._roots.scanned(path, look.seconds, doubtful=doubtful)
        if path in look.scan.blind:
            await self._roots.set_state(root, "failed", f"Cannot be read: {look.scan.blind[path]}.")
            return look
        if not at_once:
            await self._leave_unsettled(look, {})
        if await self._is_suddenly_empty(root, look):
            return look
        if self._manifest.left_out.replace(path, _left_out(look)):
            await self._roots.set_left_out(root)
        await self._apply(look, {path}, told=frozenset(), urgent=False)
        await self._roots.watching(root)
        return look

    async def _scan_known(self, root: RootRow) -> Look:
        rows = [row for row in self._manifest.files.values() if row.root == root.path]
        look = await asyncio.to_thread(look_at_known, rows)
        self._roots.scanned(root.path, look.seconds)
        if await self._roots.is_standing(root):
            await self._apply(look, {root.path}, told=frozenset(), urgent=False)
            await self._roots.watching(root)
        return look

    def _count_left_out(self, look: Look, paths: Mapping[str, str]) -> None:
        found = _left_out(look)
        for root in set(paths.values()):
            here = {path: why for path, why in found.items() if is_below(path, root)}
            if self._manifest.left_out.update(root, paths.keys(), here):
                self._roots.told(root)

    async def _leave_unsettled(self, look: Look, hints: Mapping[str, Hint]) -> None:
        """Take the files that are still being written out of ``look``; they are looked at again.

        One that is written for long is listed, so that nobody wonders where it is.
        """
        files = look.scan.files
        async for path in in_slices(await asyncio.to_thread(_recent, files)):
            seen = files[path]
            if self._hints.settled(path, seen, hints.get(path), self._manifest.holds):
                continue
            del files[path]
            look.scan.blind[path] = _STILL_WRITTEN
            if self._hints.unsettled_for(path) > LIST_AFTER and path not in self._manifest.files:
                why = "Is still being written; it is read when it rests."
                self._manifest.settle(path, self._root_path(path), seen, "", why)

    async def _is_suddenly_empty(self, root: RootRow, look: Look) -> bool:
        """A folder that lost all its files, with no word of their deletion, is offline."""
        if look.scan.files or look.scan.blind or root.kind != "watched":
            return False
        await self._roots.disks.look()
        left = [
            row
            for row in self._manifest.files.values()
            if row.root == root.path
            and row.deleted_at is None
            and not self._roots.disks.is_away_inside(row.path, root.path)
        ]
        skipped = look.scan.skipped
        if not left or any(
            self._hints.told_gone(row.path)
            or row.path in skipped
            or any(folder in skipped for folder in parents(row.path))
            for row in left
        ):
            return False
        await self._roots.set_state(
            root,
            "offline",
            "The folder is suddenly empty, as if a disk was unmounted; its documents are kept. "
            "If you emptied it yourself, remove it with --forget.",
        )
        return True

    async def _look_at(self, paths: Mapping[str, str]) -> Look:
        inner = frozenset(self._manifest.roots)
        exclusions = frozenset(self._manifest.exclusions)
        return await asyncio.to_thread(
            look_at,
            paths,
            leave_out=lambda folder: folder in inner or folder in exclusions,
            known=self._manifest.files.__contains__,
        )

    async def _apply(
        self, look: Look, roots: set[str], *, told: set[str] | frozenset[str], urgent: bool
    ) -> None:
        """Do what the comparison of ``look`` with the catalogue asks for."""
        manifest = self._manifest
        if look.folders:
            files = manifest.files.copy()
        else:
            files = {path: manifest.files[path] for path in look.single if path in manifest.files}
        gone = list(manifest.gone.values())
        plan, disk = await asyncio.to_thread(self._decide, look, roots, files, gone)
        to_hash = [*plan.changed, *plan.new, *await self._quick(plan, disk)]
        async for path in in_slices(to_hash):
            self._intake.add(path, self._root_path(path), urgent=urgent)
        await self._delete(plan.deleted, told)
        await self._roots.disks.found(disk.keys(), roots)
        if any(self._roots.is_empty_offline(root) for root in roots) and disk:
            for root in roots:
                self._roots.ask_for_scan(root)

    def _decide(
        self, look: Look, roots: set[str], files: Mapping[str, FileRow], gone: Iterable[FileRow]
    ) -> tuple[Plan, Mapping[str, Seen]]:
        """The plan, and the files on the disk that count. Runs in a thread."""
        manifest = self._manifest
        disk = look.scan.files
        if manifest.exclusions:
            disk = {path: seen for path, seen in disk.items() if not manifest.excluded(path)}
        for inner in manifest.roots.keys() & disk.keys() - roots:
            del disk[inner]
        known = {p: row for p, row in known_in(look, files).items() if row.root in roots}
        return reconcile(known, disk, gone), disk

    async def _quick(self, plan: Plan, disk: Mapping[str, Seen]) -> list[str]:
        """Apply moves and returns, which need no reading; return the paths to hash after all."""
        manifest = self._manifest
        to_hash: list[str] = []
        async for path in in_slices(plan.restored):
            if manifest.holds(disk[path], path):
                manifest.restore(path, self._root_path(path))
            else:
                to_hash.append(path)
        async for old, new in in_slices(plan.moved):
            if manifest.holds(disk[new], old):
                manifest.move(old, new, self._root_path(new))
            else:
                to_hash.append(new)
        return to_hash

    async def _delete(self, paths: list[str], told: set[str] | frozenset[str]) -> None:
        """Hide deleted files, unless it is their root or their disk that is gone.

        A root that is offline because it is empty loses only files that were ``told`` deleted.
        """
        disks = self._roots.disks
        if paths:
            await disks.look()
        intact: dict[str, bool] = {}
        async for path in in_slices(paths):
            if point := disks.away_above(path):
                self._manifest.take_away(path, point)
                continue
            root = self._manifest.files[path].root
            if root not in intact:
                intact[root] = await self._roots.is_intact(root)
            if not intact[root] and not (path in told and self._roots.is_empty_offline(root)):
                continue
            self._intake.drop(path)
            self._manifest.delete(path)

    def _root_path(self, path: str) -> str:
        root = self._manifest.root_of(path)
        return root.path if root else path


def _left_out(look: Look) -> dict[str, str]:
    """What is no document, and why; a file that is still being written soon is one."""
    blind = {path: why for path, why in look.scan.blind.items() if why != _STILL_WRITTEN}
    return look.scan.skipped | blind


def _recent(files: Mapping[str, Seen]) -> list[str]:
    """The files that may still be being written."""
    return [path for path, seen in files.items() if is_recent(seen, SETTLE)]


async def in_slices(items: Iterable[T]) -> AsyncIterator[T]:
    """Every item; others get their turn whenever some milliseconds have passed."""
    began = time.perf_counter()
    for item in items:
        yield item
        if time.perf_counter() - began > _SLICE:
            await asyncio.sleep(0)
            began = time.perf_counter()
