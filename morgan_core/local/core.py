"""LocalMorgan: every room of the core, put together."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

import msgspec

from morgan_core.changes import ChangeHub
from morgan_core.errors import BadInput, MorganError, Unavailable
from morgan_core.events import (
    AnyChange,
    AnyTurnEvent,
    CountsChanged,
    FolderChanged,
    HealthChanged,
    ModelChanged,
    WorkerChanged,
)
from morgan_core.local.health import HealthReport
from morgan_core.local.models import LocalModels
from morgan_core.local.rooms import (
    LocalConversations,
    LocalJobs,
    LocalLibrary,
    LocalWatches,
)
from morgan_core.paths import Paths
from morgan_core.types import (
    EffectiveSetting,
    Health,
    Job,
    Proof,
    Scope,
    SearchResponse,
    WorkerInfo,
)

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from morgan_core.chat.turns import Turns
    from morgan_core.library.service import LibraryService
    from morgan_core.local.changeover import Changeover
    from morgan_core.retrieval.reranking import Reranking
    from morgan_core.retrieval.search import Searcher
    from morgan_core.settings import LoadedSettings
    from morgan_core.storage.conversations import ConversationStore

COPIES = 20
"""Passages that are searched for beyond those asked for, to take the places of copies."""

log = logging.getLogger(__name__)


class LocalMorgan:
    """Owns the stores of ``paths.data`` and runs the core; the caller holds the data lock.

    ``lock_fd`` is the lock's descriptor, which the library child inherits. With ``preload``
    the models are loaded at once; without it (a shell command) on first use, and a search
    then waits for the embedder instead of going by words alone.
    """

    def __init__(
        self,
        loaded: LoadedSettings,
        paths: Paths,
        *,
        lock_fd: int | None = None,
        preload: bool = True,
    ) -> None:
        self._loaded = loaded
        self._paths = paths
        self._lock_fd = lock_fd
        self._preload = preload
        self._hub = ChangeHub()
        self._began = time.monotonic()
        self._tasks: set[asyncio.Task[None]] = set()
        self._started = False
        self._closed = False
        self._closing: list[Callable[[], Awaitable[None]]] = []
        self._health = HealthReport(loaded.values, self._began)
        self._engine: AsyncEngine
        self._store: ConversationStore
        self._embedder: Changeover
        self._service: LibraryService
        self._reranking: Reranking | None = None
        self._searcher: Searcher
        self._turns: Turns
        self._models: LocalModels

    # --- life ----------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the database, spawn the library, begin to load the models; returns before they
        are loaded. Raises MorganError when a store cannot be opened; nothing is left running
        then."""
        try:
            await self._start()
        except BaseException:
            await self._release()
            raise

    async def _start(self) -> None:
        await asyncio.to_thread(_import_rooms)
        from morgan_core.chat.turns import Turns
        from morgan_core.embedding.factory import make_embedder
        from morgan_core.library.service import LibraryService
        from morgan_core.local.changeover import Changeover
        from morgan_core.rerank.factory import make_reranker
        from morgan_core.retrieval.reranking import Reranking
        from morgan_core.retrieval.search import Searcher
        from morgan_core.storage.conversations import ConversationStore
        from morgan_core.storage.engine import database_url, open_engine
        from morgan_core.storage.migrate import migrate

        settings = self._loaded.values
        url = database_url(settings.database_url, self._paths.database)
        self._engine = await asyncio.to_thread(open_engine, url)
        self._closing.append(self._engine.dispose)
        await migrate(self._engine)
        self._store = ConversationStore(self._engine)
        self._embedder = Changeover(
            make_embedder(settings, self._paths, on_state=self._on_worker),
            settings,
            self._paths.index / "embedders.json",
            make=lambda earlier: make_embedder(earlier, self._paths),
        )
        self._closing.append(self._embedder.stop)
        self._service = LibraryService(
            settings,
            self._paths,
            embedder=self._embedder,
            lock_fd=self._lock_fd,
            on_change=self._on_change,
            on_answering=self._embedder.answer_from,
            generating=lambda: not settings.llm_base_url and bool(self._turns.running()),
        )
        self._closing.append(self._service.stop)
        self._models = LocalModels(
            self._loaded,
            self._paths,
            on_change=self._on_change,
            running=lambda: self._turns.running(),
        )
        self._closing.append(self._models.close)
        reranker = make_reranker(settings, self._paths, on_state=self._on_worker)
        if reranker is not None:
            self._closing.append(reranker.stop)
            self._reranking = Reranking(
                reranker,
                top=settings.reranker_top_k,
                timeout=settings.reranker_timeout,
                patient=not self._preload,
            )
        self._searcher = Searcher(
            self._service,
            self._embedder,
            reranking=self._reranking,
            patient=not self._preload,
        )
        self._turns = Turns(
            store=self._store,
            journal=self._paths.journal,
            searcher=self._searcher,
            texts=self._service,
            shelf=self._service,
            model=self._models.current,
            settings=settings,
        )
        await self._turns.recover()
        await self._service.start()
        self._started = True
        if self._preload:
            self._spawn(self._embedder.start(), "start the embedder")
            if reranker is not None:
                self._spawn(reranker.start(), "start the reranker")
            self._spawn(self._models.warm_up(), "load the chat model")

    async def close(self) -> None:
        """Interrupt running turns, stop the children, close the stores. Closing twice is safe."""
        if self._closed:
            return
        self._closed = True
        if not self._started:
            return
        await self._turns.leave()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._release()

    async def _release(self) -> None:
        """Stop and close what was started: children and model together, the database last."""
        database, *others = self._closing or [_nothing]
        self._closing = []
        await asyncio.gather(*(close() for close in others))
        await database()

    async def __aenter__(self) -> LocalMorgan:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # --- the protocol --------------------------------------------------------------------

    @property
    def library(self) -> LocalLibrary:
        return LocalLibrary(self._service, self._hub, self._present)

    @property
    def watches(self) -> LocalWatches:
        return LocalWatches(self._service)

    @property
    def jobs(self) -> LocalJobs:
        return LocalJobs(self._service)

    @property
    def conversations(self) -> LocalConversations:
        return LocalConversations(self._store, self._paths.journal, self._service)

    @property
    def models(self) -> LocalModels:
        return self._models

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
        self._check_open()
        turn = await self._turns.begin(
            question,
            conversation_id=conversation_id,
            scope=scope,
            context=context,
            turn_id=turn_id,
        )
        async with aclosing(turn.stream(after_seq=0, detached=detached)) as events:
            async for event in events:
                yield event

    async def resume(self, turn_id: str, *, after_seq: int = 0) -> AsyncIterator[AnyTurnEvent]:
        self._check_open()
        turn = await self._turns.resume(turn_id)
        async with aclosing(turn.stream(after_seq=after_seq, detached=True)) as events:
            async for event in events:
                yield event

    async def stop(self, turn_id: str) -> None:
        self._turns.stop(turn_id)

    async def search(
        self, query: str, *, limit: int | None = None, scope: Scope | None = None
    ) -> SearchResponse:
        """As the protocol says; a text that stands in several documents comes once."""
        self._check_open()
        from morgan_core.retrieval.duplicates import same_text

        settings = self._loaded.values
        limit = settings.default_search_results if limit is None else limit
        if not 1 <= limit <= settings.max_search_results:
            raise BadInput(f"limit is {limit}; it must be from 1 to {settings.max_search_results}.")
        found = await self._searcher.search(query, limit=limit + COPIES, scope=scope)
        once = same_text(found.results)[:limit]
        return msgspec.structs.replace(found, results=tuple(once))

    async def learn(self, paths: Sequence[str], *, watch: bool = False) -> Job:
        self._check_open()
        return await self._service.learn(list(paths), watch=watch)

    async def forget(self, paths: Sequence[str]) -> Job:
        self._check_open()
        return await self._service.forget(list(paths))

    async def prove(self, paths: Sequence[str]) -> Proof:
        self._check_open()
        from morgan_core.local.proof import prove

        return await prove(list(paths), self._service, self._engine, self._paths)

    async def settings(self) -> list[EffectiveSetting]:
        return self._loaded.effective()

    async def health(self) -> Health:
        return await self._health.now(
            engine=self._engine if self._started else None,
            library=self._service if self._started else None,
            embedder=self._embedder if self._started else None,
            models=self._models if self._started else None,
            reranking=self._reranking,
        )

    # --- inside --------------------------------------------------------------------------

    def _check_open(self) -> None:
        if not self._started or self._closed:
            raise Unavailable("Morgan is not running yet, or quitting.", mend="Try again.")

    def _spawn(self, work: object, what: str) -> None:
        async def run() -> None:
            try:
                await work  # type: ignore[misc]
            except MorganError as error:
                log.error("could not %s: %s", what, error)
            except Exception:
                log.exception("could not %s", what)
            await self._publish_health()

        task = asyncio.create_task(run(), name=what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_worker(self, worker: WorkerInfo) -> None:
        self._on_change(WorkerChanged(worker=worker))

    def _on_change(self, change: AnyChange) -> None:
        self._hub.publish(change)
        if isinstance(change, WorkerChanged | ModelChanged) and not self._closed and self._started:
            task = asyncio.ensure_future(self._publish_health())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _publish_health(self) -> None:
        self._hub.publish(HealthChanged(health=await self.health()))

    async def _present(self) -> list[AnyChange]:
        """The present state, which every stream of changes begins with."""
        health = await self.health()
        return [
            CountsChanged(counts=await self._service.counts()),
            *(WorkerChanged(worker=worker) for worker in health.workers),
            *(ModelChanged(model=model) for model in self._models.in_use()),
            *(FolderChanged(folder=folder) for folder in await self._service.watch_list()),
            HealthChanged(health=health),
        ]


async def _nothing() -> None:
    pass


def _import_rooms() -> None:
    """Import what is slow to import, off the event loop."""
    import morgan_core.chat.turns
    import morgan_core.embedding.factory
    import morgan_core.library.service
    import morgan_core.storage.migrate  # noqa: F401
