"""One piece of work at a time on each document."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator


class Alone:
    """``async with alone(document_id)``: nobody else works on the document's points meanwhile.

    ``document_id in alone`` says whether somebody does, ``bool(alone)`` whether on any.
    """

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    def __contains__(self, document_id: str) -> bool:
        return document_id in self._locks

    def __len__(self) -> int:
        return len(self._locks)

    @contextlib.asynccontextmanager
    async def __call__(self, document_id: str) -> AsyncIterator[None]:
        lock, users = self._locks.get(document_id, (asyncio.Lock(), 0))
        self._locks[document_id] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks.pop(document_id)
            if users > 1:
                self._locks[document_id] = lock, users - 1
