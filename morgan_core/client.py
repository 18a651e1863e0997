"""Morgan over HTTP: a core in another process, on a Unix socket or a TCP address."""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec

from morgan_core.assistant import (
    ConversationList,
    Folders,
    JobList,
    MessageList,
    ModelList,
)
from morgan_core.errors import Disconnected, Leaving, RemoteError, Unavailable
from morgan_core.events import AnyChange, AnyTurnEvent, Done, Failed, turn_event_decoder
from morgan_core.types import (
    Conversation,
    DocumentText,
    EffectiveSetting,
    Folder,
    Health,
    Job,
    LibraryCounts,
    LibraryListing,
    ModelInfo,
    Proof,
    Record,
    Scope,
    SearchResponse,
)
from morgan_core.wire import Wire

T = TypeVar("T")


class Handshake(Record, frozen=True, kw_only=True):
    """What an owner says of itself to a face that attaches."""

    version: str
    pid: int
    state: str


class MorganClient:
    """``Morgan`` over HTTP.

    ``url`` is ``http(s)://host:port`` or ``unix:/path/of.sock``; ``api_key`` is sent as a
    Bearer token. Errors are the MorganErrors that the core raised; a connection that fails or
    breaks raises Disconnected, a core that quits Leaving.
    """

    def __init__(self, url: str, *, api_key: str = "") -> None:
        self.url = url
        self._wire = Wire(url, key=api_key)
        self.library = _Library(self)
        self.watches = _Watches(self)
        self.jobs = _Jobs(self)
        self.conversations = _Conversations(self)
        self.models = _Models(self)

    async def handshake(self, *, timeout: float = 5.0) -> Handshake:
        """Who answers. Returns at once, also while the core is starting or leaving."""
        return await self.call(Handshake, "GET", "/api/session", timeout=timeout)

    async def presence(self) -> None:
        """Stay connected until the owner goes away."""
        try:
            async for _ in self._wire.stream("GET", "/api/session/presence"):
                pass
        except Unavailable:
            return

    async def ask(
        self,
        question: str,
        *,
        conversation_id: str | None = None,
        scope: Scope | None = None,
        context: str = "",
        detached: bool = False,
        turn_id: str | None = None,
    ) -> AsyncGenerator[AnyTurnEvent, None]:
        body = {
            "message": question,
            "conversation_id": conversation_id,
            "scope": scope,
            "context": context,
            "detached": detached,
            "turn_id": turn_id,
            "stream": True,
        }
        async with aclosing(self._turn("POST", "/api/chat", body)) as events:
            async for event in events:
                yield event

    async def resume(
        self, turn_id: str, *, after_seq: int = 0
    ) -> AsyncGenerator[AnyTurnEvent, None]:
        path = _path("api", "turns", turn_id, "events", after_seq=after_seq)
        async with aclosing(self._turn("GET", path)) as events:
            async for event in events:
                yield event

    async def stop(self, turn_id: str) -> None:
        await self.send("POST", _path("api", "turns", turn_id, "stop"))

    async def search(
        self, query: str, *, limit: int = 10, scope: Scope | None = None
    ) -> SearchResponse:
        body = {"query": query, "limit": limit, "scope": scope}
        return await self.call(SearchResponse, "POST", "/api/search", body)

    async def learn(self, paths: Sequence[str], *, watch: bool = False) -> Job:
        return await self.call(Job, "POST", "/api/learn", {"paths": list(paths), "watch": watch})

    async def forget(self, paths: Sequence[str]) -> Job:
        return await self.call(Job, "POST", "/api/forget", {"paths": list(paths)})

    async def prove(self, paths: Sequence[str]) -> Proof:
        return await self.call(Proof, "POST", "/api/forget/prove", {"paths": list(paths)})

    async def settings(self) -> list[EffectiveSetting]:
        return await self.call(list[EffectiveSetting], "GET", "/api/settings")

    async def health(self) -> Health:
        async with self._wire.request("GET", "/health") as response:
            data = await response.read()
        try:
            return msgspec.json.decode(data, type=Health)
        except msgspec.DecodeError:
            raise _not_morgan(self.url) from None

    async def close(self) -> None:
        """Cut every open stream and request."""
        self._wire.close()

    async def call(
        self,
        kind: type[T],
        method: str,
        path: str,
        body: object = None,
        *,
        timeout: float | None = None,
    ) -> T:
        """Send a request and decode its answer as ``kind``; ``timeout`` is in seconds."""
        data = await self._wire.json(method, path, body, timeout=timeout)
        try:
            return msgspec.json.decode(data, type=kind)
        except msgspec.DecodeError:
            raise _not_morgan(self.url) from None

    async def send(self, method: str, path: str, body: object = None) -> None:
        """Send a request whose answer says nothing."""
        await self._wire.json(method, path, body)

    async def stream(
        self, method: str, path: str, decode: Callable[[bytes], T], body: object = None
    ) -> AsyncGenerator[T, None]:
        """Yield decoded events until ``end``; Disconnected when the stream breaks before it."""
        async with aclosing(self._wire.stream(method, path, body)) as events:
            async for name, data in events:
                if name == "end":
                    return
                try:
                    item = decode(data)
                except msgspec.DecodeError:
                    raise _not_morgan(self.url) from None
                yield item
        raise Disconnected(f"The stream from Morgan at {self.url} broke.")

    async def _turn(
        self, method: str, path: str, body: object = None
    ) -> AsyncGenerator[AnyTurnEvent, None]:
        stream = self.stream(method, path, turn_event_decoder.decode, body)
        async with aclosing(stream) as events:
            async for event in events:
                yield event
                if isinstance(event, Done | Failed):
                    return


