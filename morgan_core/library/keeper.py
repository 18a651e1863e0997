"""Keeps the catalogue true to the disk.

One task does everything that changes what is known of files, one thing after the other: commands
of people, hints of the watcher, whole scans, hashing, purging. So no two of them ever disagree.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from morgan_core.errors import MorganError
from morgan_core.library.comparison import Comparison
from morgan_core.library.hints import Hints
from morgan_core.library.intake import Intake, Shelf
from morgan_core.library.look import Look
from morgan_core.library.manifest import Manifest
from morgan_core.library.names import is_below, to_text
from morgan_core.library.roots import RootKeeper
from morgan_core.settings import Settings

_TICK = 1.0
_PURGE_AT_ONCE = 32

log = logging.getLogger(__name__)


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
        self._hints = Hints()
        self._intake = Intake(manifest, shelf, settings, self.hint)
        self._comparison = Comparison(manifest, self.roots, self._hints, self._intake)
        self._commands: asyncio.Queue[tuple[Callable[[], Awaitable[Any]], asyncio.Future[Any]]] = (
            asyncio.Queue()
        )
        self._awake = asyncio.Event()
        self._next_tick = 0.0
        self._followed = False
        self._more_to_purge = False
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
        self._hints.add(path, complete=complete, gone=gone, wanted=wanted, delay=delay)
        self.wake()

    def busy_below(self, paths: Iterable[str]) -> bool:
        """Whether files at or below ``paths`` still wait to be looked at or hashed."""
        wanted = list(paths)
        return any(
            is_below(path, folder)
            for queue in (self._hints, self._comparison.looking, self._intake)
            for path in queue
            for folder in wanted
        )

    async def scan(self, path: str, *, at_once: bool = False) -> Look:
        """Compare the root ``path`` with the disk. Call it in a command only.

        With ``at_once`` files are taken as they are, however fresh.
        """
        return await self._comparison.scan(path, at_once=at_once)

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
                self._comparison.looking = ()
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
        busy = self._intake or self._more_to_purge or not self._commands.empty()
        if busy or self.roots.scan_due():
            await asyncio.sleep(0)
            return
        delay = min(self._hints.next_due(self._next_tick), self._next_tick) - time.monotonic()
        if delay > 0:
            try:
                await asyncio.wait_for(self._awake.wait(), delay)
            except TimeoutError:
                pass
        self._awake.clear()

    async def _step(self) -> bool:
        """One step. Hints go first, but never twice in a row before what else is due: a file
        that is written without end must not keep everything waiting."""
        if not self._commands.empty():
            await self._obey()
            return True
        if not self._followed and (hints := self._hints.take_due()):
            self._followed = True
            await self._comparison.follow(hints)
            return True
        self._followed = False
        if time.monotonic() >= self._next_tick:
            self._next_tick = time.monotonic() + _TICK
            changed = await self.roots.supervise()
            for learned in self.roots.due_learned():
                await self._comparison.scan(learned.path, take_new=False)
            return await self._purge_due() or changed
        if root := self.roots.scan_due():
            await self._comparison.scan(root)
            return True
        if self._intake:
            await self._intake.hash_some()
            return True
        return self._more_to_purge and await self._purge_due()

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

    def _on_event(self, path: str, complete: bool, gone: bool) -> None:
        self.hint(to_text(path), complete=complete, gone=gone)

    # --- purging ---------------------------------------------------------------------------

    async def _purge_due(self) -> bool:
        """Purge some of what has been gone for long enough; nobody sees it, so that the rest
        waits until there is nothing else to do, or for the next tick."""
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
        self._more_to_purge = len(due) > _PURGE_AT_ONCE
        return bool(paths or due)
