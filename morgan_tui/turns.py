"""Turns as the app follows them, apart from any widget.

A turn lives here from the moment the question is sent: it waits for the core, is asked, and is
followed until its end, whichever conversation is on screen.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from morgan_core.errors import MorganError, Unavailable
from morgan_tui.drafts import Drafts, PendingQuestion

if TYPE_CHECKING:
    from morgan_core import events
    from morgan_core.assistant import Morgan
    from morgan_core.types import Answer, Scope, Sentence, Source

UPDATE_EVERY = 1 / 18
"""Seconds between two updates of the screen by one turn."""

LONGEST_WAIT = 0.5
"""Seconds between two updates at most, however long it takes to draw one."""

DRAWING, DRAWING_BESIDE_KEYS = 0.25, 0.05
"""The share of the screen's time that updates may take: keys wait while one is drawn."""

TYPING = 1.0
"""Seconds since the last key in which somebody is taken to be typing."""

TRIES = 6
"""How often a turn is tried while the core is unavailable; the waits add up to 12 s."""

TurnState = Literal[
    "waiting",
    "queued",
    "loading",
    "searching",
    "scanning",
    "reading",
    "answering",
    "done",
    "stopped",
    "failed",
    "interrupted",
]

ENDED: frozenset[TurnState] = frozenset({"done", "stopped", "failed", "interrupted"})


@dataclass
class Chat:
    """A conversation as the app holds it; ``id`` is None until the core has saved a question."""

    id: str | None = None
    title: str = "New conversation"
    turns: list[LiveTurn] = field(default_factory=list)


