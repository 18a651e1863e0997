"""Running one turn: search, sources, generation, checking, storing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Literal

from morgan_core.chat.checking import AnswerChecker
from morgan_core.chat.finding import Finder
from morgan_core.chat.prompt import Conversation, is_strong, make_prompt
from morgan_core.chat.rewrite import Query, query_by_model, search_query
from morgan_core.chat.transcript import load_conversation
from morgan_core.chat.turn import Turn
from morgan_core.chat.whole.desk import Desk
from morgan_core.chat.whole.told import Told, counted, listed
from morgan_core.chat.whole.topic_answers import answer_by_topic
from morgan_core.embedding.base import Embedder
from morgan_core.errors import MorganError
from morgan_core.events import (
    Done,
    Failed,
    Loading,
    Progress,
    Prompted,
    Queued,
    Searching,
    Sources,
    Token,
)
from morgan_core.llm.base import ChatMessage, ChatModel, Delta, Finished
from morgan_core.retrieval.conflicts import Conflicts, in_answer
from morgan_core.retrieval.grounding import Grounded, without_citations
from morgan_core.retrieval.shortfall import shortfalls
from morgan_core.sanitise import StreamSanitiser
from morgan_core.settings import Settings
from morgan_core.storage.conversations import ConversationStore
from morgan_core.types import (
    Answer,
    Conflict,
    FinishReason,
    MessageState,
    Retrieval,
    Scope,
    Source,
    Timings,
    Usage,
)

NOT_FOUND = "I found nothing about {} {}."
NEAREST = " The nearest passages are listed with this answer, each with why it was not enough."
EMPTY_LIBRARY = "There is nothing in your library yet. Add a folder or a file, then ask again."
EMPTY_SCOPE = "There is nothing within {} in your library. Ask again with other limits, or none."

REPORT_EVERY = 0.1
"""Seconds between two reports of how far a tool is."""

log = logging.getLogger(__name__)


class TurnRun:
    """Runs ``turn`` from where its events stand; emits, stores, and never raises."""

    def __init__(
        self,
        turn: Turn,
        *,
        store: ConversationStore,
        finder: Finder,
        desk: Desk | None,
        embedder: Embedder,
        model: Callable[[], ChatModel],
        settings: Settings,
        lock: asyncio.Lock,
    ) -> None:
        self._turn = turn
        self._store = store
        self._finder = finder
        self._desk = desk
        self._embedder = embedder
        self._model = model
        self._settings = settings
        self._lock = lock
        self._began = time.perf_counter()
        self._marks: dict[str, float] = {}
        self._usage = Usage()
        self._shown_share = -1.0
        self._position = 0
        self._checker: AnswerChecker | None = None
        self._said: Conversation | None = None
        self._reported = 0.0
        self._disagreeing: asyncio.Task[Conflicts] | None = None

    async def run(self) -> None:
        try:
            await self._run()
        finally:
            if self._checker is not None:
                self._checker.drop()
            if self._disagreeing is not None:
                self._disagreeing.cancel()

    async def _run(self) -> None:
        try:
            if self._lock.locked():
                self._show_position(1)
            async with self._lock:
                await self._answer()
        except asyncio.CancelledError:
            if task := asyncio.current_task():
                task.uncancel()
            if self._turn.ending == "stop":
                await self._finish("stopped")
            else:
                await self._interrupt()
        except MorganError as error:
            await self._fail(error)
        except Exception as error:
            log.exception("turn %s failed", self._turn.id)
            await self._fail(
                MorganError(
                    f"Morgan made a mistake ({type(error).__name__}).",
                    mend="Its log tells more; ask again.",
                )
            )

    async def _answer(self) -> None:
        turn = self._turn
        self._mark("queued")
        if await self._tell():
            await self._finish("end")
            return
        if turn.found is None or (turn.method != "generated" and not turn.text):
            if turn.asked.own_knowledge:
                unsearched = Retrieval(query="")
                turn.emit(
                    Sources, sources=(), relevant=False, own_knowledge=True, retrieval=unsearched
                )
            else:
                await self._search()
        assert turn.found is not None
        sources, relevant = turn.found
        if turn.method != "generated":
            self._look_for_conflicts(sources)
            await self._finish("end")
            return
        if not (relevant or turn.asked.context or turn.asked.own_knowledge):
            if not turn.text:
                missing = [topic.text for topic in turn.topics if not topic.found]
                turn.emit(Token, text=_refusal(sources, turn.asked.scope, missing), start=0)
            await self._finish("not_found")
            return
        if relevant:
            self._look_for_conflicts(sources)
        model = self._model()
        await model.load(self._on_loading)
        prompt_messages = await self._prompt(model, sources if relevant else ())
        reason = await self._generate(model, prompt_messages)
        await self._finish(reason)

    async def _tell(self) -> bool:
        """Answer by a tool, if the question is for one. Its answer comes in one piece, so that
        one that was cut off before it is made again."""
        turn = self._turn
        if turn.method != "generated" and turn.text:
            return True
        if self._desk is None or (turn.found is not None and turn.method == "generated"):
            return False
        told = await self._desk.tell(turn.asked, self._cited, self._report)
        if told is None:
            return False
        await self._show(told, Retrieval(query=""))
        return True

    async def _show(self, told: Told, retrieval: Retrieval) -> None:
        """What a tool tells, in one piece."""
        turn = self._turn
        await self._store.update_message(turn.asked.question.id, prompt=turn.asked.put)
        await self._store.update_message(
            turn.asked.answer.id, sources=told.sources, prompt=told.gist
        )
        turn.emit(Sources, sources=told.sources, retrieval=retrieval, method=told.method)
        self._mark("search")
        turn.emit(Token, text=told.text, start=0)
        self._mark("first_token")

    async def _cited(self) -> list[str]:
        """The documents that the answer before this question cites, by id."""
        told = await self._store.messages(self._turn.conversation_id, limit=4)
        answers = [message.answer for message in told if message.answer is not None]
        cited = answers[-1].citations if answers else ()
        return list(dict.fromkeys(citation.document for citation in cited))

    def _report(self, done: int, total: int, unit: Literal["document", "part"]) -> None:
        now = time.perf_counter()
        if now - self._reported >= REPORT_EVERY:
            self._reported = now
            self._turn.emit(Progress, done=done, total=total, unit=unit)

    async def _search(self) -> None:
        turn = self._turn
        query = await self._query(turn.asked.searched)
        turn.emit(Searching, query=query.text)
        weak = not is_strong(self._model().info)
        found = await self._finder.find(query, turn.asked.scope, one_by_one=weak)
        if weak and found.relevant and found.retrieval.topics and not turn.asked.context:
            told = await asyncio.to_thread(answer_by_topic, found.retrieval.topics, found.sources)
            if told is not None:
                await self._show(told, found.retrieval)
                return
        await self._store.update_message(turn.asked.answer.id, sources=found.sources)
        turn.emit(
            Sources, sources=found.sources, relevant=found.relevant, retrieval=found.retrieval
        )
        self._mark("search")

    async def _query(self, question: str) -> Query:
        """What to search for. A model rewrites the question only when it is loaded: else its
        loading would come before the sources."""
        rows = await self._store.transcript(self._turn.conversation_id, before_turn=self._turn.id)
        query = search_query(question, [row.text for row in rows if row.role == "user"])
        model = self._model()
        if query.rewritten and model.info.state == "active" and is_strong(model.info):
            conversation = await self._conversation(model)
            return await query_by_model(model, conversation.messages, question) or query
        return query

    async def _conversation(self, model: ChatModel) -> Conversation:
        """What is said so far, cut to the window once in a turn."""
        if self._said is None:
            turn = self._turn
            self._said = await load_conversation(
                self._store, model, turn.conversation_id, before_turn=turn.id
            )
        return self._said

    async def _prompt(self, model: ChatModel, sources: Sequence[Source]) -> list[ChatMessage]:
        turn, settings = self._turn, self._settings
        asked = turn.asked
        conversation = await self._conversation(model)
        text = await self._store.prompt(asked.question.id)
        if not (text and turn.text):
            prompt = await make_prompt(
                model,
                conversation,
                asked.put,
                sources,
                query=turn.why.retrieval.query if turn.why else asked.searched,
                context=asked.context,
                max_response_tokens=settings.max_response_tokens,
                first_token_seconds=settings.first_token_seconds,
                own_knowledge=asked.own_knowledge,
                conflicts=(await self._conflicts()).asked,
            )
            text = prompt.text
            await self._store.update_message(asked.question.id, prompt=text)
            turn.emit(Prompted, prompt=prompt.use)
        return [*conversation.messages, ChatMessage(role="user", content=text)]

    async def _generate(
        self, model: ChatModel, prompt_messages: Sequence[ChatMessage]
    ) -> FinishReason:
        turn = self._turn
        checker = None if turn.asked.own_knowledge else self._checking()
        clean = StreamSanitiser()
        length = len(turn.text)
        reason: FinishReason = "end"
        stream = model.generate(
            prompt_messages,
            max_tokens=self._settings.max_response_tokens,
            temperature=self._settings.llm_temperature,
            prefix=turn.text,
            on_position=self._on_position,
        )
        async for part in stream:
            text = clean.feed(part.text) if isinstance(part, Delta) else clean.flush()
            if text:
                self._mark("first_token")
                turn.emit(Token, text=text, start=length)
                if checker is not None:
                    checker.grow(text)
                length += len(text)
            if isinstance(part, Finished):
                reason = part.reason
                self._usage = Usage(
                    prompt_tokens=part.prompt_tokens,
                    cached_tokens=part.cached_tokens,
                    completion_tokens=part.completion_tokens,
                )
        self._mark("generation")
        return reason

    async def _finish(self, reason: FinishReason) -> None:
        turn = self._turn
        raw = turn.text
        sources, _ = turn.found or ((), False)
        refused = reason == "not_found"
        own_knowledge = turn.asked.own_knowledge
        method = turn.method
        conflicts: tuple[Conflict, ...] = ()
        checked = Grounded(text=without_citations(raw) if own_knowledge else raw)
        if method == "counted":
            checked = counted(raw, sources)
        elif not (refused or own_knowledge):
            checked = await self._checking().finish(complete=reason == "end")
            conflicts = in_answer(await self._conflicts(), checked.rests)
        answer = Answer(
            answer=checked.text,
            sentences=checked.sentences,
            citations=checked.citations,
            grounded=checked.grounded,
            conversation_id=turn.conversation_id,
            usage=self._usage,
            timings=self._timings(),
            finish_reason=reason,
            sources=sources,
            why=turn.why,
            own_knowledge=own_knowledge,
            shortfalls=shortfalls(self._searched_for(), sources) if refused else (),
            method=method,
            conflicts=conflicts,
        )
        state: MessageState = "stopped" if reason == "stopped" else "complete"
        read = {} if method == "counted" else {"prompt": "" if refused else raw}
        await self._store.update_message(
            turn.asked.answer.id, text=answer.answer, state=state, answer=answer, **read
        )
        turn.emit(Done, answer=answer)

    def _searched_for(self) -> str:
        why = self._turn.why
        return why.retrieval.query if why else self._turn.asked.searched

    def _checking(self) -> AnswerChecker:
        if self._checker is None:
            sources, relevant = self._turn.found or ((), False)
            self._checker = AnswerChecker(self._turn, sources if relevant else (), self._embedder)
        return self._checker

    def _look_for_conflicts(self, sources: Sequence[Source]) -> None:
        """Begin to compare the sources, beside the loading of the model."""
        self._disagreeing = asyncio.create_task(
            self._finder.conflicts(sources, self._searched_for()),
            name=f"compare sources of {self._turn.id}",
        )

    async def _conflicts(self) -> Conflicts:
        return Conflicts() if self._disagreeing is None else await self._disagreeing

    async def _interrupt(self) -> None:
        await self._store.update_message(
            self._turn.asked.answer.id, text=self._turn.text, state="interrupted"
        )
        self._turn.leave()

    async def _fail(self, error: MorganError) -> None:
        await self._store.update_message(
            self._turn.asked.answer.id, text=self._turn.text, state="failed", error=str(error)
        )
        details = dict(error.details, mend=error.mend) if error.mend else dict(error.details)
        self._turn.emit(Failed, error=error.code, message=error.message, details=details)

    def _on_loading(self, share: float) -> None:
        if share - self._shown_share >= 0.02 or (share >= 1.0 and self._shown_share < 1.0):
            self._shown_share = share
            self._turn.emit(Loading, share=min(1.0, share))

    def _on_position(self, position: int) -> None:
        self._show_position(position)

    def _show_position(self, position: int) -> None:
        if position != self._position:
            self._position = position
            self._turn.emit(Queued, conversation_id=self._turn.conversation_id, position=position)

    def _mark(self, name: str) -> None:
        self._marks.setdefault(name, time.perf_counter())

    def _timings(self) -> Timings:
        def span(start: str | None, end: str) -> float:
            begin = self._began if start is None else self._marks.get(start)
            finish = self._marks.get(end)
            return 0.0 if begin is None or finish is None else (finish - begin) * 1000

        return Timings(
            queued_ms=span(None, "queued"),
            search_ms=span("queued", "search"),
            first_token_ms=span(None, "first_token"),
            generation_ms=span("first_token", "generation"),
            total_ms=(time.perf_counter() - self._began) * 1000,
        )


def _refusal(nearest: Sequence[Source], scope: Scope | None, missing: Sequence[str] = ()) -> str:
    limits = (" ".join(scope.words) or "these limits") if scope is not None else ""
    if nearest:
        what = listed([f"“{text}”" for text in missing]).replace(" and ", " or ") or "this"
        where = f"within {limits}" if limits else "in your documents"
        return NOT_FOUND.format(what, where) + NEAREST
    return EMPTY_SCOPE.format(limits) if limits else EMPTY_LIBRARY
