"""The parts of a session's Morgan; each call goes to the present backend."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Protocol, TypeVar

from morgan_core.assistant import ConversationList, Folders, JobList, MessageList, ModelList, Morgan
from morgan_core.events import AnyChange
from morgan_core.types import (
    Conversation,
    DocumentText,
    Folder,
    Job,
    LibraryCounts,
    LibraryListing,
    ModelInfo,
)

T = TypeVar("T")


class Caller(Protocol):
    """What a part needs of its session."""

    async def call(
        self, operation: Callable[[Morgan], Awaitable[T]], *, gone_is_done: bool = False
    ) -> T: ...

    def follow(
        self, open_stream: Callable[[Morgan], AsyncIterator[T]]
    ) -> AsyncGenerator[T, None]: ...


class _Part:
    def __init__(self, session: Caller) -> None:
        self._session = session


class Library(_Part):
    async def list(self) -> LibraryListing:
        return await self._session.call(lambda morgan: morgan.library.list())

    async def counts(self) -> LibraryCounts:
        return await self._session.call(lambda morgan: morgan.library.counts())

    async def changes(self) -> AsyncGenerator[AnyChange, None]:
        stream = self._session.follow(lambda morgan: morgan.library.changes())
        async with aclosing(stream) as changes:
            async for change in changes:
                yield change

    async def text(
        self, document: str, *, start: int = 0, end: int | None = None, context: int = 2000
    ) -> DocumentText:
        return await self._session.call(
            lambda morgan: morgan.library.text(document, start=start, end=end, context=context)
        )

    async def retry(self, document: str) -> None:
        await self._session.call(lambda morgan: morgan.library.retry(document))

    async def pause(self) -> LibraryCounts:
        return await self._session.call(lambda morgan: morgan.library.pause())

    async def resume(self) -> LibraryCounts:
        return await self._session.call(lambda morgan: morgan.library.resume())


class Watches(_Part):
    async def list(self) -> Folders:
        return await self._session.call(lambda morgan: morgan.watches.list())

    async def add(self, path: str) -> Folder:
        return await self._session.call(lambda morgan: morgan.watches.add(path))

    async def remove(self, path: str, *, forget: bool = False) -> None:
        await self._session.call(
            lambda morgan: morgan.watches.remove(path, forget=forget), gone_is_done=True
        )


class Jobs(_Part):
    async def get(self, job_id: str) -> Job:
        return await self._session.call(lambda morgan: morgan.jobs.get(job_id))

    async def list(self) -> JobList:
        return await self._session.call(lambda morgan: morgan.jobs.list())


class Conversations(_Part):
    async def list(self, *, limit: int = 500) -> ConversationList:
        return await self._session.call(lambda morgan: morgan.conversations.list(limit=limit))

    async def get(self, conversation_id: str) -> Conversation:
        return await self._session.call(lambda morgan: morgan.conversations.get(conversation_id))

    async def messages(
        self, conversation_id: str, *, before: str | None = None, limit: int = 50
    ) -> MessageList:
        return await self._session.call(
            lambda morgan: morgan.conversations.messages(
                conversation_id, before=before, limit=limit
            )
        )

    async def rename(self, conversation_id: str, title: str) -> Conversation:
        return await self._session.call(
            lambda morgan: morgan.conversations.rename(conversation_id, title)
        )

    async def delete(self, conversation_id: str) -> None:
        await self._session.call(
            lambda morgan: morgan.conversations.delete(conversation_id), gone_is_done=True
        )

    async def search(self, query: str, *, limit: int = 20) -> MessageList:
        return await self._session.call(
            lambda morgan: morgan.conversations.search(query, limit=limit)
        )


class Models(_Part):
    async def list(self) -> ModelList:
        return await self._session.call(lambda morgan: morgan.models.list())

    async def use(self, name: str) -> ModelInfo:
        return await self._session.call(lambda morgan: morgan.models.use(name))

    async def pull(self, name: str) -> AsyncGenerator[ModelInfo, None]:
        async with aclosing(
            self._session.follow(lambda morgan: morgan.models.pull(name))
        ) as states:
            async for state in states:
                yield state

    async def test(self, name: str) -> ModelInfo:
        return await self._session.call(lambda morgan: morgan.models.test(name))
