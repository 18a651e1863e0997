"""The roots of the library: watched folders, and what was learned once.

A watched root that is not there, or is suddenly empty, is *offline*: nothing of it is deleted,
and it is scanned when it comes back. What was learned without watching is compared with the disk
from time to time, for edits and deletions of known files only.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from morgan_core.errors import Unavailable
from morgan_core.library.disks import Disks
from morgan_core.library.ignore import git_files_above
from morgan_core.library.look import Identity, identity, stands
from morgan_core.library.manifest import Manifest
from morgan_core.library.mounts import silent_mount
from morgan_core.library.names import is_below, on_disk, to_text
from morgan_core.library.watcher import OnHint, Watcher
from morgan_core.settings import Settings
from morgan_core.storage.catalogue_rows import RootRow

OFFLINE_EVERY = 5.0
"""Seconds between two looks at a root that is offline but stands, or that looks empty."""

POLL_EVERY = 10.0
"""Seconds between two scans of a folder that cannot be watched; see also ``_SHARE``."""

KNOWN_EVERY = 30.0
"""Seconds between two looks at the files of a root that was learned once."""

_SHARE = 50.0
"""Scans take at most a fiftieth of the time."""

_REARM_SHARE = 5.0
"""Scans for the sake of folders that were moved out take at most a fifth of the time."""

_POLLED = f"compared with the disk every {POLL_EVERY:.0f} s."

_VANISHED = "The folder is not there; its documents are kept until it comes back."

log = logging.getLogger(__name__)


class RootKeeper:
    """Arms the watcher, tells which root is due for a scan, and supervises all of them."""

    def __init__(
        self,
        manifest: Manifest,
        settings: Settings,
        *,
        on_hint: OnHint,
        on_root: Callable[[str], None],
        on_wake: Callable[[], None],
    ) -> None:
        self._manifest = manifest
        self._settings = settings
        self._on_root = on_root
        self._on_wake = on_wake
        self.disks = Disks(manifest)
        self._watcher = Watcher(on_hint, self.ask_for_all, self._was_away, self._is_astray)
        self._away: set[str] = set()
        self._astray: set[str] = set()
        self._rearm_from: dict[str, float] = {}
        self._identities: dict[str, Identity] = {}
        self._due: dict[str, float] = dict.fromkeys(manifest.roots, 0.0)
        self._above: dict[str, tuple[object, ...]] = {}
        self._unwatched: dict[str, str] = {}
        self._limited: set[str] = set()

    def close(self) -> None:
        self._watcher.close()

    # --- when to scan ----------------------------------------------------------------------

    def ask_for_scan(self, path: str) -> None:
        self._due[path] = 0.0
        self._on_wake()

    def scan_due(self) -> str | None:
        """A watched root that is ready and due to be compared with the disk."""
        now = time.monotonic()
        for path, due in self._due.items():
            if due <= now and self._is_ready(path):
                return path
        return None

    def scanned(self, path: str, seconds: float, *, doubtful: bool = False) -> None:
        """The root was looked at, which took ``seconds``: plan the next time, soon if what was
        seen is ``doubtful``."""
        root = self._manifest.roots[path]
        self._rearm_from[path] = time.monotonic() + _REARM_SHARE * seconds
        every = self._settings.rescan_every
        if root.state == "offline" or (doubtful and root.kind == "watched"):
            self._due[path] = time.monotonic() + max(OFFLINE_EVERY, seconds)
            return
        if root.kind == "learned":
            every = min(KNOWN_EVERY, every)
        elif path in self._unwatched:
            every = min(POLL_EVERY, every)
        self._due[path] = time.monotonic() + max(every, _SHARE * seconds)

    def _is_ready(self, path: str) -> bool:
        root = self._manifest.roots.get(path)
        return root is not None and root.kind == "watched" and path in self._identities

    def _was_away(self, folder: str) -> None:
        """Whatever was seen of the root lately may have been seen while it was not there."""
        self._away.add(to_text(folder))

    def _is_astray(self, folder: str) -> None:
        """What is reported of the root may be of a wrong path."""
        self._astray.add(to_text(folder))

    def _must_rearm(self, path: str) -> bool:
        """Whether the root is to be armed anew though it is the one we watch."""
        rested = self._rearm_from.get(path, 0.0) <= time.monotonic()
        return path in self._away or (path in self._astray and rested)

    def ask_for_all(self) -> None:
        """Something was missed: compare every root with the disk."""
        for path in self._due:
            self._due[path] = 0.0
        self._on_wake()

    # --- states ----------------------------------------------------------------------------

    async def set_state(
        self,
        root: RootRow,
        state: Literal["scanning", "watching", "offline", "failed"],
        reason: str = "",
    ) -> None:
        """Record the state of ``root``; those of its documents follow from it."""
        if (root.state, root.reason) == (state, reason):
            return
        offline = "offline" in (root.state, state)
        root.state, root.reason = state, reason
        await self._manifest.catalogue.save_root(root)
        if root.state == "offline":
            log.warning("%r is offline: %s", root.path, reason)
            self._due[root.path] = time.monotonic() + OFFLINE_EVERY
        if offline:
            self._manifest.announce_root(root.path)
        self._on_root(root.path)

    async def set_left_out(self, root: RootRow) -> None:
        """Keep what a scan told for the next start, when faces ask before there was one."""
        counts = msgspec.json.encode(self._manifest.left_out.counts(root.path)).decode()
        if root.left_out != counts:
            root.left_out = counts
            await self._manifest.catalogue.save_root(root)
        self.told(root.path)

    async def watching(self, root: RootRow) -> None:
        """The root was compared with the disk and is now followed."""
        if root.kind == "watched":
            await self._check_limit(root.path)
        await self.set_state(root, "watching", self._unwatched.get(root.path, ""))

    def is_empty_offline(self, path: str) -> bool:
        """Whether the root stands, but is offline because it is empty."""
        root = self._manifest.roots.get(path)
        return root is not None and root.state == "offline" and path in self._identities

    async def is_intact(self, path: str) -> bool:
        """Whether what is missing below the root was deleted: the root is the one we watch."""
        root = self._manifest.roots.get(path)
        if root is None:
            return True
        if root.kind == "learned":
            return await self.is_standing(root)
        now = await asyncio.to_thread(identity, path)
        return now is not None and now == self._identities.get(path) and root.state != "offline"

    async def is_standing(self, root: RootRow) -> bool:
        """Whether a root that was learned once can be looked at; it is offline when not."""
        if await asyncio.to_thread(stands, root.path):
            return True
        await self.set_state(root, "offline", _VANISHED)
        return False

    # --- supervision -----------------------------------------------------------------------

    async def supervise(self) -> bool:
        """Look whether the watched roots are there, and the disks in them; True when one came,
        went or was replaced, be it for a moment."""
        await self.disks.look()
        points = self.disks.take_changed()
        changed = bool(points)
        for root in list(self._manifest.roots.values()):
            if any(is_below(point, root.path) or is_below(root.path, point) for point in points):
                self._identities.pop(root.path, None)
                self._due[root.path] = 0.0
            if root.kind == "watched":
                must_rearm = self._must_rearm(root.path)
                self._away.discard(root.path)
                now = await asyncio.to_thread(identity, root.path)
                if must_rearm or now != self._identities.get(root.path):
                    await self._replaced(root, now)
                    changed = True
                elif now is None and root.state != "offline":
                    await self._vanished(root)
                    changed = True
                elif now is not None and await self._rules_changed(root.path):
                    self._due[root.path] = 0.0
        return changed

    async def _rules_changed(self, path: str) -> bool:
        """Whether other rules hold in the root because of what lies above it."""
        before = self._above.get(path)
        self._above[path] = await asyncio.to_thread(git_files_above, on_disk(path))
        return self._above[path] != before

    def due_learned(self) -> list[RootRow]:
        """Roots learned once whose files are due to be looked at."""
        now = time.monotonic()
        return [
            root
            for root in self._manifest.roots.values()
            if root.kind == "learned" and self._due.get(root.path, 0.0) <= now
        ]

    async def _replaced(self, root: RootRow, now: Identity | None) -> None:
        self._identities.pop(root.path, None)
        self._astray.discard(root.path)
        await asyncio.to_thread(self._watcher.disarm, on_disk(root.path))
        if now is None:
            await self._vanished(root)
            return
        await self.arm(root)

    async def _vanished(self, root: RootRow) -> None:
        """The root is gone: bring back what was hidden because its files went with it."""
        for row in [row for row in self._manifest.gone.values() if row.root == root.path]:
            self._manifest.restore(row.path, root.path)
        await self._manifest.flush()
        await self.set_state(root, "offline", _VANISHED)

    async def arm(self, root: RootRow) -> None:
        """Watch the root, then have it scanned."""
        now = await asyncio.to_thread(identity, root.path)
        if now is None:
            await self._vanished(root)
            return
        self._unwatched.pop(root.path, None)
        self._limited.discard(root.path)
        await self._rules_changed(root.path)
        await self._watch(root.path)
        self._identities[root.path] = now
        self._due[root.path] = 0.0
        if root.state != "offline":
            await self.set_state(root, "scanning")
        self._on_wake()

    async def _watch(self, path: str) -> None:
        """Have the system report changes below ``path``, or note why it cannot."""
        silent = await asyncio.to_thread(silent_mount, on_disk(path))
        if silent is not None:
            point, kind = silent
            self._unwatched[path] = (
                f"{'It is' if is_below(path, to_text(point)) else f'{to_text(point)} is'} on a "
                f"network drive ({kind}), which does not report changes; {_POLLED}"
            )
            if is_below(path, to_text(point)):
                return
        try:
            await asyncio.to_thread(self._watcher.arm, on_disk(path))
        except Unavailable as error:
            self._unwatched[path] = f"{error}. Until then it is {_POLLED}"
            self._limited.add(path)
        except OSError as error:
            self._unwatched[path] = f"Cannot be watched: {error.strerror or error}; {_POLLED}"

    async def _check_limit(self, path: str) -> None:
        """Begin to poll when folders that turned up could not be watched any more; watch again
        when they can."""
        try:
            await asyncio.to_thread(self._watcher.check_limit)
        except (Unavailable, OSError) as error:
            if path not in self._unwatched:
                self._unwatched[path] = f"{error}. Until then it is {_POLLED}"
                self._limited.add(path)
            return
        if path in self._limited:
            self._limited.discard(path)
            del self._unwatched[path]
            await self._watch(path)
            if path not in self._unwatched:
                self._due[path] = 0.0

    def told(self, path: str) -> None:
        """The root was changed by a person."""
        self._due.setdefault(path, 0.0)
        self._on_root(path)

    async def leave(self, path: str) -> None:
        """Stop watching the root; its row is the caller's to change."""
        self._identities.pop(path, None)
        self._away.discard(path)
        self._astray.discard(path)
        self._rearm_from.pop(path, None)
        self._unwatched.pop(path, None)
        self._above.pop(path, None)
        self._limited.discard(path)
        self._manifest.left_out.drop(path)
        await asyncio.to_thread(self._watcher.disarm, on_disk(path))
