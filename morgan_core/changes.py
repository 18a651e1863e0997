"""Handing changes to any number of readers, without a backlog."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from morgan_core.events import (
    AnyChange,
    CountsChanged,
    DocumentChanged,
    DocumentRemoved,
    FolderChanged,
    FolderRemoved,
    HealthChanged,
    JobChanged,
    ModelChanged,
    WorkerChanged,
)


class ChangeHub:
    """Publishes changes; a slow reader gets the latest state of each thing."""

    def __init__(self) -> None:
        self._readers: set[_Reader] = set()

    def publish(self, change: AnyChange) -> None:
        """Hand ``change`` to every reader; never blocks. Call it on the event loop."""
        for reader in self._readers:
            reader.put(change)

    async def stream(
        self, present: Callable[[], Awaitable[Sequence[AnyChange]]]
    ) -> AsyncGenerator[AnyChange, None]:
        """The ``present`` state, then every change from the moment it was asked for."""
        reader = _Reader()
        self._readers.add(reader)
        try:
            reader.begin_with(await present())
            while True:
                for change in await reader.take():
                    yield change
        finally:
            self._readers.discard(reader)


class _Reader:
    def __init__(self) -> None:
        self._pending: dict[tuple[str, str], AnyChange] = {}
        self._arrived = asyncio.Event()

    def put(self, change: AnyChange) -> None:
        key = _subject(change)
        self._pending.pop(key, None)
        self._pending[key] = change
        self._arrived.set()

    def begin_with(self, present: Sequence[AnyChange]) -> None:
        """Put the ``present`` state first; of a subject that changed meanwhile, the newer."""
        first = {_subject(change): change for change in present}
        self._pending = {key: self._pending.pop(key, first[key]) for key in first} | self._pending
        self._arrived.set()

    async def take(self) -> list[AnyChange]:
        await self._arrived.wait()
        self._arrived.clear()
        changes = list(self._pending.values())
        self._pending.clear()
        return changes


def _subject(change: AnyChange) -> tuple[str, str]:
    """What the change is about: of two pending changes on one subject only the last counts."""
    match change:
        case DocumentChanged(document=document):
            return "document", document.id
        case DocumentRemoved(id=id):
            return "document", id
        case FolderChanged(folder=folder):
            return "folder", folder.path
        case FolderRemoved(path=path):
            return "folder", path
        case JobChanged(job=job):
            return "job", job.id
        case WorkerChanged(worker=worker):
            return "worker", worker.name
        case ModelChanged(model=model):
            return "model", model.role
        case CountsChanged():
            return "counts", ""
        case HealthChanged():
            return "health", ""
