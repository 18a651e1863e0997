"""A hand-written Morgan for the tests of the terminal app: deterministic, and scripted.

It implements the whole protocol. What an answer does is a ``Reply``; gates let a test hold it
at a named point until it has looked.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from morgan_core import events
from morgan_core.errors import BadInput, MorganError, NotFound
from morgan_core.types import (
    Answer,
    Citation,
    Conflict,
    Conversation,
    Document,
    DocumentText,
    EffectiveSetting,
    FinishReason,
    Folder,
    Health,
    Job,
    LibraryCounts,
    LibraryListing,
    Message,
    Method,
    ModelInfo,
    Passage,
    Proof,
    Scope,
    Scores,
    SearchResponse,
    Sentence,
    Shortfall,
    Source,
    Timings,
    Usage,
    Why,
    WorkerInfo,
)

NOW = 1_700_000_000.0


@dataclass
class Reply:
    """What the fake does with a question.

    ``holds`` names points where the turn waits for ``release``: ``queued``, ``loading``,
    ``searching``, ``progress``, ``sources``, ``token:3`` (before the third), ``done``.
    ``progress`` is what a tool that reads whole documents tells of itself.
    """

    text: str = "The lease ends on 30 June 2027 [1]."
    sources: tuple[Source, ...] = ()
    relevant: bool = True
    statuses: tuple[str, ...] = ("supported",)
    loading: tuple[float, ...] = ()
    position: int = 0
    holds: frozenset[str] = frozenset()
    error: MorganError | None = None
    error_after: int = 0
    break_after: int | None = None
    delay: float = 0.0
    finish_reason: FinishReason = "end"
    shortfalls: tuple[Shortfall, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    why: Why | None = None
    method: Method = "generated"
    progress: tuple[int, int, Literal["document", "part"]] | None = None


@dataclass
class FakeTurn:
    id: str
    conversation_id: str
    question: str
    reply: Reply
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    text: str = ""
    own_knowledge: bool = False


def passage(
    document: str = "d1",
    path: str = "/papers/lease.pdf",
    text: str = "The lease ends on 30 June 2027, and may be prolonged by one year.",
    page: int | None = 3,
    heading: str = "Term of the lease",
    start: int = 100,
) -> Passage:
    return Passage(
        document=document,
        path=path,
        page=page,
        heading=heading,
        text=text,
        start=start,
        end=start + len(text),
        score=0.9,
        scores=Scores(dense=0.8, bm25=7.0, fused=0.9),
    )


def sources(*passages: Passage) -> tuple[Source, ...]:
    return tuple(Source(n=n, passage=p) for n, p in enumerate(passages or (passage(),), 1))


def document(n: int = 1, state: str = "ready", **changes: Any) -> Document:
    path = changes.pop("path", f"/papers/report-{n:05}.pdf")
    fields: dict[str, Any] = {
        "id": f"d{n}",
        "path": path,
        "paths": (path,),
        "state": state,
        "passages": 12,
        "embedded": 12,
        "pages": 4,
        "bytes": 120_000,
        "modified": NOW,
    }
    return Document(**(fields | changes))


class FakeLibrary:
    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.folders: dict[str, Folder] = {}
        self.texts: dict[str, str] = {}
        self.retried: list[str] = []
        self.workers: dict[str, WorkerInfo] = {}
        self.models: dict[str, ModelInfo] = {}
        self.health = Health(status="ok", components={}, version="1", uptime_seconds=1.0)
        self._queues: set[asyncio.Queue[events.AnyChange]] = set()
        self.fixed_counts: LibraryCounts | None = None
        self.paused = False

    async def list(self) -> LibraryListing:
        return LibraryListing(
            documents=tuple(self.documents.values()),
            folders=tuple(self.folders.values()),
            counts=self._counts(),
        )

    def _counts(self) -> LibraryCounts:
        return msgspec.structs.replace(self._all_counts(), paused=self.paused)

    def _all_counts(self) -> LibraryCounts:
        if self.fixed_counts is not None:
            return self.fixed_counts
        states: dict[str, int] = defaultdict(int)
        for known in self.documents.values():
            states[known.state] += 1
        return LibraryCounts(**states, passages=sum(d.passages for d in self.documents.values()))

    async def counts(self) -> LibraryCounts:
        return self._counts()

    async def changes(self) -> AsyncIterator[events.AnyChange]:
        queue: asyncio.Queue[events.AnyChange] = asyncio.Queue()
        self._queues.add(queue)
        try:
            for folder in self.folders.values():
                yield events.FolderChanged(folder=folder)
            for worker in self.workers.values():
                yield events.WorkerChanged(worker=worker)
            for model in self.models.values():
                yield events.ModelChanged(model=model)
            yield events.HealthChanged(health=self.health)
            yield events.CountsChanged(counts=self._counts())
            while True:
                yield await queue.get()
        finally:
            self._queues.discard(queue)

    def publish(self, change: events.AnyChange) -> None:
        for queue in self._queues:
            queue.put_nowait(change)

    def put(self, *documents: Document) -> None:
        for changed in documents:
            self.documents[changed.id] = changed
            self.publish(events.DocumentChanged(document=changed))
        self.publish(events.CountsChanged(counts=self._counts()))

    async def text(
        self, document: str, *, start: int = 0, end: int | None = None, context: int = 2000
    ) -> DocumentText:
        if document not in self.texts:
            raise NotFound("That document is no longer in the library.")
        whole = self.texts[document]
        a = max(0, start - context)
        b = min(len(whole), (len(whole) if end is None else end) + context)
        known = self.documents.get(document)
        path = known.path if known else "/papers/lease.pdf"
        return DocumentText(
            document=document, path=path, offset=a, text=whole[a:b], total=len(whole), page=3
        )

    async def retry(self, document: str) -> None:
        self.retried.append(document)

    async def pause(self) -> LibraryCounts:
        return self._set_pause(True)

    async def resume(self) -> LibraryCounts:
        return self._set_pause(False)

    def _set_pause(self, on: bool) -> LibraryCounts:
        self.paused = on
        self.publish(events.CountsChanged(counts=self._counts()))
        return self._counts()


class FakeWatches:
    def __init__(self, library: FakeLibrary) -> None:
        self._library = library

    async def list(self) -> list[Folder]:
        return list(self._library.folders.values())

    async def add(self, path: str) -> Folder:
        if not Path(path).is_dir():
            raise BadInput(f"{path} is not a folder that can be read.")
        folder = Folder(path=path, state="watching", documents=1)
        self._library.folders[path] = folder
        self._library.publish(events.FolderChanged(folder=folder))
        known = document(1, path=f"{path}/first.md")
        self._library.put(known)
        return folder

    async def remove(self, path: str, *, forget: bool = False) -> None:
        if path not in self._library.folders:
            raise NotFound(f"{path} is not watched.")
        del self._library.folders[path]
        self._library.publish(events.FolderRemoved(path=path))


class FakeJobs:
    def __init__(self) -> None:
        self.jobs: dict[str, Job] = {}

    async def get(self, job_id: str) -> Job:
        return self.jobs[job_id]

    async def list(self) -> list[Job]:
        return list(self.jobs.values())


class FakeConversations:
    def __init__(self) -> None:
        self.known: dict[str, Conversation] = {}
        self.stored: dict[str, list[Message]] = defaultdict(list)
        self._ids = itertools.count(1)

    def add(self, title: str, *messages: tuple[str, str]) -> Conversation:
        """A stored conversation of (question, answer) pairs."""
        new = self.create(title)
        for question, answer in messages:
            turn = f"t{next(self._ids)}"
            self.append(new.id, turn, "user", question)
            self.append(new.id, turn, "assistant", answer)
        return self.known[new.id]

    def create(self, title: str) -> Conversation:
        number = len(self.known) + 1
        new = Conversation(id=f"c{number}", title=title, created=NOW + number, updated=NOW + number)
        self.known[new.id] = new
        return new

    def append(self, conversation_id: str, turn: str, role: Any, text: str, **more: Any) -> Message:
        message = Message(
            id=f"m{next(self._ids)}",
            conversation_id=conversation_id,
            turn_id=turn,
            role=role,
            text=text,
            state=more.pop("state", "complete"),
            created=NOW,
            **more,
        )
        self.stored[conversation_id].append(message)
        return message

    async def list(self, *, limit: int = 500) -> list[Conversation]:
        return sorted(self.known.values(), key=lambda c: -c.updated)[:limit]

    async def get(self, conversation_id: str) -> Conversation:
        return self.known[conversation_id]

    async def messages(
        self, conversation_id: str, *, before: str | None = None, limit: int = 50
    ) -> list[Message]:
        if conversation_id not in self.known:
            raise NotFound("There is no such conversation.")
        stored = self.stored[conversation_id]
        if before is not None:
            stored = stored[: next(n for n, m in enumerate(stored) if m.id == before)]
        return stored[-limit:]

    async def rename(self, conversation_id: str, title: str) -> Conversation:
        old = self.known[conversation_id]
        new = Conversation(id=old.id, title=title, created=old.created, updated=old.updated)
        self.known[conversation_id] = new
        return new

    async def delete(self, conversation_id: str) -> None:
        del self.known[conversation_id]
        self.stored.pop(conversation_id, None)

    async def search(self, query: str, *, limit: int = 20) -> list[Message]:
        words = query.lower().split()
        every = [m for stored in self.stored.values() for m in stored]
        return [m for m in every if all(w in m.text.lower() for w in words)][:limit]


class FakeModels:
    def __init__(self) -> None:
        self.models = [
            ModelInfo(name="smollm2-135m-instruct", role="chat", state="active", size=99_000_000),
            ModelInfo(name="qwen3-4b", role="chat", state="present", size=2_500_000_000),
            ModelInfo(name="llama-8b", role="chat", state="missing", size=5_000_000_000),
        ]
        self.used: list[str] = []

    async def list(self) -> list[ModelInfo]:
        return self.models

    async def use(self, name: str) -> ModelInfo:
        self.used.append(name)
        return next(model for model in self.models if model.name == name)

    async def pull(self, name: str) -> AsyncIterator[ModelInfo]:
        for share in (0.0, 0.5, 1.0):
            yield ModelInfo(name=name, role="chat", state="downloading", share=share)

    async def test(self, name: str) -> ModelInfo:
        return next(model for model in self.models if model.name == name)


class FakeMorgan:
    """``replies`` are used in order; the last one again and again."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies) or [Reply(sources=sources())]
        self.library = FakeLibrary()
        self.watches = FakeWatches(self.library)
        self.jobs = FakeJobs()
        self.conversations = FakeConversations()
        self.models = FakeModels()
        self.scopes: list[Scope] = []
        self.asked: list[str] = []
        self.stopped: list[str] = []
        self.resumed: list[str] = []
        self.learned: list[list[str]] = []
        self.forgotten: list[list[str]] = []
        self.turns: dict[str, FakeTurn] = {}
        self.closed = False
        self._gates: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def release(self, *points: str) -> None:
        """Let turns go on from these points."""
        for point in points:
            self._gates[point].set()

    async def _hold(self, turn: FakeTurn, point: str) -> None:
        if point not in turn.reply.holds:
            return
        waits = [asyncio.ensure_future(e.wait()) for e in (self._gates[point], turn.stop)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def ask(
        self,
        question: str,
        *,
        conversation_id: str | None = None,
        scope: Scope | None = None,
        context: str = "",
        detached: bool = False,
        turn_id: str | None = None,
    ) -> AsyncIterator[events.AnyTurnEvent]:
        turn_id = turn_id or f"turn{len(self.turns)}"
        if turn_id in self.turns:
            async for event in self.resume(turn_id):
                yield event
            return
        self.asked.append(question)
        if scope is not None:
            self.scopes.append(scope)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if conversation_id is None:
            conversation_id = self.conversations.create(question[:40]).id
        own_knowledge = scope is not None and scope.own_knowledge
        turn = FakeTurn(turn_id, conversation_id, question, reply, own_knowledge=own_knowledge)
        self.turns[turn_id] = turn
        self.conversations.append(conversation_id, turn_id, "user", question, scope=scope)
        async for event in self._run(turn, 1, 0):
            yield event

    async def resume(
        self, turn_id: str, *, after_seq: int = 0
    ) -> AsyncIterator[events.AnyTurnEvent]:
        self.resumed.append(turn_id)
        turn = self.turns.get(turn_id)
        if turn is None:
            raise NotFound("That turn is not known.")
        turn.reply.break_after = None
        async for event in self._run(turn, after_seq + 1, len(turn.text)):
            yield event

    async def _run(
        self, turn: FakeTurn, seq: int, start: int
    ) -> AsyncIterator[events.AnyTurnEvent]:
        reply = turn.reply
        numbers = itertools.count(seq)

        def head() -> dict[str, Any]:
            return {"turn_id": turn.id, "seq": next(numbers)}

        if start == 0:
            yield events.Queued(
                **head(), conversation_id=turn.conversation_id, position=reply.position
            )
            await self._hold(turn, "queued")
            for share in reply.loading:
                yield events.Loading(**head(), share=share)
            await self._hold(turn, "loading")
            if not turn.own_knowledge:
                yield events.Searching(**head(), query=turn.question)
            await self._hold(turn, "searching")
            if reply.progress:
                done, total, unit = reply.progress
                yield events.Progress(**head(), done=done, total=total, unit=unit)
            await self._hold(turn, "progress")
            yield events.Sources(
                **head(),
                sources=reply.sources,
                relevant=reply.relevant,
                own_knowledge=turn.own_knowledge,
                method=reply.method,
            )
            await self._hold(turn, "sources")
        position = 0
        for n, token in enumerate(re.findall(r"\S+\s*|\s+", reply.text), 1):
            if position >= start:
                await self._hold(turn, f"token:{n}")
                if turn.stop.is_set():
                    break
                if reply.break_after is not None and n > reply.break_after:
                    return
                if reply.error is not None and n > reply.error_after:
                    yield self._failed(turn, head())
                    return
                yield events.Token(**head(), text=token, start=position)
                turn.text += token
                await asyncio.sleep(reply.delay)
            position += len(token)
        await self._hold(turn, "done")
        answer = self._answer(turn)
        for sentence in answer.sentences:
            yield events.Checked(**head(), sentence=sentence)
        self.conversations.append(
            turn.conversation_id,
            turn.id,
            "assistant",
            answer.answer,
            answer=answer,
            state="stopped" if turn.stop.is_set() else "complete",
        )
        yield events.Done(**head(), answer=answer)

    def _failed(self, turn: FakeTurn, head: dict[str, Any]) -> events.Failed:
        error = turn.reply.error
        assert error is not None
        self.conversations.append(
            turn.conversation_id, turn.id, "assistant", turn.text, state="failed", error=str(error)
        )
        return events.Failed(
            **head, error=error.code, message=error.message, details={"mend": error.mend}
        )

    def _answer(self, turn: FakeTurn) -> Answer:
        reply = turn.reply
        ends = [m.end() for m in re.finditer(r"[.!?](?=\s|$)", turn.text)]
        starts = [0, *ends]
        sentences = tuple(
            Sentence(
                start=a + len(turn.text[a:b]) - len(turn.text[a:b].lstrip()),
                end=b,
                status=status,  # type: ignore[arg-type]
            )
            for a, b, status in zip(starts, ends, reply.statuses, strict=False)
        )
        citations = tuple(
            Citation(
                n=source.n,
                document=source.passage.document,
                path=source.passage.path,
                page=source.passage.page,
                heading=source.passage.heading,
                start=source.passage.start,
                end=source.passage.end,
                quote=source.passage.text[:40],
                verified=n == 0,
            )
            for n, source in enumerate(reply.sources)
            if f"[{source.n}]" in turn.text
        )
        return Answer(
            answer=turn.text,
            sentences=sentences,
            citations=citations,
            grounded=bool(sentences),
            conversation_id=turn.conversation_id,
            usage=Usage(prompt_tokens=100, completion_tokens=20),
            timings=Timings(first_token_ms=300, generation_ms=500, total_ms=900),
            finish_reason="stopped" if turn.stop.is_set() else reply.finish_reason,
            sources=reply.sources,
            own_knowledge=turn.own_knowledge,
            shortfalls=reply.shortfalls,
            conflicts=reply.conflicts,
            why=reply.why,
            method=reply.method,
        )

    async def stop(self, turn_id: str) -> None:
        self.stopped.append(turn_id)
        self.turns[turn_id].stop.set()

    async def search(
        self, query: str, *, limit: int = 10, scope: Scope | None = None
    ) -> SearchResponse:
        return SearchResponse(query=query, results=(), took_ms=1.0)

    async def learn(self, paths: Sequence[str], *, watch: bool = False) -> Job:
        self.learned.append(list(paths))
        job = Job(id=f"j{len(self.learned)}", kind="learn", state="running")
        self.jobs.jobs[job.id] = job
        return job

    async def forget(self, paths: Sequence[str]) -> Job:
        self.forgotten.append(list(paths))
        for path in paths:
            gone = self.library.documents.pop(path, None)
            if gone is not None:
                self.library.publish(events.DocumentRemoved(id=gone.id, path=gone.path))
        return Job(id="forget", kind="forget", state="done")

    async def prove(self, paths: Sequence[str]) -> Proof:
        return Proof(paths=tuple(paths), clean=True, checks=(), answers=(), notes=())

    async def settings(self) -> list[EffectiveSetting]:
        return []

    async def health(self) -> Health:
        return self.library.health

    async def close(self) -> None:
        self.closed = True


class FakeOpener:
    """Opens ``morgan`` once ``ready`` is set; ``error`` keeps it from opening."""

    def __init__(
        self, morgan: FakeMorgan, *, ready: bool = True, error: Exception | None = None
    ) -> None:
        self.morgan = morgan
        self.error = error
        self.ready = asyncio.Event()
        if ready:
            self.ready.set()

    @contextlib.asynccontextmanager
    async def __call__(self) -> AsyncIterator[FakeMorgan]:
        await self.ready.wait()
        if self.error is not None:
            raise self.error
        try:
            yield self.morgan
        finally:
            await self.morgan.close()
