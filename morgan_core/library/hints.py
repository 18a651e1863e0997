"""Paths to look at, and when: a hint says that something may have happened there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from morgan_core.library.look import is_recent
from morgan_core.library.reconcile import Seen

SETTLE = 1.0
"""Seconds without a change after which a file that nobody reported as closed is read."""

_AT_ONCE = 500


@dataclass(slots=True)
class Hint:
    """A path to look at when ``due`` (monotonic seconds).

    ``complete`` when nobody writes there any more, ``gone`` when it was told deleted. A
    ``wanted`` one is taken in even where new files are not. ``unsettled_since`` (monotonic
    seconds) is set for a file that was seen being written.
    """

    due: float
    complete: bool
    gone: bool = False
    wanted: bool = False
    seen: Seen | None = None
    unsettled_since: float | None = None


class Hints:
    """The hints that wait, by path in text form."""

    def __init__(self) -> None:
        self._waiting: dict[str, Hint] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._waiting)

    def add(self, path: str, *, complete: bool, gone: bool, wanted: bool, delay: float) -> None:
        """Join what is known of ``path`` already."""
        now = time.monotonic()
        hint = self._waiting.setdefault(path, Hint(now + delay, complete))
        if complete:
            hint.due, hint.complete = now, True
        hint.gone |= gone
        hint.wanted |= wanted

    def told_gone(self, path: str) -> bool:
        hint = self._waiting.get(path)
        return hint is not None and hint.gone

    def unsettled_for(self, path: str) -> float:
        """For how many seconds the file was seen being written."""
        hint = self._waiting.get(path)
        if hint is None or hint.unsettled_since is None:
            return 0.0
        return time.monotonic() - hint.unsettled_since

    def next_due(self, default: float) -> float:
        """When the first one is due, in monotonic seconds."""
        return min((hint.due for hint in self._waiting.values()), default=default)

    def take_due(self) -> dict[str, Hint]:
        """Those that are due now, at most some hundreds at a time."""
        now = time.monotonic()
        due: dict[str, Hint] = {}
        for path, hint in self._waiting.items():
            if hint.due <= now:
                due[path] = hint
                if len(due) >= _AT_ONCE:
                    break
        for path in due:
            del self._waiting[path]
        return due

    def settled(
        self, path: str, seen: Seen, hint: Hint | None, is_known: Callable[[Seen, str], bool]
    ) -> bool:
        """Whether to read the file now; else it is looked at again when it may have settled.

        ``hint`` is the one that led here; ``is_known`` tells whether the catalogue has the
        content that was ``seen``.
        """
        if hint is not None and hint.complete:
            return True
        if is_known(seen, path) or (hint is not None and hint.seen == seen):
            return True
        if not is_recent(seen, SETTLE):
            return True
        now = time.monotonic()
        due = now + SETTLE
        current = self._waiting.setdefault(path, Hint(due, complete=False))
        current.wanted |= hint is not None and hint.wanted
        since = None if hint is None else hint.unsettled_since
        current.unsettled_since = since or current.unsettled_since or now
        if not current.complete:
            current.due, current.seen = due, seen
        return False