class _Part:
    def __init__(self, client: MorganClient) -> None:
        self._client = client


class _Library(_Part):
    async def list(self) -> LibraryListing:
        return await self._client.call(LibraryListing, "GET", "/api/library")

    async def counts(self) -> LibraryCounts:
        return await self._client.call(LibraryCounts, "GET", "/api/library/counts")

    async def changes(self) -> AsyncGenerator[AnyChange, None]:
        stream = self._client.stream("GET", "/api/library/changes", _change_decoder().decode)
        async with aclosing(stream) as changes:
            async for change in changes:
                yield change
        raise Leaving("Morgan is quitting.")

    async def text(
        self, document: str, *, start: int = 0, end: int | None = None, context: int = 2000
    ) -> DocumentText:
        path = _path("api", "library", document, "text", start=start, end=end, context=context)
        return await self._client.call(DocumentText, "GET", path)

    async def retry(self, document: str) -> None:
        await self._client.send("POST", _path("api", "library", document, "retry"))

    async def pause(self) -> LibraryCounts:
        return await self._client.call(LibraryCounts, "POST", "/api/library/pause")

    async def resume(self) -> LibraryCounts:
        return await self._client.call(LibraryCounts, "POST", "/api/library/resume")


class _Watches(_Part):
    async def list(self) -> Folders:
        return await self._client.call(Folders, "GET", "/api/watches")

    async def add(self, path: str) -> Folder:
        return await self._client.call(Folder, "POST", "/api/watches", {"path": path})

    async def remove(self, path: str, *, forget: bool = False) -> None:
        await self._client.send("DELETE", _path("api", "watches", path=path, forget=forget))


class _Jobs(_Part):
    async def get(self, job_id: str) -> Job:
        return await self._client.call(Job, "GET", _path("api", "jobs", job_id))

    async def list(self) -> JobList:
        return await self._client.call(JobList, "GET", "/api/jobs")


class _Conversations(_Part):
    async def list(self, *, limit: int = 500) -> ConversationList:
        path = _path("api", "conversations", limit=limit)
        return await self._client.call(ConversationList, "GET", path)

    async def get(self, conversation_id: str) -> Conversation:
        path = _path("api", "conversations", conversation_id)
        return await self._client.call(Conversation, "GET", path)

    async def messages(
        self, conversation_id: str, *, before: str | None = None, limit: int = 50
    ) -> MessageList:
        path = _path(
            "api", "conversations", conversation_id, "messages", before=before, limit=limit
        )
        return await self._client.call(MessageList, "GET", path)

    async def rename(self, conversation_id: str, title: str) -> Conversation:
        path = _path("api", "conversations", conversation_id)
        return await self._client.call(Conversation, "PATCH", path, {"title": title})

    async def delete(self, conversation_id: str) -> None:
        await self._client.send("DELETE", _path("api", "conversations", conversation_id))

    async def search(self, query: str, *, limit: int = 20) -> MessageList:
        path = _path("api", "conversations", "search", q=query, limit=limit)
        return await self._client.call(MessageList, "GET", path)


class _Models(_Part):
    async def list(self) -> ModelList:
        return await self._client.call(ModelList, "GET", "/api/models")

    async def use(self, name: str) -> ModelInfo:
        return await self._client.call(ModelInfo, "POST", "/api/models/use", {"name": name})

    async def pull(self, name: str) -> AsyncGenerator[ModelInfo, None]:
        decode = msgspec.json.Decoder(ModelInfo).decode
        stream = self._client.stream("POST", "/api/models/pull", decode, {"name": name})
        async with aclosing(stream) as states:
            async for state in states:
                yield state

    async def test(self, name: str) -> ModelInfo:
        return await self._client.call(ModelInfo, "POST", "/api/models/test", {"name": name})


@functools.cache
def _change_decoder() -> msgspec.json.Decoder[AnyChange]:
    return msgspec.json.Decoder(AnyChange)


def _path(*parts: str, **query: object) -> str:
    """An absolute path of quoted ``parts``; a query value of None is left out."""
    path = "/" + "/".join(quote(part, safe="") for part in parts)
    given = {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in query.items()
        if value is not None
    }
    return f"{path}?{urlencode(given)}" if given else path


def _not_morgan(url: str) -> RemoteError:
    return RemoteError(
        f"What answers at {url} is not a Morgan of this version.", mend="Check the address."
    )
