"""A core without models: deterministic answers, and everything on disk as the real one has it.

``JournalledMorgan`` answers ``count N`` with the numbers below N and any other question with an echo.
Its turns are journalled event by event, so that a turn that was cut off continues elsewhere.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from morgan_core.errors import BadInput, Leaving, ModelError, MorganError, NotFound
from morgan_core.events import (
    AnyChange,
    AnyTurnEvent,
    CountsChanged,
    DocumentChanged,
    Done,
    Failed,
    FolderChanged,
    HealthChanged,
    Queued,
    Searching,
    Sources,
    Token,
    turn_event_decoder,
    turn_event_encoder,
)
from morgan_core.paths import Paths
from morgan_core.types import (
    Answer,
    Conversation,
    Document,
    DocumentText,
    EffectiveSetting,
    Folder,
    Health,
    Job,
    LibraryCounts,
    LibraryListing,
    Message,
    ModelInfo,
    Passage,
    Proof,
    Scope,
    Scores,
    SearchResponse,
    StoreCheck,
)


def make_paths(root: Path) -> Paths:
    """The directories of an installation below ``root``."""
    return Paths(
        data=root / "data", config=root / "config", cache=root / "cache", logs=root / "logs"
    )


class JournalledMorgan:
    """Implements ``LocalCore`` of ``morgan_core.server.owner``. ``pace`` is the seconds between two tokens."""

    def __init__(self, loaded: Any, paths: Paths, lock_fd: int = -1, *, pace: float = 0.0) -> None:
        self.paths = paths
        self.lock_fd = lock_fd
        self.pace = pace
        self.start_gate = asyncio.Event()
        self.start_gate.set()
        self.start_error: MorganError | None = None
        self.closed = False
        self.stopped: list[str] = []
        self.runs: dict[str, _Run] = {}
        self.folder = paths.data / "fake"
        self.library = _Library(self)
        self.watches = _Watches(self)
        self.jobs = _Jobs(self)
        self.conversations = _Conversations(self)
        self.models = _Models()
        self.hub: set[asyncio.Queue[AnyChange | None]] = set()

    async def start(self) -> None:
        await self.start_gate.wait()
        if self.start_error is not None:
            raise self.start_error
        for part in ("turns", "documents", "folders", "jobs"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)

    async def close(self) -> None:
        self.closed = True
        for run in self.runs.values():
            run.interrupt()
        for queue in self.hub:
            queue.put_nowait(None)
        await asyncio.sleep(0)

    # --- turns ---------------------------------------------------------------------------

    async def ask(
        self,
        question: str,
        *,
        conversation_id: str | None = None,
        scope: Scope | None = None,
        context: str = "",
        detached: bool = False,
        turn_id: str | None = None,
    ) -> AsyncIterator[AnyTurnEvent]:
        if not question.strip():
            raise BadInput("The question is empty.")
        if conversation_id is not None and conversation_id not in self.conversations.ids():
            raise NotFound(f"There is no conversation {conversation_id}.")
        turn_id = turn_id or os.urandom(16).hex()
        journal = self.folder / "turns" / f"{turn_id}.jsonl"
        if not journal.exists():
            start = {
                "turn_id": turn_id,
                "question": question,
                "context": context,
                "own_knowledge": scope is not None and scope.own_knowledge,
                "conversation_id": conversation_id or os.urandom(8).hex(),
                "created": time.time(),
            }
            with journal.open("x") as file:
                file.write(json.dumps(start) + "\n")
        run = self._run(journal)
        try:
            async for event in run.events(0):
                yield event
        finally:
            if not detached and not run.finished and not self.closed:
                await self.stop(turn_id)

    async def resume(self, turn_id: str, *, after_seq: int = 0) -> AsyncIterator[AnyTurnEvent]:
        journal = self.folder / "turns" / f"{turn_id}.jsonl"
        if not journal.exists():
            raise NotFound(f"There is no turn {turn_id}.")
        async for event in self._run(journal).events(after_seq):
            yield event

    async def stop(self, turn_id: str) -> None:
        if turn_id not in self.runs:
            raise NotFound(f"There is no turn {turn_id}.")
        self.stopped.append(turn_id)
        self.runs[turn_id].stopping = True

    def _run(self, journal: Path) -> _Run:
        run = self.runs.get(journal.stem)
        if run is None:
            run = self.runs[journal.stem] = _Run(journal, self.pace)
        return run

    # --- the rest ------------------------------------------------------------------------

    async def search(
        self, query: str, *, limit: int = 10, scope: Scope | None = None
    ) -> SearchResponse:
        if query == "crash":
            raise RuntimeError("secret inner detail")
        found = [
            _passage(document, text)
            for document in self.library.documents()
            if query in (text := Path(document.path).read_text())
            and (scope is None or not scope.documents or document.id in scope.documents)
        ]
        return SearchResponse(query=query, results=tuple(found[:limit]), took_ms=1.0)

    async def learn(self, paths: Sequence[str], *, watch: bool = False) -> Job:
        learned = []
        for path in map(Path, paths):
            if not path.is_file():
                raise BadInput(f"{path} is not a file.")
            document = Document(
                id=hashlib.sha256(str(path).encode()).hexdigest()[:12],
                path=str(path),
                paths=(str(path),),
                state="ready",
                passages=1,
                bytes=path.stat().st_size,
            )
            _save(self.folder / "documents" / document.id, document)
            self._publish(DocumentChanged(document=document))
            learned.append(document)
        return self._job("learn", learned)

    async def forget(self, paths: Sequence[str]) -> Job:
        gone = [d for d in self.library.documents() if d.path in paths or d.id in paths]
        for document in gone:
            (self.folder / "documents" / document.id).unlink()
        return self._job("forget", gone)

    async def prove(self, paths: Sequence[str]) -> Proof:
        known = self.library.documents()
        left = [d.id for d in known if {d.id, *d.paths} & set(paths)]
        check = StoreCheck(store="documents", looked_at=len(known), left=len(left))
        return Proof(paths=tuple(paths), clean=not left, checks=(check,), answers=(), notes=())

    async def settings(self) -> list[EffectiveSetting]:
        return [EffectiveSetting(name="port", value=8080, source="default", description="A port.")]

    async def health(self) -> Health:
        return Health(
            status="ok",
            components={"llm": "ok", "library": "error: /secret/path is full"},
            version="fake",
            uptime_seconds=1.0,
            remote_hosts=("models.example",),
        )

    def _job(self, kind: Any, documents: list[Document]) -> Job:
        job = Job(id=os.urandom(8).hex(), kind=kind, state="done", documents=tuple(documents))
        _save(self.folder / "jobs" / job.id, job)
        return job

    def _publish(self, change: AnyChange) -> None:
        for queue in self.hub:
            queue.put_nowait(change)


class _Run:
    """A turn that goes on from where its journal ends."""

    def __init__(self, journal: Path, pace: float) -> None:
        self._journal = journal
        head, *lines = journal.read_text().splitlines()
        self.head = json.loads(head)
        self.done_events = [turn_event_decoder.decode(line) for line in lines]
        self.finished = bool(lines) and isinstance(self.done_events[-1], Done | Failed)
        self.stopping = False
        self._interrupted = False
        self._news = asyncio.Condition()
        self._task = asyncio.create_task(self._work(pace)) if not self.finished else None

    async def events(self, after_seq: int) -> AsyncIterator[AnyTurnEvent]:
        seq = after_seq
        while True:
            for event in self.done_events[seq:]:
                seq = event.seq
                yield event
            if self._interrupted:
                raise Leaving("The core is quitting.")
            if self.finished and seq >= len(self.done_events):
                return
            async with self._news:
                while not (len(self.done_events) > seq or self.finished or self._interrupted):
                    await self._news.wait()

    def interrupt(self) -> None:
        if not self.finished:
            self._interrupted = True
            if self._task is not None:
                self._task.cancel()
            self._waker = asyncio.ensure_future(self._wake())

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def _work(self, pace: float) -> None:
        question = self.head["question"]
        plan = _plan(self.head, question)
        for event in plan[len(self.done_events) :]:
            if isinstance(event, Token | Done):
                await asyncio.sleep(pace)
            if self.stopping:
                event = Done(
                    turn_id=self._journal.stem,
                    seq=len(self.done_events) + 1,
                    answer=Answer(answer=self._text(), finish_reason="stopped"),
                )
            with self._journal.open("ab", buffering=0) as file:
                file.write(turn_event_encoder.encode(event) + b"\n")
            self.done_events.append(event)
            self.finished = isinstance(event, Done | Failed)
            await self._wake()
            if self.finished:
                return

    def _text(self) -> str:
        return "".join(event.text for event in self.done_events if isinstance(event, Token))


def _plan(head: dict[str, Any], question: str) -> list[AnyTurnEvent]:
    turn_id, conversation_id = head["turn_id"], head["conversation_id"]
    if question.startswith("count "):
        words = [f"{number} " for number in range(int(question.split()[1]))]
    else:
        words = [f"{word} " for word in ["You", "asked:", *question.split()]]
    events: list[AnyTurnEvent] = [
        Queued(turn_id=turn_id, seq=1, conversation_id=conversation_id),
        Searching(turn_id=turn_id, seq=2, query=question),
        Sources(
            turn_id=turn_id,
            seq=3,
            sources=(),
            relevant=False,
            own_knowledge=head["own_knowledge"],
        ),
    ]
    if question == "fail":
        error = ModelError("The model tiny.gguf is damaged.", mend="Pull it again.")
        details = {"mend": error.mend}
        return [
            *events,
            Failed(
                turn_id=turn_id, seq=4, error=error.code, message=error.message, details=details
            ),
        ]
    start = 0
    for word in words:
        events.append(Token(turn_id=turn_id, seq=len(events) + 1, text=word, start=start))
        start += len(word)
    answer = Answer(
        answer="".join(words),
        conversation_id=conversation_id,
        own_knowledge=head["own_knowledge"],
    )
    return [*events, Done(turn_id=turn_id, seq=len(events) + 1, answer=answer)]


class _Library:
    def __init__(self, morgan: JournalledMorgan) -> None:
        self._morgan = morgan

    def documents(self) -> list[Document]:
        folder = self._morgan.folder / "documents"
        return [
            msgspec.json.decode(p.read_bytes(), type=Document) for p in sorted(folder.iterdir())
        ]

    async def list(self) -> LibraryListing:
        folders = tuple(await self._morgan.watches.list())
        return LibraryListing(
            documents=tuple(self.documents()), folders=folders, counts=await self.counts()
        )

    async def counts(self) -> LibraryCounts:
        paused = (self._morgan.folder / "paused").exists()
        return LibraryCounts(ready=len(self.documents()), paused=paused)

    async def changes(self) -> AsyncIterator[AnyChange]:
        queue: asyncio.Queue[AnyChange | None] = asyncio.Queue()
        self._morgan.hub.add(queue)
        try:
            yield CountsChanged(counts=await self.counts())
            for folder in await self._morgan.watches.list():
                yield FolderChanged(folder=folder)
            yield HealthChanged(health=await self._morgan.health())
            while (change := await queue.get()) is not None:
                yield change
        finally:
            self._morgan.hub.discard(queue)
        raise Leaving("The core is quitting.")

    async def text(
        self, document: str, *, start: int = 0, end: int | None = None, context: int = 2000
    ) -> DocumentText:
        known = self._one(document)
        text = Path(known.path).read_text()
        first = max(0, start - context)
        last = (len(text) if end is None else end) + context
        return DocumentText(
            document=document,
            path=known.path,
            offset=first,
            text=text[first:last],
            total=len(text),
        )

    async def retry(self, document: str) -> None:
        self._one(document)

    async def pause(self) -> LibraryCounts:
        (self._morgan.folder / "paused").touch()
        return await self.counts()

    async def resume(self) -> LibraryCounts:
        (self._morgan.folder / "paused").unlink(missing_ok=True)
        return await self.counts()

    def _one(self, document: str) -> Document:
        for known in self.documents():
            if known.id == document:
                return known
        raise NotFound(f"There is no document {document}.")


class _Watches:
    def __init__(self, morgan: JournalledMorgan) -> None:
        self._folder = morgan.folder / "folders"

    async def list(self) -> list[Folder]:
        return [msgspec.json.decode(p.read_bytes(), type=Folder) for p in self._folder.iterdir()]

    async def add(self, path: str) -> Folder:
        if not Path(path).is_dir():
            raise BadInput(f"{path} is not a folder.")
        folder = Folder(path=path, state="watching")
        _save(self._file(path), folder)
        return folder

    async def remove(self, path: str, *, forget: bool = False) -> None:
        if not self._file(path).exists():
            raise NotFound(f"{path} is not watched.")
        self._file(path).unlink()

    def _file(self, path: str) -> Path:
        return self._folder / hashlib.sha256(path.encode()).hexdigest()


class _Jobs:
    def __init__(self, morgan: JournalledMorgan) -> None:
        self._folder = morgan.folder / "jobs"

    async def get(self, job_id: str) -> Job:
        if not (self._folder / job_id).exists():
            raise NotFound(f"There is no job {job_id}.")
        return msgspec.json.decode((self._folder / job_id).read_bytes(), type=Job)

    async def list(self) -> list[Job]:
        return [await self.get(path.name) for path in self._folder.iterdir()]


class _Conversations:
    def __init__(self, morgan: JournalledMorgan) -> None:
        self._folder = morgan.folder
        self._titles: dict[str, str] = {}

    def ids(self) -> list[str]:
        return list(dict.fromkeys(head["conversation_id"] for head, _ in self._turns()))

    async def list(self, *, limit: int = 500) -> list[Conversation]:
        return [await self.get(each) for each in reversed(self.ids())][:limit]

    async def get(self, conversation_id: str) -> Conversation:
        turns = [turn for turn in self._turns() if turn[0]["conversation_id"] == conversation_id]
        if not turns:
            raise NotFound(f"There is no conversation {conversation_id}.")
        return Conversation(
            id=conversation_id,
            title=self._titles.get(conversation_id, turns[0][0]["question"]),
            created=turns[0][0]["created"],
            updated=turns[-1][0]["created"],
            messages=2 * len(turns),
        )

    async def messages(
        self, conversation_id: str, *, before: str | None = None, limit: int = 50
    ) -> list[Message]:
        await self.get(conversation_id)
        found = [m for m in self._messages() if m.conversation_id == conversation_id]
        if before is not None:
            found = found[: [message.id for message in found].index(before)]
        return found[-limit:]

    async def rename(self, conversation_id: str, title: str) -> Conversation:
        await self.get(conversation_id)
        self._titles[conversation_id] = title
        return await self.get(conversation_id)

    async def delete(self, conversation_id: str) -> None:
        await self.get(conversation_id)
        for head, _ in self._turns():
            if head["conversation_id"] == conversation_id:
                (self._folder / "turns" / f"{head['turn_id']}.jsonl").unlink()

    async def search(self, query: str, *, limit: int = 20) -> list[Message]:
        words = query.lower().split()
        found = [m for m in self._messages() if all(w in m.text.lower() for w in words)]
        return found[::-1][:limit]

    def _turns(self) -> list[tuple[dict[str, Any], list[AnyTurnEvent]]]:
        turns = []
        for path in (self._folder / "turns").glob("*.jsonl"):
            head, *lines = path.read_text().splitlines()
            turns.append((json.loads(head), [turn_event_decoder.decode(line) for line in lines]))
        return sorted(turns, key=lambda turn: turn[0]["created"])

    def _messages(self) -> list[Message]:
        messages = []
        for head, events in self._turns():
            text = "".join(event.text for event in events if isinstance(event, Token))
            for role, content in (("user", head["question"]), ("assistant", text)):
                messages.append(
                    Message(
                        id=f"{head['turn_id']}-{role}",
                        conversation_id=head["conversation_id"],
                        turn_id=head["turn_id"],
                        role=role,  # type: ignore[arg-type]
                        text=content,
                        state="complete",
                        created=head["created"],
                    )
                )
        return messages


class _Models:
    def __init__(self) -> None:
        self._known = {
            name: ModelInfo(name=name, role="chat", state="present", size=100)
            for name in ("tiny", "large")
        }

    async def list(self) -> list[ModelInfo]:
        return list(self._known.values())

    async def use(self, name: str) -> ModelInfo:
        model = self._one(name)
        self._known[name] = msgspec.structs.replace(model, state="active")
        return self._known[name]

    async def pull(self, name: str) -> AsyncIterator[ModelInfo]:
        model = self._one(name)
        for share in (0.0, 0.5):
            yield msgspec.structs.replace(model, state="downloading", share=share)
        yield msgspec.structs.replace(model, state="present", share=1.0)

    async def test(self, name: str) -> ModelInfo:
        return self._one(name)

    def _one(self, name: str) -> ModelInfo:
        if name not in self._known:
            raise NotFound(f"There is no model {name}.")
        return self._known[name]


def _passage(document: Document, text: str) -> Passage:
    return Passage(
        document=document.id,
        path=document.path,
        page=None,
        heading="",
        text=text,
        start=0,
        end=len(text),
        score=1.0,
        scores=Scores(bm25=1.0, fused=1.0),
    )


def _save(path: Path, record: Any) -> None:
    path.write_bytes(msgspec.json.encode(record))
