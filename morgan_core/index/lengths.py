"""The corpus's average length, as BM25 needs it.

A document's BM25 weights contain the average length, which moves while the corpus grows. The
average in use is therefore a step of a geometric grid and moves only when the measured mean has
left its neighbourhood; points that were weighed with another step are found by their payload and
weighed again in the background. Two indexes with similar documents share the step, and with it
their ranking.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

STEP = 1.25
SAMPLE = 2000


class AverageLength:
    """Estimates the mean number of terms per chunk; ``value`` is the step in use."""

    def __init__(self) -> None:
        self.value = 0
        self._terms = 0
        self._chunks = 0

    def restore(self, sample: Iterable[tuple[int, int]], total: int) -> None:
        """Start from ``(length, average)`` of stored chunks, of which there are ``total``."""
        pairs = list(sample)
        if not pairs:
            return
        self.value = Counter(average for _, average in pairs).most_common(1)[0][0]
        self._chunks = max(total, len(pairs))
        self._terms = round(sum(length for length, _ in pairs) * self._chunks / len(pairs))
        self._settle()

    def observe(self, lengths: Iterable[int]) -> bool:
        """Count new chunks; true when the step in use has changed."""
        for length in lengths:
            if length:
                self._terms += length
                self._chunks += 1
        return self._settle()

    def _settle(self) -> bool:
        if not self._chunks:
            return False
        mean = max(self._terms / self._chunks, 1.0)
        if self.value and self.value / STEP <= mean <= self.value * STEP:
            return False
        before, self.value = self.value, max(1, round(STEP ** round(math.log(mean, STEP))))
        return before != self.value
