"""Answers that name every place where words stand, from a scan of all texts; no model is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from morgan_core.chat.whole.mention_questions import MentionQuestion
from morgan_core.chat.whole.shelf import Report, Shelf, is_read
from morgan_core.chat.whole.told import Told, listed, names, plural
from morgan_core.library.mentions import Mention, Mentions
from morgan_core.sanitise import sanitise
from morgan_core.scope_filters import in_scope, of_types
from morgan_core.types import Document, Passage, Scope, Scores, Source

BATCH = 32
"""Documents that are looked through at a time; between two of them the turn can be stopped."""

LISTED = 50
"""Documents that are named one by one."""

PLACES = 20
"""Places that are named one by one where only one document is looked through."""


class _Hit(NamedTuple):
    document: Document
    found: Mentions

    @property
    def total(self) -> int:
        return sum(self.found.counts)


async def answer_with_mentions(
    asked: MentionQuestion, shelf: Shelf, scope: Scope | None, report: Report
) -> Told | None:
    """The documents within ``scope`` that hold the phrases, with the number of times.

    None when ``asked`` names a type that no document has, or when no document holds the words
    that it was to be about: what documents are about can be said in other words.
    """
    listing = await shelf.list()
    if asked.type and not any(_is_of(asked.type, one) for one in listing.documents):
        return None
    within = [
        document
        for document in listing.documents
        if in_scope(document, scope) and (not asked.type or _is_of(asked.type, document))
    ]
    readable = [document for document in within if is_read(document)]
    most = PLACES if len(readable) == 1 else 1
    hits: list[_Hit] = []
    looked_at = 0
    for at in range(0, len(readable), BATCH):
        batch = {document.id: document for document in readable[at : at + BATCH]}
        if len(readable) > BATCH:
            report(at, len(readable), "document")
        for found in await shelf.mentions([*batch], asked.phrases, most=most):
            if not found.counts:
                continue
            looked_at += 1
            if all(found.counts) if asked.every else any(found.counts):
                hits.append(_Hit(batch[found.document], found))
    if asked.about and not hits:
        return None
    hits.sort(key=lambda hit: (-hit.total, hit.document.path))
    where = f" within {' '.join(scope.words)}" if scope is not None and scope.words else ""
    if looked_at == 1:
        [only] = names(document for document in readable[:1]).values()
        lines = [_lead_of_one(asked, hits, only), ""]
    else:
        lines = [_lead(asked, hits, looked_at, where), ""]
    sources: list[Source] = []
    if len(readable) == 1:
        lines += _places(hits, sources)
    else:
        lines += _documents(hits, asked, sources)
    unread = len(within) - looked_at
    if unread:
        lines += [
            "",
            f"{plural(unread, 'document')}{where} could not be read or"
            f" {'is' if unread == 1 else 'are'} still to be read, and"
            f" {'was' if unread == 1 else 'were'} not looked through.",
        ]
    if looked_at and not hits:
        lines.append("Only these words were looked for, not others of the same meaning.")
    text = "\n".join(lines).replace("\n\n\n", "\n\n").strip()
    return Told(text=text, method="counted", sources=tuple(sources), gist=lines[0])


def _lead(asked: MentionQuestion, hits: Sequence[_Hit], looked_at: int, where: str) -> str:
    what = _what(asked)
    of = f"{plural(looked_at, 'document')}{where}"
    if not looked_at:
        return f"Counted in your library: no document{where} can be looked through yet for {what}."
    if not hits:
        return f"Counted in the whole text of {of}: {what} stands in **none**."
    times = plural(sum(hit.total for hit in hits), "time")
    return (
        f"Counted in the whole text of {of}: {what} stands in"
        f" **{plural(len(hits), 'document')}**, {times} in all."
    )


def _lead_of_one(asked: MentionQuestion, hits: Sequence[_Hit], name: str) -> str:
    times = plural(sum(hit.total for hit in hits), "time")
    return f"Counted in the whole text of {name}: {_what(asked)} stands there **{times}**."


def _what(asked: MentionQuestion) -> str:
    quoted = [f"“{' '.join(sanitise(phrase.text).split())}”" for phrase in asked.phrases]
    if asked.every or len(quoted) == 1:
        return listed(quoted)
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}"


def _documents(
    hits: Sequence[_Hit], asked: MentionQuestion, sources: list[Source]
) -> Iterator[str]:
    shown = hits[:LISTED]
    called = names(hit.document for hit in shown)
    for n, hit in enumerate(shown, 1):
        sources.append(_source(n, hit, hit.found.places[0]))
        count = plural(hit.total, "time")
        if len(asked.phrases) > 1:
            each = zip(asked.phrases, hit.found.counts, strict=True)
            count = ", ".join(f"“{phrase.text}” {number:,}" for phrase, number in each if number)
        yield f"{n}. {called[hit.document.id]}: {count} [{n}]"
    if len(shown) < len(hits):
        yield ""
        yield f"And {plural(len(hits) - len(shown), 'more document')}."


def _places(hits: Sequence[_Hit], sources: list[Source]) -> Iterator[str]:
    for hit in hits:
        name = names([hit.document])[hit.document.id]
        for n, place in enumerate(hit.found.places, 1):
            sources.append(_source(n, hit, place))
            where = _where(place)
            yield f"{n}. {name}{', ' if where else ''}{where} [{n}]"
        if len(hit.found.places) == PLACES and hit.total > PLACES:
            yield ""
            yield f"These are the first {PLACES} places."


def _where(place: Mention) -> str:
    if place.place:
        return " ".join(sanitise(place.place).split())
    return f"page {place.page}" if place.page is not None else ""


def _source(n: int, hit: _Hit, place: Mention) -> Source:
    return Source(
        n=n,
        passage=Passage(
            document=hit.document.id,
            path=hit.document.path,
            page=place.page,
            heading=place.heading,
            place=place.place,
            text=place.text,
            start=place.start,
            end=place.end,
            score=0.0,
            scores=Scores(),
            revision=hit.found.revision,
        ),
    )


def _is_of(kind: str, document: Document) -> bool:
    return of_types([kind])(document.kind, document.paths or (document.path,))
