"""How many documents are in each state, kept up to date one document at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple


class Share(NamedTuple):
    """What one document adds: its state, its passages, and those that have no vector yet."""

    state: str
    passages: int
    pending: int


class Tally:
    """Counts what ``share`` tells of each document; None for one that is not to be seen.

    A library of any size is counted without going through it: only documents that ``changed``
    since the last time are looked at.
    """

    def __init__(self, share: Callable[[str], Share | None], documents: Iterable[str]) -> None:
        self._share = share
        self._changed = set(documents)
        self._shares: dict[str, Share] = {}
        self._states: Counter[str] = Counter()
        self._passages = self._pending = 0

    def changed(self, document_id: str) -> None:
        self._changed.add(document_id)

    def sums(self) -> tuple[Counter[str], int, int]:
        """Documents by state, passages, and passages without a vector."""
        for document_id in self._changed:
            if old := self._shares.pop(document_id, None):
                self._add(old, -1)
            if new := self._share(document_id):
                self._shares[document_id] = new
                self._add(new, 1)
        self._changed.clear()
        return self._states, self._passages, self._pending

    def _add(self, share: Share, sign: int) -> None:
        self._states[share.state] += sign
        self._passages += sign * share.passages
        self._pending += sign * share.pending
