"""A turn: the events of one question, on file before they are seen, for any number of readers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Literal

from morgan_core.chat.journal import Journal
from morgan_core.errors import Leaving
from morgan_core.events import AnyTurnEvent, Done, Failed, Prompted, Sources, Token
from morgan_core.scopes import without_words
from morgan_core.types import Message, Method, Record, Scope, Source, Topic, Why

Ending = Literal["stop", "leave"]


class Question(Record, frozen=True, kw_only=True):
    """What is asked, and the two messages that hold it and its answer."""

    question: Message
    answer: Message
    scope: Scope | None = None
    context: str = ""

    @property
    def own_knowledge(self) -> bool:
        """Whether the model is asked for what it knows by itself."""
        return self.scope is not None and self.scope.own_knowledge

    @property
    def searched(self) -> str:
        """The question without the words of its scope."""
        return without_words(self.question.text, self.scope.words if self.scope else ())

    @property
    def put(self) -> str:
        """The question as the model reads it."""
        words = self.scope.words if self.scope else ()
        return without_words(self.question.text, words, names=True)


class Turn:
    """The events so far, and who waits for more. Its owner runs it; readers stream it."""

    def __init__(
        self, asked: Question, directory: Path, events: list[AnyTurnEvent] | None = None
    ) -> None:
        self.asked = asked
        self.id = asked.question.turn_id
        self.conversation_id = asked.question.conversation_id
        self.events = events or []
        self.task: asyncio.Task[None] | None = None
        self.ending: Ending | None = None
        self.left = False
        self._journal = Journal(directory, self.id)
        self._more = asyncio.Event()
        self._listeners = 0
        self._detached = False

    @property
    def finished(self) -> bool:
        return bool(self.events) and isinstance(self.events[-1], Done | Failed)

    @property
    def text(self) -> str:
        """What has streamed of the answer."""
        return "".join(e.text for e in self.events if isinstance(e, Token))

    @property
    def found(self) -> tuple[tuple[Source, ...], bool] | None:
        """The sources and whether they are relevant, once the search is done."""
        last = self._last_sources
        return (last.sources, last.relevant) if last else None

    @property
    def method(self) -> Method:
        """How the answer comes about, as far as that is decided."""
        last = self._last_sources
        return last.method if last else "generated"

    @property
    def topics(self) -> tuple[Topic, ...]:
        """The things that were searched for one by one."""
        last = self._last_sources
        return last.retrieval.topics if last and last.retrieval else ()

    @property
    def why(self) -> Why | None:
        """How the sources were found, and what was put before the model, as far as known."""
        last = self._last_sources
        if last is None or last.retrieval is None:
            return None
        prompted = next((e for e in reversed(self.events) if isinstance(e, Prompted)), None)
        return Why(retrieval=last.retrieval, prompt=prompted.prompt if prompted else None)

    @property
    def _last_sources(self) -> Sources | None:
        return next((e for e in reversed(self.events) if isinstance(e, Sources)), None)

    def emit(self, make: Callable[..., AnyTurnEvent], **fields: object) -> None:
        """Journal the next event, then let the readers see it."""
        event = make(turn_id=self.id, seq=len(self.events) + 1, **fields)
        self._journal.append(event)
        self.events.append(event)
        if isinstance(event, Done | Failed):
            self._journal.close()
        self._wake()

    def end(self, how: Ending) -> None:
        """Ask the running turn to stop (its answer is kept) or to leave (to be continued)."""
        if self.ending is None and not self.finished:
            self.ending = how
            if self.task is not None:
                self.task.cancel()

    def leave(self) -> None:
        """Close the journal of a turn that another owner may continue."""
        self.left = True
        self._journal.close()
        self._wake()

    async def stream(self, *, after_seq: int, detached: bool) -> AsyncGenerator[AnyTurnEvent, None]:
        """The events after ``after_seq``, ending with Done or Failed.

        When the last reader of a turn that nobody detached closes its stream, the turn stops.
        Raises Leaving when this owner goes before the turn ends.
        """
        self._detached = self._detached or detached
        self._listeners += 1
        try:
            index = after_seq
            while True:
                while index < len(self.events):
                    yield self.events[index]
                    index += 1
                if self.finished:
                    return
                if self.left:
                    raise Leaving("This Morgan is quitting; the answer is continued by the next.")
                await self._more.wait()
        finally:
            self._listeners -= 1
            if self._listeners == 0 and not self._detached:
                self.end("stop")

    def _wake(self) -> None:
        more, self._more = self._more, asyncio.Event()
        more.set()
