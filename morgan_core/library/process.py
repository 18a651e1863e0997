"""The library process: see ``morgan_core.worker.main`` for how it is run.

It alone writes the catalogue and the embedded index. The descriptor of the owner's lock, when it
inherits one, simply stays open: no new owner can open the stores while this process lives.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from morgan_core.embedding.base import EmbedderInfo
from morgan_core.events import AnyChange
from morgan_core.index.base import Chunk
from morgan_core.library.mentions import Mentions, Phrase
from morgan_core.library.room import LibraryRoom
from morgan_core.paths import Paths
from morgan_core.settings import Settings
from morgan_core.types import (
    Citation,
    DocumentText,
    Folder,
    Job,
    LibraryCounts,
    Scope,
    StoreCheck,
)
from morgan_core.worker.channel import Handler
from morgan_core.worker.main import Parent


async def start(config: dict[str, Any], parent: Parent) -> LibraryProcess:
    """Open the library. ``config`` holds ``settings``, ``paths`` and ``embedder`` as plain data."""
    settings = Settings.model_validate(config["settings"])
    spare_survivors()
    paths = Paths(**{name: Path(path) for name, path in config["paths"].items()})
    info = msgspec.convert(config["embedder"], EmbedderInfo)
    process = LibraryProcess(settings, paths, info, parent)
    await process.open()
    return process


def spare_survivors() -> None:
    """Let the garbage collector walk through each long-lived object once only.

    A full collection holds everything up for as long as it walks: 0.4 s with 100,000 files, again
    and again. The catalogue's rows have no cycles, so that they need none.
    """

    def after(phase: str, info: dict[str, int]) -> None:
        if phase == "stop" and info["generation"] == 2:
            gc.freeze()

    gc.callbacks.append(after)


class LibraryProcess:
    """The methods that the owner calls. Paths are in the text form of ``library.names``."""

    def __init__(
        self, settings: Settings, paths: Paths, info: EmbedderInfo, parent: Parent
    ) -> None:
        from morgan_core.embedding.cache import VectorCache
        from morgan_core.index.factory import make_index
        from morgan_core.library.reader import Reader
        from morgan_core.library.texts import TextStore
        from morgan_core.library.web.pages import WebPages
        from morgan_core.storage.catalogue import Catalogue
        from morgan_core.storage.engine import database_url

        self._parent = parent
        self._reader = Reader(settings, log_file=paths.logs / "reader.log")
        self._texts = TextStore(paths.texts)
        self._cache = VectorCache(paths.cache / "vectors", info)
        self._room = LibraryRoom(
            settings,
            catalogue=Catalogue(database_url(settings.database_url, paths.database)),
            index=make_index(settings, paths, info),
            texts=self._texts,
            reader=self._reader,
            cache=self._cache,
            pages=WebPages(paths.pages, settings),
            embed=self._embed,
            dimension=info.dimension,
            paused=paths.paused,
            send=self._send,
            on_answering=self._tell_answering,
        )
        self.handlers: Mapping[str, Handler] = {
            "query": self._query,
            "chunks": self._chunks,
            "vectors": self._vectors,
            "modified": self._modified,
            "list": self._list,
            "counts": self._counts,
            "text": self._text,
            "mentions": self._mentions,
            "passages": self._passages,
            "place": self._place,
            "retry": self._retry,
            "pause": self._set_pause,
            "watch_list": self._watch_list,
            "watch_add": self._watch_add,
            "watch_remove": self._watch_remove,
            "learn": self._learn,
            "forget": self._forget,
            "check_forgotten": self._check_forgotten,
            "job": self._job,
            "jobs": self._jobs,
        }

    async def open(self) -> None:
        await asyncio.to_thread(self._texts.sweep)
        await self._reader.start()
        await self._room.start()

    async def close(self) -> None:
        await self._room.close()
        await self._reader.stop()
        await asyncio.to_thread(self._cache.close)

    async def _embed(self, texts: Sequence[str]) -> bytes:
        vectors: bytes = (await self._parent.call("embed", texts=list(texts)))["vectors"]
        return vectors

    async def _send(self, changes: Sequence[AnyChange]) -> None:
        if changes:
            await self._parent.notify("changes", changes=list(changes))

    async def _tell_answering(self, collection: str) -> None:
        await self._parent.notify("answering", collection=collection)

    # --- methods ---------------------------------------------------------------------------

    async def _query(
        self,
        text: str,
        vector: bytes | None,
        limit: int,
        scope: dict[str, Any] | None,
        collection: str,
    ) -> Any:
        within = msgspec.convert(scope, Scope) if scope else None
        return await self._room.query(
            text, vector, limit=limit, scope=within, collection=collection
        )

    async def _vectors(self, ids: list[str]) -> dict[str, bytes]:
        return await self._room.vectors_of(ids)

    async def _chunks(self, ids: list[str]) -> list[Chunk]:
        return await self._room.chunks(ids)

    async def _modified(self, documents: list[str]) -> dict[str, float]:
        return self._room.modified(documents)

    async def _list(self) -> dict[str, Any]:
        return await self._room.packed_listing()

    async def _counts(self) -> LibraryCounts:
        return self._room.counts()

    async def _text(self, document: str, start: int, end: int | None, context: int) -> DocumentText:
        return await self._room.text(document, start=start, end=end, context=context)

    async def _mentions(
        self, documents: list[str], phrases: list[Any], most: int
    ) -> list[Mentions]:
        wanted = msgspec.convert(phrases, list[Phrase])
        return await self._room.mentions(documents, wanted, most=most)

    async def _passages(self, document: str) -> list[Chunk]:
        return await self._room.passages(document)

    async def _place(self, citations: list[Any]) -> list[Citation]:
        return await self._room.place(msgspec.convert(citations, list[Citation]))

    async def _retry(self, document: str) -> None:
        await self._room.requests.retry(document)

    async def _set_pause(self, on: bool) -> LibraryCounts:
        return self._room.pause(on)

    async def _watch_list(self) -> list[Folder]:
        return self._room.folders()

    async def _watch_add(self, path: str) -> Folder:
        return await self._room.requests.watch_add(path)

    async def _watch_remove(self, path: str, forget: bool) -> None:
        await self._room.jobs.watch_remove(path, forget=forget)

    async def _learn(self, job: str, paths: list[str], watch: bool) -> Job:
        return await self._room.jobs.learn(job, paths, watch=watch)

    async def _forget(self, job: str, paths: list[str]) -> Job:
        return await self._room.jobs.forget(job, paths)

    async def _check_forgotten(self, names: list[str]) -> tuple[StoreCheck, ...]:
        return await self._room.requests.check_forgotten(names)

    async def _job(self, job: str) -> Job:
        return self._room.jobs.get(job)

    async def _jobs(self) -> list[Job]:
        return self._room.jobs.all()
