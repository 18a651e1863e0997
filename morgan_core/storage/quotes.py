"""Which stored answers quote a document."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import msgspec
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncEngine

from morgan_core.storage.schema import conversations, messages
from morgan_core.types import (
    Answer,
    Considered,
    Elsewhere,
    Passage,
    PastAnswer,
    Record,
    Source,
)

_sources = msgspec.json.Decoder(tuple[Source, ...])
_answer = msgspec.json.Decoder(Answer)


class _Quote(Record, frozen=True):
    """A document and the path that it had when it was quoted."""

    document: str
    path: str
    cited: bool


async def answers_quoting(
    engine: AsyncEngine, paths: Sequence[str], documents: Iterable[str] = ()
) -> tuple[PastAnswer, ...]:
    """The answers that cite, were shown, or keep the name of what is or was at or below ``paths``
    or has one of the ids ``documents``; oldest first.

    A document that was renamed is known by the id that it was once quoted with at a path.
    """
    ids = set(documents)
    while True:
        found = await _quotes(engine, paths, ids)
        quoted = {q.document for _, quotes in found for q in quotes if _is_at(q.path, paths)}
        if quoted <= ids:
            return tuple(
                msgspec.structs.replace(past, cited=any(quote.cited for quote in quotes))
                for past, quotes in found
            )
        ids |= quoted


async def _quotes(
    engine: AsyncEngine, paths: Sequence[str], ids: Collection[str]
) -> list[tuple[PastAnswer, list[_Quote]]]:
    """Every answer with its quotes of ``paths`` and ``ids``."""
    needles = [f'"path":"{_json(path)}' for path in paths] + [f'"document":"{id}"' for id in ids]
    if not needles:
        return []
    asked = messages.alias("asked")
    query = (
        select(messages, conversations.c.title, asked.c.text.label("question"))
        .join(conversations, conversations.c.id == messages.c.conversation_id)
        .join(asked, (asked.c.turn_id == messages.c.turn_id) & (asked.c.role == "user"))
        .where(messages.c.role == "assistant")
        .where(
            or_(
                *(
                    column.contains(needle, autoescape=True)
                    for needle in needles
                    for column in (messages.c.sources, messages.c.answer)
                )
            )
        )
        .order_by(messages.c.position)
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(query)).all()
    found = []
    for row in rows:
        quotes = [
            quote
            for quote in _all_quotes(row.sources, row.answer)
            if quote.document in ids or _is_at(quote.path, paths)
        ]
        if quotes:
            past = PastAnswer(
                conversation_id=row.conversation_id,
                title=row.title,
                turn_id=row.turn_id,
                question=row.question,
                asked=row.created,
                cited=False,
            )
            found.append((past, quotes))
    return found


def _all_quotes(sources: str | None, answer: str | None) -> list[_Quote]:
    shown = _sources.decode(sources) if sources else ()
    given = _answer.decode(answer) if answer else Answer(answer="")
    named: list[Passage | Elsewhere | Considered] = []
    for source in (*shown, *given.sources):
        named += [source.passage, *source.passage.also_in]
    named += given.why.retrieval.considered if given.why else ()
    quotes = [_Quote(document=one.document, path=one.path, cited=False) for one in named]
    quotes += [_Quote(document=c.document, path=c.path, cited=True) for c in given.citations]
    return quotes


def _is_at(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)


def _json(text: str) -> str:
    """``text`` as it stands inside a JSON string."""
    return msgspec.json.encode(text).decode()[1:-1]
