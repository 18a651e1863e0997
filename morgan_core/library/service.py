"""The library as its owner sees it: a supervised child process behind typed methods."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from pydantic import SecretStr

from morgan_core.embedding.base import Embedder
from morgan_core.events import AnyChange, WorkerChanged
from morgan_core.index.base import Candidates, Chunk
from morgan_core.library.listings import unpack_listing
from morgan_core.library.mentions import Mentions, Phrase
from morgan_core.library.names import from_person
from morgan_core.paths import Paths
from morgan_core.settings import Settings
from morgan_core.types import (
    Citation,
    DocumentText,
    Folder,
    Job,
    LibraryCounts,
    LibraryListing,
    Scope,
    StoreCheck,
    WorkerInfo,
)
from morgan_core.worker import Worker

# Inside the class, ``list`` is a method.
Chunks = list[Chunk]
Citations = list[Citation]
Folders = list[Folder]
Jobs = list[Job]
MentionsList = list[Mentions]
_MODULE = "morgan_core.library.process"
# Less than the embedder's: searches go through here.
_NICENESS = 3
_PIECE = 4
"""Passages that are embedded at a time while an answer is generated."""

_REST, _LONGEST_REST = 9.0, 5.0
"""Pause after such a piece, in times of what it took, and in seconds at most."""


class LibraryService:
    """Runs the library process. A call in flight when the process dies is made once more after
    its restart; every method is safe to repeat.

    ``lock_fd`` is the descriptor of the data directory's lock, which the process inherits.
    ``answering`` is the collection that queries go to, empty until it is known; ``on_answering``
    is told when it changes, and vectors of queries must be made for it.
    ``on_change`` sees what changes in the library, and the state of the process. While
    ``generating`` says that an answer is written on this machine, passages are embedded at about
    a tenth of the speed. Paths may hold any bytes; in results they are in the text form of ``library.names``, which is what all
    methods accept, too.
    """

    def __init__(
        self,
        settings: Settings,
        paths: Paths,
        *,
        embedder: Embedder,
        lock_fd: int | None,
        on_change: Callable[[AnyChange], None],
        generating: Callable[[], bool] = lambda: False,
        on_answering: Callable[[str], None] = lambda _collection: None,
    ) -> None:
        self.answering = ""
        self._on_answering = on_answering
        self._embedder = embedder
        self._generating = generating
        self._standing_back = asyncio.Lock()
        self._on_change = on_change
        self._worker = Worker(
            "library",
            _MODULE,
            config=_config(settings, paths, embedder),
            handlers={
                "embed": self._embed,
                "changes": self._take_changes,
                "answering": self._take_answering,
            },
            pass_fds=() if lock_fd is None else (lock_fd,),
            on_state=lambda info: on_change(WorkerChanged(worker=info)),
            log_file=paths.logs / "library.log",
            niceness=_NICENESS,
        )

    @property
    def worker(self) -> WorkerInfo:
        return self._worker.info

    async def start(self) -> None:
        """Spawn the process; calls wait until it is ready."""
        await self._worker.start()

    async def stop(self) -> None:
        await self._worker.stop()

    async def query(
        self, text: str, vector: bytes | None, *, limit: int, scope: Scope | None = None
    ) -> Candidates:
        """One hybrid round trip to the index, deleted and outdated documents left out."""
        found = await self._worker.call(
            "query",
            text=text,
            vector=vector,
            limit=limit,
            collection=self.answering,
            scope=msgspec.to_builtins(scope) if scope else None,
        )
        return msgspec.convert(found, Candidates)

    async def chunks(self, ids: Sequence[str]) -> Chunks:
        """The chunks of candidates, in the order of ``ids``; those that are no longer current
        are left out."""
        return msgspec.convert(await self._worker.call("chunks", ids=list(ids)), Chunks)

    async def vectors(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The dense vectors of candidates, those that have one: float32 by id."""
        return msgspec.convert(await self._worker.call("vectors", ids=list(ids)), dict[str, bytes])

    async def modified(self, documents: Sequence[str]) -> dict[str, float]:
        """When these documents were last changed, in seconds since the epoch, by id; those that
        are gone are left out."""
        found = await self._worker.call("modified", documents=[*documents])
        return msgspec.convert(found, dict[str, float])

    async def list(self) -> LibraryListing:
        return await unpack_listing(await self._worker.call("list"))

    async def counts(self) -> LibraryCounts:
        return msgspec.convert(await self._worker.call("counts"), LibraryCounts)

    async def text(
        self, document: str, *, start: int = 0, end: int | None = None, context: int = 2000
    ) -> DocumentText:
        """The extracted text around ``start``..``end``, ``context`` code points to each side.

        Raises NotFound for a document that is unknown or has no text, Unavailable while the
        text is being read.
        """
        found = await self._worker.call(
            "text", document=document, start=start, end=end, context=context
        )
        return msgspec.convert(found, DocumentText)

    async def mentions(
        self, documents: Sequence[str], phrases: Sequence[Phrase], *, most: int
    ) -> MentionsList:
        """How often each phrase stands in each of the documents, and the first ``most`` sentences
        of each; those that are gone are left out, those without a text have no counts."""
        found = await self._worker.call(
            "mentions",
            documents=[*documents],
            phrases=msgspec.to_builtins([*phrases]),
            most=most,
        )
        return msgspec.convert(found, MentionsList)

    async def passages(self, document: str) -> Chunks:
        """All passages of a document's current text, in order; none while it has no text."""
        found = await self._worker.call("passages", document=document)
        return msgspec.convert(found, Chunks)

    async def place(self, citations: Sequence[Citation]) -> Citations:
        """The citations with their state of now, at the place where they stand now."""
        found = await self._worker.call("place", citations=msgspec.to_builtins(list(citations)))
        return msgspec.convert(found, Citations)

    async def retry(self, document: str) -> None:
        """Read a document again. Raises NotFound."""
        await self._worker.call("retry", document=document)

    async def pause(self, on: bool) -> LibraryCounts:
        """Stop reading and embedding, or go on; kept over restarts."""
        return msgspec.convert(await self._worker.call("pause", on=on), LibraryCounts)

    async def watch_list(self) -> Folders:
        return msgspec.convert(await self._worker.call("watch_list"), Folders)

    async def watch_add(self, path: str) -> Folder:
        """Watch the folder at absolute ``path``; BadInput when it is not a readable folder."""
        return msgspec.convert(await self._worker.call("watch_add", path=from_person(path)), Folder)

    async def watch_remove(self, path: str, forget: bool = False) -> None:
        """Stop watching. Documents stay unless ``forget``. NotFound if it is not watched."""
        await self._worker.call("watch_remove", path=from_person(path), forget=forget, retry=False)

    async def learn(self, paths: Sequence[str], watch: bool = False) -> Job:
        """Take in files and folders. Raises BadInput that names a path which is not there."""
        found = await self._worker.call(
            "learn", job=str(uuid.uuid4()), paths=[from_person(path) for path in paths], watch=watch
        )
        return msgspec.convert(found, Job)

    async def forget(self, paths: Sequence[str]) -> Job:
        """Remove documents by path or id, and keep them out. Raises NotFound."""
        found = await self._worker.call(
            "forget", job=str(uuid.uuid4()), paths=[from_person(path) for path in paths]
        )
        return msgspec.convert(found, Job)

    async def check_forgotten(self, names: Sequence[str]) -> tuple[StoreCheck, ...]:
        """What each store still holds of the paths and document ids."""
        found = await self._worker.call(
            "check_forgotten", names=[from_person(name) for name in names]
        )
        return msgspec.convert(found, tuple[StoreCheck, ...])

    async def job(self, id: str) -> Job:
        """Raises NotFound."""
        return msgspec.convert(await self._worker.call("job", job=id), Job)

    async def jobs(self) -> Jobs:
        """Newest first."""
        return msgspec.convert(await self._worker.call("jobs"), Jobs)

    # --- what the process asks of us -------------------------------------------------------

    async def _embed(self, texts: Sequence[str]) -> Mapping[str, bytes]:
        vectors, at = bytearray(), 0
        while at < len(texts):
            if self._generating():
                async with self._standing_back:
                    began = time.monotonic()
                    piece = texts[at : at + _PIECE]
                    vectors += await self._embedder.embed(piece, "passage")
                    if self._generating():
                        rest = _REST * (time.monotonic() - began)
                        await asyncio.sleep(min(rest, _LONGEST_REST))
            else:
                piece = texts[at:]
                vectors += await self._embedder.embed(piece, "passage")
            at += len(piece)
        return {"vectors": bytes(vectors)}

    async def _take_answering(self, collection: str) -> None:
        self.answering = collection
        self._on_answering(collection)

    async def _take_changes(self, changes: Sequence[Any]) -> None:
        for change in msgspec.convert(changes, tuple[AnyChange, ...]):
            self._on_change(change)


def _config(settings: Settings, paths: Paths, embedder: Embedder) -> dict[str, Any]:
    values: dict[str, Any] = settings.model_dump()
    plain = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in values.items()
    }
    return {
        "settings": msgspec.to_builtins(plain, enc_hook=str),
        "paths": {name: str(getattr(paths, name)) for name in ("data", "config", "cache", "logs")},
        "embedder": msgspec.to_builtins(embedder.info),
    }
