"""The turns of this owner: begin, run, resume, stop, leave."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from morgan_core.chat.finding import Finder
from morgan_core.chat.journal import read_journal, remove_old_journals
from morgan_core.chat.run import TurnRun
from morgan_core.chat.turn import Question, Turn
from morgan_core.chat.whole.desk import Desk
from morgan_core.chat.whole.shelf import Shelf
from morgan_core.errors import BadInput, NotFound
from morgan_core.events import AnyTurnEvent, Done, Queued, Token
from morgan_core.llm.base import ChatModel
from morgan_core.retrieval.search import Searcher
from morgan_core.retrieval.sources import Texts
from morgan_core.scopes import without_words
from morgan_core.settings import Settings
from morgan_core.storage.conversations import ConversationStore
from morgan_core.types import Message, Scope

TITLE_LENGTH = 60
KEEP_FINISHED = 64
MAX_QUESTION = 100_000

log = logging.getLogger(__name__)


class Turns:
    """Every turn that this process runs or has just finished."""

    def __init__(
        self,
        *,
        store: ConversationStore,
        journal: Path,
        searcher: Searcher,
        model: Callable[[], ChatModel],
        settings: Settings,
        texts: Texts | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self._store = store
        self._journal = journal
        self._embedder = searcher.embedder
        self._finder = Finder(searcher, texts, settings.max_sources)
        self._desk = Desk(shelf) if shelf is not None else None
        self._model = model
        self._settings = settings
        self._turns: dict[str, Turn] = {}
        self._conversation_locks: dict[str, asyncio.Lock] = {}
        self._opening = asyncio.Lock()

    async def recover(self) -> None:
        """Mark the answers that a dead owner left as interrupted, with what had streamed."""
        left = await self._store.in_state("running")
        for message in left:
            text = _text(read_journal(self._journal, message.turn_id))
            await self._store.update_message(message.id, text=text, state="interrupted")
        if left:
            log.info("%d interrupted answers recovered", len(left))
        interrupted = await self._store.in_state("interrupted")
        remove_old_journals(self._journal, keep={m.turn_id for m in interrupted})

    async def begin(
        self,
        question: str,
        *,
        conversation_id: str | None,
        scope: Scope | None,
        context: str,
        turn_id: str | None,
    ) -> Turn:
        """Save the question, then start the turn. The same ``turn_id`` begins only once.

        Raises BadInput for a blank or enormous question, NotFound for an unknown conversation.
        """
        turn_id = _uuid(turn_id) if turn_id else uuid.uuid4().hex
        async with self._opening:
            if turn_id in self._turns or await self._store.turn(turn_id) is not None:
                return await self._resume(turn_id)
            return await self._begin(turn_id, question, conversation_id, scope, context)

    async def resume(self, turn_id: str) -> Turn:
        """The turn, running or finished; an interrupted one is continued from its journal, once
        however many readers ask for it."""
        turn_id = _uuid(turn_id)
        async with self._opening:
            return await self._resume(turn_id)

    def stop(self, turn_id: str) -> None:
        """Stop a running turn. Raises NotFound for a turn that this process does not know."""
        turn = self._turns.get(_uuid(turn_id))
        if turn is None:
            raise NotFound(f"There is no running turn {turn_id}.")
        turn.end("stop")

    async def leave(self) -> None:
        """Interrupt every running turn, so that the next owner can continue it."""
        for turn in self._turns.values():
            turn.end("leave")
        await asyncio.gather(*self.running(), return_exceptions=True)

    def running(self) -> list[asyncio.Task[None]]:
        """The tasks of the turns that have not ended."""
        tasks = (turn.task for turn in self._turns.values())
        return [task for task in tasks if task is not None and not task.done()]

    async def _begin(
        self,
        turn_id: str,
        question: str,
        conversation_id: str | None,
        scope: Scope | None,
        context: str,
    ) -> Turn:
        if not question.strip():
            raise BadInput("The question is empty.", mend="Type something to ask.")
        if len(question) > MAX_QUESTION:
            raise BadInput(
                f"The question has {len(question):,} characters; {MAX_QUESTION:,} are allowed.",
                mend="Put the text into a file and let Morgan learn it.",
            )
        if scope is not None and not without_words(question, scope.words):
            raise BadInput(
                f"There is no question beside {' '.join(scope.words)}.",
                mend="Type what you want to know of it, too.",
            )
        title = None
        if conversation_id is None:
            conversation_id, title = str(uuid.uuid4()), _title(question)
        else:
            await self._store.get(conversation_id)
        now = time.time()
        asked = Message(
            id=str(uuid.uuid4()),
            conversation_id=conversation_id,
            turn_id=turn_id,
            role="user",
            text=question,
            state="complete",
            created=now,
            scope=scope,
        )
        answer = Message(
            id=str(uuid.uuid4()),
            conversation_id=conversation_id,
            turn_id=turn_id,
            role="assistant",
            text="",
            state="running",
            created=now,
        )
        await self._store.begin_turn(asked, answer, scope=scope, context=context, title=title)
        turn = Turn(
            Question(question=asked, answer=answer, scope=scope, context=context), self._journal
        )
        turn.emit(Queued, conversation_id=conversation_id)
        self._start(turn)
        return turn

    async def _resume(self, turn_id: str) -> Turn:
        if turn_id in self._turns:
            return self._turns[turn_id]
        stored = await self._store.turn(turn_id)
        if stored is None:
            raise NotFound(f"There is no turn {turn_id}.")
        question, answer = stored
        scope, context = await self._store.given(question.id)
        events = read_journal(self._journal, turn_id)
        asked = Question(question=question, answer=answer, scope=scope, context=context)
        turn = Turn(asked, self._journal, events)
        if events and not turn.finished and answer.answer is not None:
            turn.emit(Done, answer=answer.answer)  # its owner died after it had stored the answer
        if turn.finished:
            turn.leave()
            self._remember(turn)
            return turn
        if not events:
            if answer.state in ("complete", "stopped"):
                turn.leave()
                raise NotFound(
                    f"Turn {turn_id} ended long ago.", mend="Read its conversation instead."
                )
            turn.emit(Queued, conversation_id=question.conversation_id)
        await self._store.update_message(answer.id, state="running", error="")
        self._start(turn)
        return turn

    def _start(self, turn: Turn) -> None:
        self._remember(turn)
        run = TurnRun(
            turn,
            store=self._store,
            finder=self._finder,
            desk=self._desk,
            embedder=self._embedder,
            model=self._model,
            settings=self._settings,
            lock=self._conversation_locks.setdefault(turn.conversation_id, asyncio.Lock()),
        )
        turn.task = asyncio.create_task(run.run(), name=f"turn {turn.id}")

    def _remember(self, turn: Turn) -> None:
        self._turns.pop(turn.id, None)
        self._turns[turn.id] = turn
        finished = [id for id, known in self._turns.items() if known.finished]
        for id in finished[:-KEEP_FINISHED]:
            del self._turns[id]


def _title(question: str) -> str:
    line = " ".join(question.split())
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"


def _text(events: list[AnyTurnEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, Token))


def _uuid(turn_id: str) -> str:
    try:
        return uuid.UUID(turn_id).hex
    except ValueError:
        raise BadInput(f"{turn_id!r} is not a turn's id (a UUID).") from None
