"""A Morgan made of scripts and dictionaries, for testing the faces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from morgan_core.errors import MorganError, NotFound
from morgan_core.events import AnyChange, AnyTurnEvent, CountsChanged, JobChanged
from morgan_core.types import (
    Conversation,
    Document,
    EffectiveSetting,
    Folder,
    Health,
    Job,
    LibraryCounts,
    LibraryListing,
    Message,
    ModelInfo,
    Proof,
    Scope,
    SearchResponse,
)


class FakeMorgan:
    """Answers with what a test put into it, and records what it was asked.

    ``turn`` are the events of every answer (an exception among them is raised); ``job_steps``
    the states that a job runs through, each announced by a change.
    """

    def __init__(self) -> None:
        self.turn: Sequence[AnyTurnEvent | Exception] = ()
        self.hang = False
        self.asked: list[dict[str, Any]] = []
        self.searched: list[dict[str, Any]] = []
        self.learned: list[tuple[list[str], bool]] = []
        self.forgotten: list[list[str]] = []
        self.proved: list[list[str]] = []
        self.proof = Proof(paths=(), clean=True, checks=(), answers=(), notes=())
        self.stopped = False
        self.closed = False
        self.is_owner = False
        self.found = SearchResponse(query="", results=(), took_ms=1.0)
        self.job_steps: list[Job] = []
        self.silent_changes = False
        self.state = Health(status="ok", components={"llm": "ok"}, version="0", uptime_seconds=1.0)
        self.library = FakeLibrary(self)
        self.watches = FakeWatches()
        self.jobs = FakeJobs(self)
        self.conversations = FakeConversations()
        self.models = FakeModels()

    async def ask(self, question: str, **options: Any) -> AsyncIterator[AnyTurnEvent]:
        self.asked.append({"question": question, **options})
        try:
            for event in self.turn:
                if isinstance(event, Exception):
                    raise event
                yield event
            if self.hang:
                await asyncio.Event().wait()
        except (asyncio.CancelledError, GeneratorExit):
            self.stopped = True
            raise

    async def search(
        self, query: str, *, limit: int = 10, scope: Scope | None = None
    ) -> SearchResponse:
        self.searched.append({"query": query, "limit": limit, "scope": scope})
        return self.found

    async def learn(self, paths: Sequence[str], *, watch: bool = False) -> Job:
        self.learned.append((list(paths), watch))
        return self.job_steps.pop(0)

    async def forget(self, paths: Sequence[str]) -> Job:
        self.forgotten.append(list(paths))
        return self.job_steps.pop(0)

    async def prove(self, paths: Sequence[str]) -> Proof:
        self.proved.append(list(paths))
        return msgspec.structs.replace(self.proof, paths=tuple(paths))

    async def settings(self) -> list[EffectiveSetting]:
        return [
            EffectiveSetting(
                name="default_search_results", value=7, source="default", description="."
            )
        ]

    async def health(self) -> Health:
        return self.state

    async def close(self) -> None:
        self.closed = True

    @asynccontextmanager
    async def opened(self, **how: Any) -> AsyncIterator[FakeMorgan]:
        """Stands in for ``open_morgan``."""
        self.opened_with = how
        try:
            yield self
        finally:
            await self.close()


class FakeLibrary:
    def __init__(self, morgan: FakeMorgan) -> None:
        self._morgan = morgan
        self.documents: tuple[Document, ...] = ()
        self.folders: tuple[Folder, ...] = ()
        self.paused = False

    async def list(self) -> LibraryListing:
        return LibraryListing(
            documents=self.documents, folders=self.folders, counts=await self.counts()
        )

    async def counts(self) -> LibraryCounts:
        return LibraryCounts(ready=len(self.documents), paused=self.paused)

    async def pause(self) -> LibraryCounts:
        self.paused = True
        return await self.counts()

    async def resume(self) -> LibraryCounts:
        self.paused = False
        return await self.counts()

    async def changes(self) -> AsyncIterator[AnyChange]:
        yield CountsChanged(counts=LibraryCounts())
        while self._morgan.job_steps and not self._morgan.silent_changes:
            await asyncio.sleep(0)
            yield JobChanged(job=self._morgan.job_steps.pop(0))
        await asyncio.Event().wait()


class FakeWatches:
    def __init__(self) -> None:
        self.folders: dict[str, Folder] = {}
        self.forgot: list[str] = []

    async def list(self) -> list[Folder]:
        return [*self.folders.values()]

    async def add(self, path: str) -> Folder:
        self.folders[path] = Folder(path=path, state="scanning")
        return self.folders[path]

    async def remove(self, path: str, *, forget: bool = False) -> None:
        if self.folders.pop(path, None) is None:
            raise NotFound(f"{path} is not watched.")
        if forget:
            self.forgot.append(path)


class FakeJobs:
    def __init__(self, morgan: FakeMorgan) -> None:
        self._morgan = morgan

    async def get(self, job_id: str) -> Job:
        return self._morgan.job_steps.pop(0)


class FakeConversations:
    def __init__(self) -> None:
        self.all: dict[str, tuple[Conversation, tuple[Message, ...]]] = {}

    async def list(self, *, limit: int = 500) -> list[Conversation]:
        newest = sorted(self.all.values(), key=lambda c: -c[0].updated)
        return [conversation for conversation, _ in newest][:limit]

    async def get(self, conversation_id: str) -> Conversation:
        return self.all[conversation_id][0]

    async def messages(
        self, conversation_id: str, *, before: str | None = None, limit: int = 50
    ) -> list[Message]:  # type: ignore[valid-type]
        messages = [*self.all[conversation_id][1]]
        if before is not None:
            messages = messages[: [m.id for m in messages].index(before)]
        return messages[-limit:]

    async def delete(self, conversation_id: str) -> None:
        del self.all[conversation_id]

    async def search(self, query: str, *, limit: int = 20) -> list[Message]:  # type: ignore[valid-type]
        words = query.lower().split()
        messages = [m for _, ms in self.all.values() for m in ms]
        return [m for m in messages if all(w in m.text.lower() for w in words)][:limit]


class FakeModels:
    def __init__(self) -> None:
        self.all: dict[str, ModelInfo] = {}
        self.error: MorganError | None = None

    async def list(self) -> list[ModelInfo]:
        return [*self.all.values()]

    async def use(self, name: str) -> ModelInfo:
        if name not in self.all:
            raise NotFound(f"There is no model {name!r}.", mend="See: morgan-tui models list")
        return self.all[name]

    async def test(self, name: str) -> ModelInfo:
        return self.all[name]

    async def pull(self, name: str) -> AsyncIterator[ModelInfo]:
        if self.error:
            raise self.error
        yield self.all[name]
