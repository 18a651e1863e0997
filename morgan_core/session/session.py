"""A Morgan whose backend may change under it without those who use it noticing."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Any, TypeVar, cast

from morgan_core.assistant import Morgan
from morgan_core.errors import Disconnected, Leaving, MorganError, NotFound
from morgan_core.events import AnyTurnEvent, Done, Failed
from morgan_core.session.election import Backend, Election
from morgan_core.session.rooms import Conversations, Jobs, Library, Models, Watches
from morgan_core.types import EffectiveSetting, Health, Job, Proof, Scope, SearchResponse

T = TypeVar("T")
log = logging.getLogger(__name__)
STOP_TIMEOUT = 5.0
RETRY_AFTER = (1.0, 30.0)
"""Seconds between elections while they find nobody: the first pause, and the longest."""


class Session:
    """``Morgan``, backed by our own core or by another process's.

    When the other process goes away, the session elects again, and becomes the owner itself if
    it wins. Streams of turns go on where they were, streams of changes are opened anew, and
    calls in flight are repeated once. ``on_backend_change`` holds callables that are called
    after each change.
    """

    def __init__(self, election: Election, backend: Backend) -> None:
        self._election = election
        self._backend = backend
        self._electing: asyncio.Task[None] | None = None
        self._closing = False
        self.on_backend_change: list[Callable[[], None]] = []
        self.library = Library(self)
        self.watches = Watches(self)
        self.jobs = Jobs(self)
        self.conversations = Conversations(self)
        self.models = Models(self)
        self._watching = asyncio.create_task(self._watch())

    @property
    def is_owner(self) -> bool:
        """Whether the core runs in this process."""
        return self._backend.owner is not None

    # --- the protocol --------------------------------------------------------------------

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
        turn = turn_id or os.urandom(16).hex()

        def ask(morgan: Morgan) -> AsyncIterator[AnyTurnEvent]:
            return morgan.ask(
                question,
                conversation_id=conversation_id,
                scope=scope,
                context=context,
                detached=detached,
                turn_id=turn,
            )

        stream = self._turn(turn, ask, again=ask, stop_on_close=not detached)
        async with aclosing(stream) as events:
            async for event in events:
                yield event

    async def resume(
        self, turn_id: str, *, after_seq: int = 0
    ) -> AsyncGenerator[AnyTurnEvent, None]:
        def resume(morgan: Morgan) -> AsyncIterator[AnyTurnEvent]:
            return morgan.resume(turn_id, after_seq=after_seq)

        async with aclosing(self._turn(turn_id, resume, after_seq=after_seq)) as events:
            async for event in events:
                yield event

    async def stop(self, turn_id: str) -> None:
        await self.call(lambda morgan: morgan.stop(turn_id))

    async def search(
        self, query: str, *, limit: int = 10, scope: Scope | None = None
    ) -> SearchResponse:
        return await self.call(lambda morgan: morgan.search(query, limit=limit, scope=scope))

    async def learn(self, paths: Sequence[str], *, watch: bool = False) -> Job:
        return await self.call(lambda morgan: morgan.learn(paths, watch=watch))

    async def forget(self, paths: Sequence[str]) -> Job:
        return await self.call(lambda morgan: morgan.forget(paths))

    async def prove(self, paths: Sequence[str]) -> Proof:
        return await self.call(lambda morgan: morgan.prove(paths))

    async def settings(self) -> list[EffectiveSetting]:
        return await self.call(lambda morgan: morgan.settings())

    async def health(self) -> Health:
        return await self.call(lambda morgan: morgan.health())

    async def close(self) -> None:
        """Detach; or, as the owner, interrupt running turns and hand over. Safe to repeat."""
        self._closing = True
        for task in (self._electing, self._watching):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        await self._backend.close()

    # --- the backend ---------------------------------------------------------------------

    async def call(
        self, operation: Callable[[Morgan], Awaitable[T]], *, gone_is_done: bool = False
    ) -> T:
        """Run ``operation``, and once more when the backend was lost meanwhile.

        With ``gone_is_done`` a NotFound of the second try means that the first succeeded.
        """
        backend = await self._present()
        try:
            return await operation(backend.morgan)
        except (Disconnected, Leaving) as error:
            backend = await self._replace(backend, error)
        try:
            return await operation(backend.morgan)
        except NotFound:
            if gone_is_done:
                return cast(T, None)
            raise

    async def follow(
        self, open_stream: Callable[[Morgan], AsyncIterator[T]]
    ) -> AsyncGenerator[T, None]:
        """Yield from a stream, opening it anew when the backend is lost."""
        backend = await self._present()
        while True:
            try:
                async with aclosing(_closable(open_stream(backend.morgan))) as items:
                    async for item in items:
                        yield item
                return
            except (Disconnected, Leaving) as error:
                backend = await self._replace(backend, error)

    async def _turn(
        self,
        turn_id: str,
        first: Callable[[Morgan], AsyncIterator[AnyTurnEvent]],
        *,
        again: Callable[[Morgan], AsyncIterator[AnyTurnEvent]] | None = None,
        after_seq: int = 0,
        stop_on_close: bool = False,
    ) -> AsyncGenerator[AnyTurnEvent, None]:
        """A turn's events, each once, across backends.

        After a loss the turn is resumed; one that was never saved is asked ``again``.
        ``stop_on_close`` stops a resumed turn when the reader leaves, as closing the first
        stream would have.
        """
        backend, open_stream, seq = await self._present(), first, after_seq
        resumed = finished = False
        try:
            while not finished:
                try:
                    async with aclosing(_closable(open_stream(backend.morgan))) as events:
                        async for event in events:
                            if event.seq > seq:
                                seq = event.seq
                                finished = isinstance(event, Done | Failed)
                                yield event
                    return
                except (Disconnected, Leaving) as error:
                    backend = await self._replace(backend, error)
                    open_stream, resumed = _resume(turn_id, seq), True
                except NotFound:
                    if again is None or not resumed or seq:
                        raise
                    open_stream, resumed = again, False
        finally:
            if stop_on_close and resumed and not finished:
                await self._stop_quietly(backend, turn_id)

    async def _present(self) -> Backend:
        """The backend, after an election that is under way."""
        if self._electing is not None:
            await asyncio.shield(self._electing)
        return self._backend

    async def _replace(self, lost: Backend, error: MorganError) -> Backend:
        """Elect a backend in place of ``lost``, one election for all who noticed.

        Raises ``error`` when there is nothing to replace: our own core is closing.
        """
        if lost.owner is not None or self._closing:
            raise error
        if self._backend is lost and self._electing is None:
            self._electing = asyncio.create_task(self._elect(lost))
        return await self._present()

    async def _elect(self, lost: Backend) -> None:
        try:
            await lost.close()
            self._backend = await self._election.settle()
        finally:
            self._electing = None
        log.info("attached to another owner" if not self.is_owner else "took the core over")
        for callback in list(self.on_backend_change):
            try:
                callback()
            except Exception:
                log.exception("a callback failed after the backend had changed")

    async def _watch(self) -> None:
        """Elect as soon as the owner is gone, also when nothing is asked of it."""
        pause, longest = RETRY_AFTER
        while True:
            backend = self._backend
            try:
                await backend.gone()
                await self._replace(backend, Disconnected("The owner is gone."))
                pause = RETRY_AFTER[0]
            except Exception:
                log.warning("there is no Morgan to talk to yet", exc_info=True)
                await asyncio.sleep(pause)
                pause = min(2 * pause, longest)

    async def _stop_quietly(self, backend: Backend, turn_id: str) -> None:
        """Nobody reads the turn any more; when it cannot be stopped it just runs to its end."""
        with suppress(MorganError, TimeoutError):
            async with asyncio.timeout(STOP_TIMEOUT):
                await backend.morgan.stop(turn_id)


def _resume(turn_id: str, seq: int) -> Callable[[Morgan], AsyncIterator[AnyTurnEvent]]:
    return lambda morgan: morgan.resume(turn_id, after_seq=seq)


def _closable(stream: AsyncIterator[T]) -> AsyncGenerator[T, Any]:
    """Every stream of Morgan is a generator, whatever the protocol calls it."""
    return cast("AsyncGenerator[T, Any]", stream)
