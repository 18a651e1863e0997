"""What to embed next, and how much at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from morgan_core.embedding.base import TextKind

TARGET_SECONDS = 0.15
FIRST_BATCH = 4
LARGEST_BATCH = 64
_CHARACTERS_PER_TOKEN = 4


class Request:
    """Texts to embed and the rows found so far; ``done`` resolves when there are all."""

    def __init__(self, texts: Sequence[str], kind: TextKind) -> None:
        self.texts = texts
        self.kind: TextKind = kind
        self.rows: list[object] = [None] * len(texts)
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # Texts of like length share a forward pass: padding is computed, too.
        self._order = deque(sorted(range(len(texts)), key=lambda i: -len(texts[i])))

    def next_length(self) -> int:
        return len(self.texts[self._order[0]])

    def take(self, count: int) -> list[int]:
        """The positions of the next ``count`` texts, longest first."""
        return [self._order.popleft() for _ in range(min(count, len(self._order)))]

    @property
    def taken(self) -> bool:
        return not self._order


class Queue:
    """Queries go before passages; within a kind, requests go in the order they came."""

    def __init__(self) -> None:
        self._waiting: dict[TextKind, deque[Request]] = {"query": deque(), "passage": deque()}

    def add(self, request: Request) -> None:
        self._waiting[request.kind].append(request)

    def first(self) -> Request | None:
        """The request to go on with; what is fully taken or given up is dropped."""
        for requests in self._waiting.values():
            while requests and (requests[0].taken or requests[0].done.done()):
                requests.popleft()
            if requests:
                return requests[0]
        return None


class Pace:
    """Chooses micro-batches: ``fixed`` on a GPU, else such as take about ``TARGET_SECONDS``.
    ``limit`` is the most that the settings allow; 0 is no limit.

    Time grows with texts x length (measured for MiniLM: 4 passages 0.13 s, 32 passages
    1.06 s). The estimate follows a fast pass at once and a slow one reluctantly, so that a
    busy machine does not drive the batches down to where overhead rules.
    """

    def __init__(self, max_tokens: int, *, fixed: int = 0, limit: int = 0) -> None:
        self._longest = max_tokens * _CHARACTERS_PER_TOKEN
        self._fixed = fixed
        self._limit = limit or max(fixed, LARGEST_BATCH)
        self._rate = 0.0  # padded characters per second

    def batch_size(self, length: int) -> int:
        """How many texts of at most ``length`` characters go into the next pass."""
        if self._fixed:
            size = self._fixed
        elif not self._rate:
            size = FIRST_BATCH
        else:
            size = min(int(TARGET_SECONDS * self._rate / self._cost(length)), LARGEST_BATCH)
        return max(1, min(size, self._limit))

    def record(self, count: int, length: int, seconds: float) -> None:
        """Learn from a pass of ``count`` texts of at most ``length`` characters."""
        rate = count * self._cost(length) / max(seconds, 1e-6)
        weight = 1.0 if not self._rate else (0.5 if rate > self._rate else 0.1)
        self._rate += weight * (rate - self._rate)

    def _cost(self, length: int) -> int:
        return max(32, min(length, self._longest))
