"""What the folders hold that is no document, and why: told by every look at the disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from morgan_core.library.names import parents


class LeftOut:
    """Paths and reasons by root. A folder that is not entered is one path."""

    def __init__(self) -> None:
        self._by_root: dict[str, dict[str, str]] = {}

    def knows(self, root: str) -> bool:
        """Whether the root was looked at since the start."""
        return root in self._by_root

    def counts(self, root: str) -> dict[str, int]:
        """How many paths are left out for each reason, the most frequent first."""
        return dict(Counter(self._by_root.get(root, {}).values()).most_common())

    def replace(self, root: str, found: Mapping[str, str]) -> bool:
        """A whole scan of ``root`` left out what it ``found``; True when that is news."""
        changed = self._by_root.get(root, {}) != found
        self._by_root[root] = dict(found)
        return changed

    def update(self, root: str, looked_at: Collection[str], found: Mapping[str, str]) -> bool:
        """A look at some paths, and at all below them, left out what it ``found``."""
        known = self._by_root.get(root)
        if known is None:  # the first scan tells of all
            return False
        over = [
            path
            for path in known
            if path not in found
            and (path in looked_at or any(p in looked_at for p in parents(path)))
        ]
        for path in over:
            del known[path]
        changed = bool(over) or any(known.get(path) != why for path, why in found.items())
        known.update(found)
        return changed

    def drop(self, root: str) -> None:
        self._by_root.pop(root, None)
