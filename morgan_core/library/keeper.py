"""Keeps the catalogue true to the disk.

One task does everything that changes what is known of files, one thing after the other: commands
of people, hints of the watcher, whole scans, hashing, purging. So no two of them ever disagree.
Hints and whole scans go through the same comparison; hashing goes in small batches, what was
dropped a moment ago first.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from morgan_core.errors import MorganError
from morgan_core.library.hashing import Hashed, hash_files
from morgan_core.library.look import Look, is_recent, known_in, look_at, look_at_known
from morgan_core.library.manifest import Manifest
from morgan_core.library.names import is_below, to_text
from morgan_core.library.reconcile import Plan, Seen, reconcile, seen_of
from morgan_core.library.roots import RootKeeper
from morgan_core.settings import Settings
from morgan_core.storage.catalogue_rows import RootRow

SETTLE = 1.0
"""Seconds without a change after which a file that nobody reported as closed is read."""

_TICK = 1.0
_LOOK_AT_ONCE = 500
_HASH_AT_ONCE = 64
_PURGE_AT_ONCE = 32

log = logging.getLogger(__name__)


class Shelf(Protocol):
    """Where the documents go: told of content to take in, of paths, and of what to purge."""

    def submit(self, document_id: str, *, urgent: bool) -> None: ...

    async def set_paths(self, document_ids: Iterable[str]) -> None: ...

    async def purge(self, document_ids: Iterable[str]) -> None: ...


@dataclass(slots=True)
class _Hint:
    """A path to look at when ``due`` (monotonic seconds). A ``wanted`` one is taken in even
    where new files are not."""

    due: float
    complete: bool
    gone: bool = False
    wanted: bool = False
    seen: Seen | None = None


class Keeper:
    """Runs from ``start`` to ``close``; ``on_step`` is called after every step that did something."""

    def __init__(
        self,
        manifest: Manifest,
        shelf: Shelf,
        settings: Settings,
        *,
        on_root: Callable[[str], None],
        on_step: Callable[[], Awaitable[None]],
    ) -> None:
        self.manifest = manifest
        self._shelf = shelf
        self._settings = settings
        self._on_step = on_step
        self.roots = RootKeeper(
            manifest, settings, on_hint=self._on_event, on_root=on_root, on_wake=self.wake
        )
        self._hints: dict[str, _Hint] = {}
        self._looking: Collection[str] = ()
        self._urgent: dict[str, str] = {}
        self._backlog: dict[str, str] = {}
        self._commands: asyncio.Queue[tuple[Callable[[], Awaitable[Any]], asyncio.Future[Any]]] = (
            asyncio.Queue()
        )
        self._awake = asyncio.Event()
        self._next_tick = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="keeper")

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self.roots.close)

    def wake(self) -> None:
        self._awake.set()

    async def run(self, command: Callable[[], Awaitable[Any]]) -> Any:
        """Run ``command`` between two steps, and return or raise what it does."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._commands.put_nowait((command, done))
        self.wake()
        return await done

    def hint(
        self,
        path: str,
        *,
        complete: bool = True,
        gone: bool = False,
        wanted: bool = False,
        delay: float = 0.0,
    ) -> None:
        """Look at ``path`` (text form) soon: at once when ``complete``, else when it settled.

        A new file of a root that is not watched is taken in only when it is ``wanted``.
        ``delay`` seconds pass before the first look, unless a complete hint comes.
        """
        now = time.monotonic()
        hint = self._hints.setdefault(path, _Hint(now + delay, complete))
        if complete:
            hint.due, hint.complete = now, True
        hint.gone |= gone
        hint.wanted |= wanted
        self.wake()

    def busy_below(self, paths: Iterable[str]) -> bool:
        """Whether files at or below ``paths`` still wait to be looked at or hashed."""
        wanted = list(paths)
        return any(
            is_below(path, folder)
            for queue in (self._hints, self._looking, self._urgent, self._backlog)
            for path in queue
            for folder in wanted
        )

    # --- the task --------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            await self._pause()
            try:
                if await self._step():
                    await self.manifest.flush()
                    await self._tell_paths()
                    await self._on_step()
            except Exception:
                log.exception("keeping the catalogue true to the disk failed; trying again")
                self._looking = ()
                self.roots.ask_for_all()
                await asyncio.sleep(_TICK)

    async def _tell_paths(self) -> None:
        moved = self.manifest.take_moved()
        try:
            await self._shelf.set_paths(moved)
        except BaseException:
            self.manifest.give_moved(moved)
            raise

    async def _pause(self) -> None:
        """Wait until there is something to do."""
        if self._urgent or self._backlog or not self._commands.empty() or self.roots.scan_due():
            await asyncio.sleep(0)
            return
        now = time.monotonic()
        due = min((hint.due for hint in self._hints.values()), default=self._next_tick)
        delay = min(due, self._next_tick) - now
        if delay > 0:
            try:
                await asyncio.wait_for(self._awake.wait(), delay)
            except TimeoutError:
                pass
        self._awake.clear()

    async def _step(self) -> bool:
        if not self._commands.empty():
            await self._obey()
            return True
        if hints := self._due_hints():
            await self._follow(hints)
            return True
        if time.monotonic() >= self._next_tick:
            self._next_tick = time.monotonic() + _TICK
            changed = await self.roots.supervise()
            for learned in self.roots.due_learned():
                await self.scan(learned.path, take_new=False)
            return await self._purge_due() or changed
        if root := self.roots.scan_due():
            await self.scan(root)
            return True
        if self._urgent or self._backlog:
            await self._hash_some()
            return True
        return False

    async def _obey(self) -> None:
        command, done = self._commands.get_nowait()
        if done.cancelled():
            return
        try:
            result = await command()
        except MorganError as error:
            if not done.done():
                done.set_exception(error)
        except BaseException as error:
            if not done.done():
                done.set_exception(error)
            raise
        else:
            if not done.done():
                done.set_result(result)

    # --- hints -----------------------------------------------------------------------------

    def _on_event(self, path: str, complete: bool, gone: bool) -> None:
        self.hint(to_text(path), complete=complete, gone=gone)

    def _due_hints(self) -> dict[str, _Hint]:
        now = time.monotonic()
        due: dict[str, _Hint] = {}
        for path, hint in self._hints.items():
            if hint.due <= now:
                due[path] = hint
                if len(due) >= _LOOK_AT_ONCE:
                    break
        for path in due:
            del self._hints[path]
        return due

    async def _follow(self, hints: Mapping[str, _Hint]) -> None:
        paths: dict[str, str] = {}
        for path, hint in hints.items():
            root = self.manifest.root_of(path)
            if root is None:
                continue
            if path == root.path and root.kind == "watched":
                self.roots.ask_for_scan(path)
            elif (
                root.kind == "watched"
                or hint.wanted
                or path in self.manifest.files
                or path == root.path
            ):
                paths[path] = root.path
        if not paths:
            return
        self._looking = paths.keys()
        look = await self._look_at(paths)
        for path in list(look.scan.files):
            if not self._settled(path, look.scan.files[path], hints.get(path)):
                del look.scan.files[path]
                look.scan.blind[path] = "still being written"
        gone = {path for path, hint in hints.items() if hint.gone}
        await self._apply(look, set(paths.values()), told=gone, urgent=True)
        self._looking = ()

    def _settled(self, path: str, seen: Seen, hint: _Hint | None) -> bool:
        """Whether to read the file now; else it is looked at again when it may have settled."""
        if hint is not None and hint.complete:
            return True
        if self.manifest.holds(seen, path) or (hint is not None and hint.seen == seen):
            return True
        if not is_recent(seen, SETTLE):
            return True
        due = time.monotonic() + SETTLE
        current = self._hints.setdefault(path, _Hint(due, complete=False))
        current.wanted |= hint is not None and hint.wanted
        if not current.complete:
            current.due, current.seen = due, seen
        return False

    # --- scans -----------------------------------------------------------------------------

    async def scan(self, path: str, *, take_new: bool = True, at_once: bool = False) -> Look:
        """Compare the root ``path`` with the disk.

        With ``at_once`` files are taken as they are, however fresh.
        """
        root = self.manifest.roots[path]
        if root.kind == "learned" and not take_new:
            return await self._scan_known(root)
        look = await self._look_at({path: path})
        self.roots.scanned(path, look.seconds)
        if path in look.scan.blind:
            await self.roots.set_state(root, "failed", f"Cannot be read: {look.scan.blind[path]}.")
            return look
        for found in list(look.scan.files):
            if not (at_once or self._settled(found, look.scan.files[found], None)):
                del look.scan.files[found]
                look.scan.blind[found] = "still being written"
        if await self._is_suddenly_empty(root, look):
            return look
        await self._apply(look, {path}, told=frozenset(), urgent=False)
        await self.roots.watching(root)
        return look

    async def _scan_known(self, root: RootRow) -> Look:
        rows = [row for row in self.manifest.files.values() if row.root == root.path]
        look = await asyncio.to_thread(look_at_known, rows)
        self.roots.scanned(root.path, look.seconds)
        if await self.roots.is_standing(root):
            await self._apply(look, {root.path}, told=frozenset(), urgent=False)
            await self.roots.watching(root)
        return look

    async def _is_suddenly_empty(self, root: RootRow, look: Look) -> bool:
        """A folder that lost all its files, with no word of their deletion, is offline."""
        if look.scan.files or look.scan.blind or root.kind != "watched":
            return False
        left = [
            row
            for row in self.manifest.files.values()
            if row.root == root.path and row.deleted_at is None
        ]
        if not left or any(
            (hint := self._hints.get(row.path)) is not None and hint.gone for row in left
        ):
            return False
        await self.roots.set_state(
            root,
            "offline",
            "The folder is suddenly empty, as if a disk was unmounted; its documents are kept. "
            "If you emptied it yourself, remove it with --forget.",
        )
        return True

    async def _look_at(self, paths: Mapping[str, str]) -> Look:
        inner = frozenset(self.manifest.roots)
        exclusions = frozenset(self.manifest.exclusions)
        return await asyncio.to_thread(
            look_at,
            paths,
            leave_out=lambda folder: folder in inner or folder in exclusions,
            known=self.manifest.files.__contains__,
        )

    async def _apply(
        self, look: Look, roots: set[str], *, told: set[str] | frozenset[str], urgent: bool
    ) -> None:
        """Do what the comparison of ``look`` with the catalogue asks for."""
        manifest = self.manifest
        disk = {path: s for path, s in look.scan.files.items() if not manifest.excluded(path)}
        known = {p: row for p, row in known_in(look, manifest.files).items() if row.root in roots}
        plan = reconcile(known, disk, manifest.gone.values())
        queue = self._urgent if urgent else self._backlog
        for path in self._quick(plan, disk):
            queue[path] = self._root_path(path)
        await self._delete(plan.deleted, told)
        if any(self.roots.is_empty_offline(root) for root in roots) and disk:
            for root in roots:
                self.roots.ask_for_scan(root)

    def _quick(self, plan: Plan, disk: Mapping[str, Seen]) -> list[str]:
        """Apply moves and returns, which need no reading; return the paths to hash."""
        to_hash = [*plan.changed, *plan.new]
        for path in plan.restored:
            if self.manifest.holds(disk[path], path):
                self.manifest.restore(path, self._root_path(path))
            else:
                to_hash.append(path)
        for old, new in plan.moved:
            if self.manifest.holds(disk[new], old):
                self.manifest.move(old, new, self._root_path(new))
            else:
                to_hash.append(new)
        return to_hash

    async def _delete(self, paths: list[str], told: set[str] | frozenset[str]) -> None:
        """Hide deleted files, unless it is their root that is gone.

        A root that is offline because it is empty loses only files that were ``told`` deleted.
        """
        intact: dict[str, bool] = {}
        for path in paths:
            root = self.manifest.files[path].root
            if root not in intact:
                intact[root] = await self.roots.is_intact(root)
            if not intact[root] and not (path in told and self.roots.is_empty_offline(root)):
                continue
            self._urgent.pop(path, None)
            self._backlog.pop(path, None)
            self.manifest.delete(path)

    def _root_path(self, path: str) -> str:
        root = self.manifest.root_of(path)
        return root.path if root else path

    # --- hashing ---------------------------------------------------------------------------

    async def _hash_some(self) -> None:
        urgent = bool(self._urgent)
        queue = self._urgent or self._backlog
        batch = [(path, queue[path]) for path in list(queue)[:_HASH_AT_ONCE]]
        hashed = await asyncio.to_thread(hash_files, batch, self._settings.max_file_size)
        for found in hashed:
            queue.pop(found.path, None)
            self._take(found, urgent=urgent)

    def _take(self, found: Hashed, *, urgent: bool) -> None:
        manifest = self.manifest
        if found.gone:
            self.hint(found.path, gone=True)
        elif found.changing:
            self.hint(found.path, complete=False, wanted=True)
        elif found.seen is None:
            manifest.drop(found.path)
        elif manifest.root_of(found.path) and not manifest.excluded(found.path):
            row = manifest.files.get(found.path)
            if row is not None and not found.sha256 and row.deleted_at is None:
                document = manifest.documents[row.document_id]
                if seen_of(row) == found.seen and document.reason == found.reason:
                    return
            document_id = manifest.settle(
                found.path, found.root, found.seen, found.sha256, found.reason
            )
            document = manifest.documents[document_id]
            if document.state == "waiting" or not found.sha256:
                self._shelf.submit(document_id, urgent=urgent)

    # --- purging ---------------------------------------------------------------------------

    async def _purge_due(self) -> bool:
        """Purge what has been gone for long enough."""
        limit = time.time() - self._settings.purge_after
        manifest = self.manifest
        paths = [row.path for row in manifest.gone.values() if (row.deleted_at or 0) <= limit]
        due = [
            row.id
            for row in manifest.documents.values()
            if row.hidden_at is not None and row.hidden_at <= limit
        ]
        for path in paths:
            if manifest.visible(manifest.files[path].document_id):
                manifest.drop(path)
        if due:
            await self._shelf.purge(due[:_PURGE_AT_ONCE])
        if len(due) > _PURGE_AT_ONCE:
            self._next_tick = 0.0
        return bool(paths or due)
