"""Running one turn: search, sources, generation, checking, storing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from morgan_core.chat.checking import AnswerChecker
from morgan_core.chat.prompt import choose_sources, messages, question_prompt
from morgan_core.chat.rewrite import search_query
from morgan_core.chat.transcript import load_history
from morgan_core.chat.turn import Turn
from morgan_core.errors import MorganError
from morgan_core.events import Done, Failed, Loading, Queued, Searching, Sources, Token
from morgan_core.llm.base import ChatMessage, ChatModel, Delta, Finished
from morgan_core.retrieval.grounding import Grounded
from morgan_core.retrieval.relevance import is_relevant
from morgan_core.retrieval.search import Searcher
from morgan_core.sanitise import StreamSanitiser
from morgan_core.settings import Settings
from morgan_core.storage.conversations import ConversationStore
from morgan_core.types import (
    Answer,
    FinishReason,
    MessageState,
    Passage,
    Scope,
    SearchResponse,
    Source,
    Timings,
    Usage,
)

NOT_FOUND = "I found nothing about this in your documents."
NEAREST = " The nearest passages are listed with this answer."
EMPTY_LIBRARY = "There is nothing in your library yet. Add a folder or a file, then ask again."
EMPTY_SCOPE = "There is nothing within {} in your library. Ask again with other limits, or none."
NEAREST_SHOWN = 3

log = logging.getLogger(__name__)


class TurnRun:
    """Runs ``turn`` from where its events stand; emits, stores, and never raises."""

    def __init__(
        self,
        turn: Turn,
        *,
        store: ConversationStore,
        searcher: Searcher,
        model: Callable[[], ChatModel],
        settings: Settings,
        lock: asyncio.Lock,
    ) -> None:
        self._turn = turn
        self._store = store
        self._searcher = searcher
        self._model = model
        self._settings = settings
        self._lock = lock
        self._began = time.perf_counter()
        self._marks: dict[str, float] = {}
        self._usage = Usage()
        self._shown_share = -1.0
        self._position = 0
        self._checker: AnswerChecker | None = None

    async def run(self) -> None:
        try:
            await self._run()
        finally:
            if self._checker is not None:
                self._checker.drop()

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
        if turn.found is None:
            await self._search()
        assert turn.found is not None
        sources, relevant = turn.found
        if not relevant and not turn.asked.context:
            if not turn.text:
                turn.emit(Token, text=_refusal(sources, turn.asked.scope), start=0)
            await self._finish("not_found")
            return
        model = self._model()
        await model.load(self._on_loading)
        prompt_messages = await self._prompt(model, sources if relevant else ())
        reason = await self._generate(model, prompt_messages)
        await self._finish(reason)

    async def _search(self) -> None:
        turn = self._turn
        question = turn.asked.searched
        rows = await self._store.transcript(turn.conversation_id, before_turn=turn.id)
        query = search_query(question, [row.text for row in rows if row.role == "user"])
        turn.emit(Searching, query=query)
        found = await self._retrieve(query, wait=False)
        relevant = _relevant(found)
        if found.words_only and not relevant:
            # Before refusing, wait for the half of the evidence that is still loading.
            found = await self._retrieve(query, wait=True)
            relevant = _relevant(found)
        shown = self._settings.max_sources if relevant else NEAREST_SHOWN
        sources = _numbered(found.results[:shown])
        await self._store.update_message(turn.asked.answer.id, sources=sources)
        turn.emit(Sources, sources=sources, relevant=relevant)
        self._mark("search")

    async def _retrieve(self, query: str, *, wait: bool) -> SearchResponse:
        return await self._searcher.search(
            query,
            limit=self._settings.max_sources,
            scope=self._turn.asked.scope,
            wait_for_embedder=wait,
        )

    async def _prompt(self, model: ChatModel, sources: Sequence[Source]) -> list[ChatMessage]:
        turn, settings = self._turn, self._settings
        asked = turn.asked
        history = await load_history(self._store, model, turn.conversation_id, before_turn=turn.id)
        prompt = await self._store.prompt(asked.question.id)
        if not (prompt and turn.text):
            chosen = await choose_sources(
                model,
                history,
                asked.put,
                [source.passage for source in sources],
                context=asked.context,
                max_sources=settings.max_sources,
                max_response_tokens=settings.max_response_tokens,
                first_token_seconds=settings.first_token_seconds,
            )
            prompt = question_prompt(asked.put, chosen, asked.context)
            await self._store.update_message(asked.question.id, prompt=prompt)
        return messages(model, history, prompt)

    async def _generate(
        self, model: ChatModel, prompt_messages: Sequence[ChatMessage]
    ) -> FinishReason:
        turn = self._turn
        checker = self._checking()
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
        checked = Grounded(text=raw)
        if reason != "not_found":
            checked = await self._checking().finish(complete=reason == "end")
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
        )
        state: MessageState = "stopped" if reason == "stopped" else "complete"
        await self._store.update_message(
            turn.asked.answer.id,
            text=answer.answer,
            prompt="" if reason == "not_found" else raw,
            state=state,
            answer=answer,
        )
        turn.emit(Done, answer=answer)

    def _checking(self) -> AnswerChecker:
        if self._checker is None:
            sources, relevant = self._turn.found or ((), False)
            self._checker = AnswerChecker(
                self._turn, sources if relevant else (), self._searcher.embedder
            )
        return self._checker

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


def _relevant(found: SearchResponse) -> bool:
    return is_relevant(found.results, words_only=found.words_only)


def _numbered(passages: Sequence[Passage]) -> tuple[Source, ...]:
    return tuple(Source(n=n, passage=passage) for n, passage in enumerate(passages, 1))


def _refusal(nearest: Sequence[Source], scope: Scope | None) -> str:
    if nearest:
        return NOT_FOUND + NEAREST
    if scope is None:
        return EMPTY_LIBRARY
    return EMPTY_SCOPE.format(" ".join(scope.words) or "these limits")
