"""Conversations in SQL."""

from __future__ import annotations

import time
import uuid
from collections.abc import Set
from typing import Any, Literal

import msgspec
from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from morgan_core.errors import NotFound
from morgan_core.scopes import without_words
from morgan_core.storage.schema import conversations, messages
from morgan_core.types import (
    Answer,
    Conversation,
    Message,
    MessageState,
    Record,
    Scope,
    Source,
)

_sources = msgspec.json.Decoder(tuple[Source, ...])
_answer = msgspec.json.Decoder(Answer)
_scope = msgspec.json.Decoder(Scope)
_encode = msgspec.json.Encoder().encode

ConversationList = list[Conversation]
MessageList = list[Message]
TurnIds = list[str]


class TranscriptRow(Record, frozen=True, kw_only=True):
    """A message as it is searched for (``text``, without the words of its scope) and as the
    model reads it (``prompt``)."""

    turn_id: str
    role: Literal["user", "assistant"]
    text: str
    prompt: str


Transcript = list[TranscriptRow]


class ConversationStore:
    """Conversations and their messages. Every write is committed when the call returns."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def create(self, title: str, *, conversation_id: str | None = None) -> Conversation:
        now = time.time()
        row = {
            "id": conversation_id or str(uuid.uuid4()),
            "title": title,
            "created": now,
            "updated": now,
        }
        async with self._engine.begin() as connection:
            await connection.execute(insert(conversations).values(row))
        return Conversation(**row)  # type: ignore[arg-type]

    async def list(self, *, limit: int = 500) -> ConversationList:
        """The newest ``limit`` conversations, newest first."""
        count = func.count(messages.c.id).label("messages")
        query = (
            select(conversations, count)
            .outerjoin(messages, messages.c.conversation_id == conversations.c.id)
            .group_by(conversations.c.id)
            .order_by(conversations.c.updated.desc())
            .limit(limit)
        )
        async with self._engine.connect() as connection:
            return [_conversation(row) for row in await connection.execute(query)]

    async def get(self, conversation_id: str) -> Conversation:
        """Raises NotFound."""
        count = (
            select(func.count())
            .where(messages.c.conversation_id == conversation_id)
            .scalar_subquery()
            .label("messages")
        )
        query = select(conversations, count).where(conversations.c.id == conversation_id)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            raise NotFound(f"There is no conversation {conversation_id}.")
        return _conversation(row)

    async def rename(self, conversation_id: str, title: str) -> Conversation:
        query = update(conversations).where(conversations.c.id == conversation_id)
        async with self._engine.begin() as connection:
            await connection.execute(query.values(title=title))
        return await self.get(conversation_id)

    async def delete(self, conversation_id: str) -> TurnIds:
        """Delete it with its messages; the ids of its turns. Raises NotFound."""
        turns = select(messages.c.turn_id).where(messages.c.conversation_id == conversation_id)
        async with self._engine.begin() as connection:
            ids = (await connection.execute(turns.distinct())).scalars().all()
            await connection.execute(
                delete(messages).where(messages.c.conversation_id == conversation_id)
            )
            gone = await connection.execute(
                delete(conversations).where(conversations.c.id == conversation_id)
            )
        if not gone.rowcount:
            raise NotFound(f"There is no conversation {conversation_id}.")
        return list(ids)

    async def messages(
        self, conversation_id: str, *, before: str | None = None, limit: int = 50
    ) -> MessageList:
        """The last ``limit`` messages in order, or those before message ``before``."""
        query = select(messages).where(messages.c.conversation_id == conversation_id)
        if before is not None:
            position = select(messages.c.position).where(messages.c.id == before)
            query = query.where(messages.c.position < position.scalar_subquery())
        query = query.order_by(messages.c.position.desc()).limit(limit)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        if not rows:
            await self.get(conversation_id)
        return [_message(row) for row in reversed(rows)]

    async def search(self, query: str, *, limit: int = 20) -> MessageList:
        """Messages that hold every word of ``query``, newest first."""
        words = query.split()
        if not words:
            return []
        found = select(messages)
        for word in words:
            found = found.where(messages.c.text.icontains(word, autoescape=True))
        found = found.order_by(messages.c.position.desc()).limit(limit)
        async with self._engine.connect() as connection:
            return [_message(row) for row in await connection.execute(found)]

    async def begin_turn(
        self,
        question: Message,
        answer: Message,
        *,
        scope: Scope | None = None,
        context: str = "",
        title: str | None = None,
    ) -> None:
        """Store the question, with what it was limited to and given with, and the answer's empty
        place in one commit. With a ``title`` it is the first one of a new conversation."""
        asked = {
            **_row(question),
            "context": context,
            "scope": _encode(scope).decode() if scope else None,
        }
        async with self._engine.begin() as connection:
            if title is not None:
                await connection.execute(
                    insert(conversations).values(
                        id=question.conversation_id,
                        title=title,
                        created=question.created,
                        updated=question.created,
                    )
                )
            await connection.execute(insert(messages), [asked])
            await connection.execute(insert(messages), [_row(answer)])
            await connection.execute(
                update(conversations)
                .where(conversations.c.id == question.conversation_id)
                .values(updated=question.created)
            )

    async def update_message(self, message_id: str, **values: Any) -> None:
        """Change columns of a message; ``answer`` and ``sources`` are given as records."""
        for name in ("answer", "sources"):
            if values.get(name) is not None:
                values[name] = _encode(values[name]).decode()
        async with self._engine.begin() as connection:
            await connection.execute(
                update(messages).where(messages.c.id == message_id).values(values)
            )

    async def turn(self, turn_id: str) -> tuple[Message, Message] | None:
        """Question and answer of a turn, or None."""
        query = select(messages).where(messages.c.turn_id == turn_id).order_by(messages.c.position)
        async with self._engine.connect() as connection:
            rows = [_message(row) for row in await connection.execute(query)]
        return (rows[0], rows[1]) if len(rows) == 2 else None

    async def given(self, message_id: str) -> tuple[Scope | None, str]:
        """The scope and the context of a question."""
        query = select(messages.c.scope, messages.c.context).where(messages.c.id == message_id)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).one()
        return (_scope.decode(row.scope) if row.scope else None, row.context)

    async def in_state(self, state: MessageState) -> MessageList:
        """Every message in ``state``, in order."""
        query = select(messages).where(messages.c.state == state).order_by(messages.c.position)
        async with self._engine.connect() as connection:
            return [_message(row) for row in await connection.execute(query)]

    async def prompt(self, message_id: str) -> str:
        """What the model read or wrote for a message; empty when it was not put to it yet."""
        query = select(messages.c.prompt).where(messages.c.id == message_id)
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).scalar() or ""

    async def transcript(self, conversation_id: str, *, before_turn: str) -> Transcript:
        """The answered turns before ``before_turn``, in order."""
        query = (
            select(messages)
            .where(messages.c.conversation_id == conversation_id)
            .order_by(messages.c.position)
        )
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        answered = {row.turn_id for row in rows if row.role == "assistant" and row.prompt}
        result = []
        for row in rows:
            if row.turn_id == before_turn:
                break
            if row.turn_id in answered:
                text = without_words(row.text, _words(row.scope))
                result.append(
                    TranscriptRow(turn_id=row.turn_id, role=row.role, text=text, prompt=row.prompt)
                )
        return result

    async def summary(self, conversation_id: str) -> str:
        """What stands for the turns that were dropped; empty while none was."""
        query = select(conversations.c.summary).where(conversations.c.id == conversation_id)
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).scalar() or ""

    async def answered(self, conversation_id: str, *, before_turn: str) -> int:
        """How many turns before ``before_turn`` were answered, whether the transcript holds them
        or not; refusals are answers, too."""
        first = (
            select(func.min(messages.c.position))
            .where(messages.c.turn_id == before_turn)
            .scalar_subquery()
        )
        query = (
            select(func.count())
            .where(messages.c.conversation_id == conversation_id)
            .where(messages.c.role == "assistant")
            .where(messages.c.answer.is_not(None))
            .where(messages.c.position < first)
        )
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).scalar() or 0

    async def drop_turns(self, conversation_id: str, turn_ids: Set[str], summary: str) -> None:
        """Take turns out of the transcript for good; ``summary`` stands for all that went."""
        dropped = update(messages).where(messages.c.conversation_id == conversation_id)
        dropped = dropped.where(messages.c.turn_id.in_(turn_ids)).values(prompt="")
        kept = update(conversations).where(conversations.c.id == conversation_id)
        async with self._engine.begin() as connection:
            await connection.execute(dropped)
            await connection.execute(kept.values(summary=summary))

    async def drop_sources(self, conversation_id: str, *, before_turn: str) -> None:
        """Reduce the prompts of the questions before ``before_turn`` to the bare questions."""
        first = (
            select(func.min(messages.c.position))
            .where(messages.c.turn_id == before_turn)
            .scalar_subquery()
        )
        earlier = (
            messages.c.conversation_id == conversation_id,
            messages.c.role == "user",
            messages.c.position < first,
        )
        limited = select(messages.c.id, messages.c.text, messages.c.scope).where(
            *earlier, messages.c.scope.is_not(None)
        )
        async with self._engine.begin() as connection:
            await connection.execute(
                update(messages).where(*earlier).values(prompt=messages.c.text)
            )
            for row in (await connection.execute(limited)).all():
                bare = without_words(row.text, _words(row.scope), names=True)
                await connection.execute(
                    update(messages).where(messages.c.id == row.id).values(prompt=bare)
                )


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(
        id=row.id, title=row.title, created=row.created, updated=row.updated, messages=row.messages
    )


def _message(row: Row[Any]) -> Message:
    return Message(
        id=row.id,
        conversation_id=row.conversation_id,
        turn_id=row.turn_id,
        role=row.role,
        text=row.text,
        state=row.state,
        created=row.created,
        error=row.error,
        answer=_answer.decode(row.answer) if row.answer else None,
        sources=_sources.decode(row.sources) if row.sources else (),
        scope=_scope.decode(row.scope) if row.scope else None,
    )


def _words(scope: str | None) -> tuple[str, ...]:
    return _scope.decode(scope).words if scope else ()


def _row(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "conversation_id": message.conversation_id,
        "turn_id": message.turn_id,
        "role": message.role,
        "text": message.text,
        "state": message.state,
        "error": message.error,
        "created": message.created,
    }