@dataclass(eq=False)
class LiveTurn:
    """One question and what has become of it."""

    chat: Chat
    question: str
    turn_id: str
    state: TurnState = "waiting"
    position: int = 0
    share: float = 0.0
    query: str = ""
    """What is searched for."""
    done: int = 0
    total: int = 0
    unit: str = ""
    """How far a tool is that reads whole documents: ``done`` of ``total`` documents or parts."""
    text: str = ""
    sources: tuple[Source, ...] = ()
    relevant: bool = True
    read: int | None = None
    """How many of the sources the model reads."""
    sentences: list[Sentence] = field(default_factory=list)
    answer: Answer | None = None
    error: str = ""
    stop_wanted: bool = False
    scope: Scope | None = None
    own_knowledge: bool = False
    """Whether the model is asked for what it knows by itself."""
    seq: int = 0
    told_saved: bool = False
    on_change: Callable[[], None] | None = None
    saved: bool = False
    asking: bool = False
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the core saved the question, and when the turn ended."""

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    def apply(self, event: events.AnyTurnEvent) -> None:
        """Take one event of the turn."""
        from morgan_core import events  # with all of msgspec: not before the first frame

        self.seq = event.seq
        match event:
            case events.Queued():
                self.chat.id = self.chat.id or event.conversation_id
                self.position = event.position
                self.state = "queued"
            case events.Loading():
                self.share = event.share
                self.state = "loading"
            case events.Searching():
                self.query = event.query
                self.state = "searching"
            case events.Progress():
                self.done, self.total, self.unit = event.done, event.total, event.unit
                self.state = "scanning"
            case events.Sources():
                self.sources = event.sources
                self.relevant = event.relevant
                self.own_knowledge = event.own_knowledge
                self.state = "reading"
            case events.Prompted():
                self.read = sum(use.tokens > 0 for use in event.prompt.sources)
            case events.Token():
                self.text = self.text[: event.start] + event.text
                self.state = "answering"
            case events.Checked():
                self.sentences.append(event.sentence)
            case events.Done():
                self._finish(event.answer)
            case events.Failed():
                self.fail(event.message, str(event.details.get("mend", "")))

    def fail(self, message: str, mend: str = "") -> None:
        """The turn ended with an error; what had streamed stays."""
        self.error = f"{message} {mend}".strip()
        self.state = "failed"

    def _finish(self, answer: Answer) -> None:
        self.answer = answer
        self.text = answer.answer
        self.sentences = list(answer.sentences)
        self.sources = answer.sources or self.sources
        self.state = "stopped" if answer.finish_reason == "stopped" else "done"


class Turns:
    """Runs turns against the core; one task each."""

    def __init__(
        self,
        core: Callable[[], Awaitable[Morgan]],
        drafts: Drafts,
        on_event: Callable[[LiveTurn, str], None],
    ) -> None:
        """``on_event(turn, what)`` is called with ``saved`` and ``ended``."""
        self._core = core
        self._drafts = drafts
        self._on_event = on_event
        self._tasks: set[asyncio.Task[None]] = set()
        self._dirty: set[LiveTurn] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._last_key = -math.inf
        self._updated = self._spent = self._cost = 0.0
        """When the last update was, the processor time of this thread then, and how much of it
        passed since the update before."""

    def typed(self) -> None:
        """A key arrived: what streams is drawn less often for a moment."""
        self._last_key = time.monotonic()

    @property
    def typing(self) -> bool:
        """Whether a key arrived a moment ago."""
        return time.monotonic() - self._last_key < TYPING

    def ask(
        self,
        chat: Chat,
        question: str,
        pending: PendingQuestion | None = None,
        *,
        own_knowledge: bool = False,
    ) -> LiveTurn:
        """Send a question, or put it to the model's ``own_knowledge``; it is on our disk when this
        returns.

        ``pending`` is one that an earlier app could not deliver. Its id is the turn's id, so
        that a question which the core had saved after all is followed, not asked twice.
        """
        if pending is None:
            pending = PendingQuestion(question, chat.id, own_knowledge=own_knowledge)
            self._drafts.add_pending(pending)
        turn = LiveTurn(chat, question, turn_id=pending.id, own_knowledge=pending.own_knowledge)
        chat.turns.append(turn)
        self._start(self._run(turn))
        return turn

    def ask_again(self, turn: LiveTurn) -> None:
        """Send a question again that the core did not save."""
        pending = PendingQuestion(
            turn.question, turn.chat.id, id=turn.turn_id, own_knowledge=turn.own_knowledge
        )
        self._drafts.add_pending(pending)
        turn.state, turn.error, turn.stop_wanted = "waiting", "", False
        turn.settled.clear()
        self._tell(turn)
        self._start(self._run(turn))

    def follow(self, chat: Chat, question: str, turn_id: str, text: str = "") -> LiveTurn:
        """Follow a running turn, or continue an interrupted one."""
        turn = LiveTurn(chat, question, turn_id=turn_id, text=text)
        turn.saved = True
        chat.turns.append(turn)
        self._start(self._run(turn))
        return turn

    async def stop(self, turn: LiveTurn) -> None:
        """Stop a turn; what had streamed stays. One that was not sent yet is not sent."""
        turn.stop_wanted = True
        if turn.saved:
            morgan = await self._core()
            await morgan.stop(turn.turn_id)
        elif not turn.asking:
            self._drafts.confirm(turn.turn_id)
            turn.state = "stopped"
            self._end(turn)

    def close(self) -> None:
        """Follow no further; the core keeps what it has."""
        for task in self._tasks:
            task.cancel()
        if self._timer is not None:
            self._timer.cancel()

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, turn: LiveTurn) -> None:
        """Ask or resume until the turn ends, across breaks of the connection."""
        for attempt in range(TRIES):
            try:
                morgan = await self._core()
                await self._wait_for_earlier(turn)
                if turn.ended:
                    return
                turn.asking = True
                await self._limit(morgan, turn)
                await self._follow(turn, self._stream(morgan, turn))
                break
            except Unavailable as error:
                turn.error = str(error)
                await asyncio.sleep(0.2 * 2**attempt)
            except MorganError as error:
                turn.fail(error.message, error.mend)
                break
            except Exception as error:
                turn.fail(f"Morgan failed while it answered: {type(error).__name__}: {error}")
                break
            finally:
                turn.asking = False
        else:
            if turn.saved:
                turn.state = "interrupted"
            else:
                turn.fail(turn.error)
        self._end(turn)

    def _stream(self, morgan: Morgan, turn: LiveTurn) -> AsyncIterator[events.AnyTurnEvent]:
        if turn.saved:
            return morgan.resume(turn.turn_id, after_seq=turn.seq)
        return morgan.ask(
            turn.question,
            conversation_id=turn.chat.id,
            scope=turn.scope,
            detached=True,
            turn_id=turn.turn_id,
        )

    async def _limit(self, morgan: Morgan, turn: LiveTurn) -> None:
        """Find out what the question is limited to. Raises NotFound or BadInput."""
        if turn.saved or turn.scope is not None:
            return
        from morgan_core.scopes import for_own_knowledge, resolve, tokens

        if found := tokens(turn.question):
            listing = await morgan.library.list()
            watched = [folder.path for folder in listing.folders]
            turn.scope = await asyncio.to_thread(
                resolve, found, listing.documents, watched, time.time()
            )
        if turn.own_knowledge:
            turn.scope = for_own_knowledge(turn.scope)

    async def _wait_for_earlier(self, turn: LiveTurn) -> None:
        """A second question of a new conversation needs the id that the first one gets."""
        for earlier in turn.chat.turns:
            if earlier is turn or turn.chat.id is not None:
                return
            await earlier.settled.wait()

    async def _follow(self, turn: LiveTurn, stream: AsyncIterator[events.AnyTurnEvent]) -> None:
        """Take the stream's events until its end; raises what the stream raises."""
        async with _closing(stream):
            async for event in stream:
                turn.apply(event)
                if not turn.told_saved:
                    self._saved(turn)
                if turn.ended:
                    return
                self._changed(turn)
        turn.state = "interrupted"

    def _saved(self, turn: LiveTurn) -> None:
        turn.told_saved = turn.saved = True
        turn.settled.set()
        self._drafts.confirm(turn.turn_id)
        self._on_event(turn, "saved")
        if turn.stop_wanted:
            self._start(self.stop(turn))

    def _end(self, turn: LiveTurn) -> None:
        turn.settled.set()
        self._tell(turn)
        self._on_event(turn, "ended")

    def _changed(self, turn: LiveTurn) -> None:
        self._dirty.add(turn)
        if self._timer is None:
            wait = seconds_until_update(self._cost, typing=self.typing)
            self._timer = asyncio.get_running_loop().call_later(wait, self._flush)

    def _flush(self) -> None:
        self._timer = None
        now, spent = time.monotonic(), time.thread_time()
        followed = now - self._updated < 2 * LONGEST_WAIT
        self._cost = spent - self._spent if followed else 0.0
        self._updated, self._spent = now, spent
        for turn in list(self._dirty):
            self._tell(turn)

    def _tell(self, turn: LiveTurn) -> None:
        self._dirty.discard(turn)
        if turn.on_change is not None:
            turn.on_change()


def seconds_until_update(cost: float, *, typing: bool) -> float:
    """How long to gather what streams when drawing the last update took ``cost`` seconds of the
    processor: a long table takes longer than a sentence."""
    share = DRAWING_BESIDE_KEYS if typing else DRAWING
    return min(max(UPDATE_EVERY, cost / share - cost), LONGEST_WAIT)


@contextlib.asynccontextmanager
async def _closing(stream: AsyncIterator[events.AnyTurnEvent]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()
