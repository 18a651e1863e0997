"""The embedders of a core: normally one, two while the library moves from one to the other.

Passages go to the embedder that the settings name. Queries go to the one whose collection
answers, which after a change of the setting is still the earlier one; its settings are remembered
by collection in ``embedders.json``. Where it can no longer be had, queries go by words alone
until the move is done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from morgan_core.embedding.base import Embedder, EmbedderInfo, TextKind
from morgan_core.errors import MorganError, Unavailable
from morgan_core.index.vectors import collection_name
from morgan_core.settings import Settings
from morgan_core.types import Record, WorkerInfo

log = logging.getLogger(__name__)


class Remembered(Record, frozen=True, kw_only=True):
    """The settings that make an embedder."""

    embedding_model: str
    embedding_base_url: str
    embedding_dimension: int


class _File(Record, frozen=True, kw_only=True):
    answering: str = ""
    embedders: dict[str, Remembered] = {}


class Changeover:
    """An ``Embedder`` made of the wanted one and, during a move, an earlier one, which ``make``
    makes of its settings."""

    def __init__(
        self,
        wanted: Embedder,
        settings: Settings,
        file: Path,
        *,
        make: Callable[[Settings], Embedder],
    ) -> None:
        self._wanted = wanted
        self._settings = settings
        self._file = file
        self._make = make
        self._started = False
        self._leaving: set[asyncio.Task[None]] = set()
        self._collection = collection_name(wanted.info)
        known = self._read()
        mine = {name: getattr(settings, name) for name in Remembered.__struct_fields__}
        self._known = known.embedders | {self._collection: Remembered(**mine)}
        self._answering = known.answering or self._collection
        self._queries = self._embedder_of(self._answering)
        self._write()

    # --- an Embedder -----------------------------------------------------------------------

    @property
    def info(self) -> EmbedderInfo:
        return self._wanted.info

    @property
    def ready(self) -> bool:
        return self._queries is not None and self._queries.ready

    @property
    def worker(self) -> WorkerInfo | None:
        return self._wanted.worker

    async def start(self) -> None:
        self._started = True
        await self._wanted.start()
        if self._queries is not None and self._queries is not self._wanted:
            await self._queries.start()

    async def stop(self) -> None:
        if self._queries is not None and self._queries is not self._wanted:
            await self._queries.stop()
        await asyncio.gather(self._wanted.stop(), *self._leaving)

    async def embed(self, texts: Sequence[str], kind: TextKind) -> bytes:
        """A query's vector is one for the collection that answers when this returns."""
        if kind == "passage":
            return await self._wanted.embed(texts, kind)
        while True:
            embedder = self._queries
            if embedder is None:
                raise Unavailable(
                    "The embedder that your documents were embedded with is gone.",
                    mend="Until they are embedded anew, words alone decide.",
                )
            try:
                vectors = await embedder.embed(texts, kind)
            except MorganError:
                if embedder is self._queries:
                    raise
            else:
                if embedder is self._queries:
                    return vectors

    # --- the move --------------------------------------------------------------------------

    def answer_from(self, collection: str) -> None:
        """Queries go to ``collection`` from now on."""
        if collection == self._answering:
            return
        earlier, self._answering = self._queries, collection
        self._queries = self._embedder_of(collection)
        self._write()
        if earlier is not None and earlier is not self._wanted:
            self._spawn(earlier)
        if self._started and self._queries is not None and self._queries is not self._wanted:
            self._spawn(self._queries, start=True)

    def _embedder_of(self, collection: str) -> Embedder | None:
        if collection == self._collection:
            return self._wanted
        remembered = self._known.get(collection)
        if remembered is None:
            return None
        try:
            embedder = self._make(
                self._settings.model_copy(update=msgspec.structs.asdict(remembered))
            )
        except MorganError as error:
            log.warning("searching by words alone until the library has moved: %s", error)
            return None
        return embedder if collection_name(embedder.info) == collection else None

    def _spawn(self, embedder: Embedder, *, start: bool = False) -> None:
        work = embedder.start() if start else embedder.stop()
        task = asyncio.create_task(work)
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    # --- the file --------------------------------------------------------------------------

    def _read(self) -> _File:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=_File)
        except FileNotFoundError:
            return _File()
        except (OSError, msgspec.MsgspecError) as error:
            log.warning("%s cannot be read: %s", self._file, error)
            return _File()

    def _write(self) -> None:
        """Remember the two embedders in use. A disk that fails costs no more than that a later
        move goes by words alone."""
        kept = {self._collection, self._answering}
        known = {name: one for name, one in self._known.items() if name in kept}
        content = msgspec.json.encode(_File(answering=self._answering, embedders=known))
        fresh = self._file.with_suffix(".new")
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.write_bytes(content)
            fresh.replace(self._file)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._file, error)
