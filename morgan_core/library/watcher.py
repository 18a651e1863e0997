"""Hints from the operating system that something happened below a watched folder.

Events are only hints: each becomes a path to look at, and nothing is believed of it. The handlers
run on watchdog's threads and do no more than hand the path to the event loop.

On Linux the observer gives unmatched moves too (``generate_full_events``), so that a file moved
in from outside is told from one that is still being written.
"""

# Paths are plain strings here: any bytes may be in them.
# ruff: noqa: PTH120
from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import sys
import tempfile
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from morgan_core.errors import Unavailable
from morgan_core.library.names import is_below

if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent
    from watchdog.observers.api import BaseObserver, ObservedWatch

_OVERFLOW_LOGGER = "watchdog.observers.inotify_c"
_LIMIT_REACHED = (errno.ENOSPC, errno.EMFILE)
_LIMIT_MEND = (
    "Raise the limit: sudo sysctl fs.inotify.max_user_watches=524288 "
    "fs.inotify.max_user_instances=1024"
)

OnHint = Callable[[str, bool, bool], None]
"""Called with a path, whether it is complete (closed, moved, deleted), and whether it was
reported gone."""

log = logging.getLogger(__name__)


class Watcher:
    """Watches folders and calls ``on_hint`` on the event loop; ``on_overflow`` when events were
    lost and only a scan can tell what happened.

    ``on_away`` is called with a watched folder that came or went: the folder that it lies in is
    watched for that, because one that was away for a moment looks as it did before.
    ``on_astray`` is called with a watched folder that another was moved out of: watchdog goes on
    to believe that one where it was, and until ``arm`` is called anew it would report under a
    wrong path what happens in it once it came back elsewhere.
    """

    def __init__(
        self,
        on_hint: OnHint,
        on_overflow: Callable[[], None],
        on_away: Callable[[str], None] = lambda _folder: None,
        on_astray: Callable[[str], None] = lambda _folder: None,
    ) -> None:
        self._on_hint = on_hint
        self._on_overflow = on_overflow
        self._on_away = on_away
        self._on_astray = on_astray
        self._loop = asyncio.get_running_loop()
        self._observer: BaseObserver | None = None
        self._watches: dict[str, ObservedWatch] = {}
        self._beside: dict[str, ObservedWatch] = {}
        self._overflows = _OverflowListener(lambda: self._tell(self._on_overflow))

    def watches(self, folder: str) -> bool:
        return folder in self._watches

    def arm(self, folder: str) -> None:
        """Begin to watch ``folder`` and everything below it; blocks while it registers them.

        Raises Unavailable with the mend when the system's limit of watches is reached, OSError
        when the folder cannot be watched.
        """
        self.disarm(folder)
        try:
            observer = self._running_observer()
            handler: Any = _Handler(self._take, lambda: self._tell(self._on_astray, folder))
            self._watches[folder] = observer.schedule(
                handler, folder, recursive=True, event_filter=handler.kinds
            )
        except OSError as error:
            if error.errno in _LIMIT_REACHED:
                raise _no_more() from error
            raise
        self._watch_beside(os.path.dirname(folder))
        try:
            self.check_limit()
        except Unavailable:
            self.disarm(folder)
            raise

    def _watch_beside(self, parent: str) -> None:
        """Where this fails, the folder is looked at from time to time all the same."""
        if parent in self._beside:
            return
        handler: Any = _Handler(self._take_from_beside)
        # The system keeps one mask for a folder: one that is watched for more must keep that.
        inner = any(is_below(parent, folder) for folder in self._watches)
        kinds = handler.kinds if inner else handler.kinds_of_folders
        with contextlib.suppress(OSError):
            self._beside[parent] = self._running_observer().schedule(
                handler, parent, recursive=False, event_filter=kinds
            )

    def check_limit(self) -> None:
        """Raise Unavailable with the mend when not one more folder could be watched.

        watchdog keeps silent when it cannot watch a folder below the root, be it at first or
        when the folder turns up later. Blocks for some milliseconds.
        """
        if sys.platform != "linux":
            return
        with tempfile.TemporaryDirectory(prefix="morgan-") as folder:
            handler: Any = _Handler(lambda _path, _complete, _gone: None)
            try:
                observer = self._running_observer()
                observer.unschedule(observer.schedule(handler, folder, recursive=False))
            except OSError as error:
                if error.errno in _LIMIT_REACHED:
                    raise _no_more() from error
                raise

    def disarm(self, folder: str) -> None:
        watch = self._watches.pop(folder, None)
        if watch is None or self._observer is None:
            return
        over = [watch]
        parent = os.path.dirname(folder)
        if parent in self._beside and all(os.path.dirname(f) != parent for f in self._watches):
            over.append(self._beside.pop(parent))
        for watch in over:
            with contextlib.suppress(KeyError):
                self._observer.unschedule(watch)

    def close(self) -> None:
        logging.getLogger(_OVERFLOW_LOGGER).removeHandler(self._overflows)
        self._watches.clear()
        self._beside.clear()
        if self._observer is not None:
            self._observer.stop()
            self._observer.join(2.0)
            self._observer = None

    def _running_observer(self) -> BaseObserver:
        if self._observer is None:
            self._observer = _make_observer()
            self._observer.start()
            logging.getLogger(_OVERFLOW_LOGGER).addHandler(self._overflows)
        return self._observer

    def _take(self, path: str, complete: bool, gone: bool) -> None:
        if complete and path in self._watches:
            self._tell(self._on_away, path)
        else:
            self._tell(self._on_hint, path, complete, gone)

    def _take_from_beside(self, path: str, _complete: bool, _gone: bool) -> None:
        if path in self._watches:
            self._tell(self._on_away, path)

    def _tell(self, callback: Callable[..., None], *args: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(callback, *args)


class _OverflowListener(logging.Handler):
    """watchdog re-arms after an overflow of the kernel's queue and says so only in its log."""

    def __init__(self, on_overflow: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._on_overflow = on_overflow

    def emit(self, record: logging.LogRecord) -> None:
        if "overflowed" in record.getMessage():
            self._on_overflow()


def _make_observer() -> BaseObserver:
    if sys.platform == "linux":
        from watchdog.observers.inotify import InotifyObserver

        return InotifyObserver(generate_full_events=True)
    from watchdog.observers import Observer

    return Observer()


def _no_more() -> Unavailable:
    return Unavailable("The system allows no more watched folders.", mend=_LIMIT_MEND)


class _Handler:
    """Turns watchdog's events into hints."""

    def __init__(self, on_hint: OnHint, on_moved_out: Callable[[], None] = lambda: None) -> None:
        from watchdog import events

        self.kinds = [
            events.FileCreatedEvent,
            events.FileModifiedEvent,
            events.FileAttribEvent,
            events.FileClosedEvent,
            events.FileDeletedEvent,
            events.FileMovedEvent,
            events.DirCreatedEvent,
            events.DirDeletedEvent,
            events.DirMovedEvent,
            events.DirAttribEvent,
        ]
        self.kinds_of_folders = [
            events.DirCreatedEvent,
            events.DirDeletedEvent,
            events.DirMovedEvent,
        ]
        self._on_hint = on_hint
        self._on_moved_out = on_moved_out

    def dispatch(self, event: FileSystemEvent) -> None:
        kind = event.event_type
        source, target = _path(event.src_path), _path(event.dest_path)
        if kind == "moved":
            if source:
                self._on_hint(source, True, True)
            if target:
                self._on_hint(target, True, False)
            elif event.is_directory:
                self._on_moved_out()
        elif kind == "deleted":
            self._on_hint(source, True, True)
        elif kind == "closed" or (kind == "created" and event.is_directory):
            self._on_hint(source, True, False)
        else:
            self._on_hint(source, False, False)


def _path(path: bytes | str) -> str:
    return os.fsdecode(path)
