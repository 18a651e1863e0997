"""The parts of the protocol that hand on to one room of the core each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from morgan_core.assistant import ConversationList, Folders, JobList, MessageList
from morgan_core.changes import ChangeHub
from morgan_core.chat.journal import journal_path
from morgan_core.errors import BadInput
from morgan_core.events import AnyChange
from morgan_core.local.citation_states import with_states
from morgan_core.types import (
    Conversation,
    DocumentText,
    Folder,
    Job,
    LibraryCounts,
    LibraryListing,
)

if TYPE_CHECKING:
    from morgan_core.library.service import LibraryService
    from morgan_core.storage.conversations import ConversationStore


class LocalLibrary:
    def __init__(
        self,
        service: LibraryService,
        hub: ChangeHub,
        present: Callable[[], Awaitable[list[AnyChange]]],
    ) -> None:
        self._service = service
        self._hub = hub
        self._present = present

    async def list(self) -> LibraryListing:
        return await self._service.list()

    async def counts(self) -> LibraryCounts:
        return await self._service.counts()

    async def changes(self) -> AsyncIterator[AnyChange]:
        async with aclosing(self._hub.stream(self._present)) as stream:
            async for change in stream:
                yield change

    async def text(
        self, document: str, *, start: int = 0, end: int | None = None, context: int = 2000
    ) -> DocumentText:
        return await self._service.text(document, start=start, end=end, context=context)

    async def retry(self, document: str) -> None:
        await self._service.retry(document)

    async def pause(self) -> LibraryCounts:
        return await self._service.pause(True)

    async def resume(self) -> LibraryCounts:
        return await self._service.pause(False)


class LocalWatches:
    def __init__(self, service: LibraryService) -> None:
        self._service = service

    async def list(self) -> Folders:
        return await self._service.watch_list()

    async def add(self, path: str) -> Folder:
        return await self._service.watch_add(path)

    async def remove(self, path: str, *, forget: bool = False) -> None:
        await self._service.watch_remove(path, forget=forget)


class LocalJobs:
    def __init__(self, service: LibraryService) -> None:
        self._service = service

    async def get(self, job_id: str) -> Job:
        return await self._service.job(job_id)

    async def list(self) -> JobList:
        return await self._service.jobs()


class LocalConversations:
    def __init__(self, store: ConversationStore, journal: Path, library: LibraryService) -> None:
        self._store = store
        self._journal = journal
        self._library = library

    async def list(self, *, limit: int = 500) -> ConversationList:
        return await self._store.list(limit=limit)

    async def get(self, conversation_id: str) -> Conversation:
        return await self._store.get(conversation_id)

    async def messages(
        self, conversation_id: str, *, before: str | None = None, limit: int = 50
    ) -> MessageList:
        stored = await self._store.messages(conversation_id, before=before, limit=limit)
        return await with_states(stored, self._library)

    async def rename(self, conversation_id: str, title: str) -> Conversation:
        if not title.strip():
            raise BadInput("The title is empty.", mend="Give the conversation a name.")
        return await self._store.rename(conversation_id, title.strip())

    async def delete(self, conversation_id: str) -> None:
        for turn_id in await self._store.delete(conversation_id):
            journal_path(self._journal, turn_id).unlink(missing_ok=True)

    async def search(self, query: str, *, limit: int = 20) -> MessageList:
        return await self._store.search(query, limit=limit)
