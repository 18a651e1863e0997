"""Summaries of whole documents in their own words: the central sentences, each with its citation.

Every passage within the limits is read, and the documents' own sentences are true to them whatever
the model. Measured on the six documents of the sample library: summarised in parts and then as a
whole by SmolLM2-135M, 2 of 16 sentences stood the check and 12 were not in the sources; of the
sentences that are chosen here 48 of 48 did, and 129 of 130 of 22 other documents.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import NamedTuple

from morgan_core.chat.whole.extract import Sentence, central_sentences, without_heading
from morgan_core.chat.whole.shelf import Report, Shelf, is_read
from morgan_core.chat.whole.summary_questions import SummaryQuestion
from morgan_core.chat.whole.told import Told, cited, in_plain, listed, names, plural
from morgan_core.errors import BadInput, MorganError
from morgan_core.index.base import Chunk
from morgan_core.sanitise import sanitise
from morgan_core.scope_filters import in_scope
from morgan_core.scopes import folded
from morgan_core.types import Document, Passage, Scope, Scores, Source

DOCUMENTS = 20
"""Documents that are summarised together; of more, the longest."""

TOGETHER = 20
"""Sentences for several documents together."""

_LENGTHS = ((4, 4), (12, 6), (40, 8))
"""Passages of a document, at most, and the sentences that are chosen from it."""

_LONG = 12

_the = re.compile(
    r"^(?:(?:the|my|our|document|file|called|named|whole|entire|contents? of)\s+)+", re.IGNORECASE
)
_joined = re.compile(r"\s*,\s*(?:and\s+)?|\s+(?:and|with|to|versus|vs\.?)\s+", re.IGNORECASE)

log = logging.getLogger(__name__)


class _Quote(NamedTuple):
    """A sentence, without the heading that is printed before it, and that heading."""

    chunk: Chunk
    text: str
    heading: str


class _Read(NamedTuple):
    document: Document
    passages: int
    quotes: Sequence[_Quote]


async def answer_with_summary(
    asked: SummaryQuestion,
    shelf: Shelf,
    scope: Scope | None,
    last_cited: Sequence[str],
    report: Report,
) -> Told | None:
    """The central sentences of the documents that are meant; None when ``asked`` names no
    document of the library, so that it means what documents say of something.

    ``last_cited`` are the documents of the answer before. Raises BadInput when it cannot be told which
    document is meant.
    """
    listing = await shelf.list()
    meant = _meant(asked, [d for d in listing.documents if in_scope(d, scope)], last_cited)
    if meant is None:
        return None
    readable = [document for document in meant if is_read(document) and document.passages]
    longest = sorted(readable, key=lambda document: -document.passages)[:DOCUMENTS]
    read = []
    for at, document in enumerate(sorted(longest, key=lambda document: document.path)):
        if len(longest) > 1:
            report(at, len(longest), "document")
        read.append(await _read(document, _most(asked, document, len(longest)), shelf))
    if not any(one.quotes for one in read):
        return None
    return _told(read, len(meant))


async def _read(document: Document, most: int, shelf: Shelf) -> _Read:
    chunks = await shelf.passages(document.id)
    vectors = await shelf.vectors([chunk.id for chunk in chunks])
    chosen = await asyncio.to_thread(central_sentences, chunks, vectors, most)
    quotes = [await _quote(sentence, shelf) for sentence in chosen]
    return _Read(document, len(chunks), quotes)


async def _quote(sentence: Sentence, shelf: Shelf) -> _Quote:
    """The sentence below the heading that is nearest to it; its passage may begin under another."""
    chunk = sentence.chunk
    start, end = chunk.start + sentence.start, chunk.start + sentence.end
    try:
        found = await shelf.text(chunk.document_id, start=start, end=end, context=0)
        path = found.heading
    except MorganError as error:
        log.info("%s is quoted without its headings: %s", chunk.paths[0], error)
        path = chunk.heading
    heading = " ".join(sanitise(path.rpartition(" › ")[2]).split())
    return _Quote(chunk, without_heading(heading, sanitise(sentence.text)), heading)


def _meant(
    asked: SummaryQuestion, within: Sequence[Document], cited: Sequence[str]
) -> Sequence[Document] | None:
    if asked.everything:
        return within
    if asked.named:
        return _called(asked.named, within) or _each_called(asked.named, within)
    found = [document for document in within if document.id in cited]
    if len(found) == 1 or len(within) == 1:
        return found if len(found) == 1 else within
    if asked.loosely:
        return None
    raise BadInput(
        "It is not clear which document is meant.",
        mend="Name it with @, as in: summarise @lease.pdf, or say: summarise my documents.",
    )


def _each_called(named: str, within: Sequence[Document]) -> list[Document] | None:
    """The documents that a list of names means; None when one of them is the name of none."""
    found: dict[str, Document] = {}
    for part in _joined.split(named):
        called = _called(part, within)
        if not called:
            return None
        found |= {document.id: document for document in called}
    return [*found.values()]


def _called(named: str, within: Sequence[Document]) -> list[Document]:
    wanted = _name(_the.sub("", named.strip()))
    return [
        document
        for document in within
        if any(wanted in (_name(PurePath(p).name), _name(PurePath(p).stem)) for p in document.paths)
    ]


def _name(said: str) -> str:
    return " ".join(re.split(r"[\s_-]+", folded(said).strip(" \"'“”")))


def _most(asked: SummaryQuestion, document: Document, documents: int) -> int:
    if documents > 1:
        total = asked.sentences or TOGETHER
        return max(1, min(total // documents, 4))
    if asked.sentences:
        return asked.sentences
    return next((most for passages, most in _LENGTHS if document.passages <= passages), _LONG)


def _told(read: Sequence[_Read], meant: int) -> Told:
    called = names(one.document for one in read)
    sources = _Sources()
    lines = [_lead(read, called, meant)]
    for one in read:
        if len(read) == 1:
            lines += _by_heading(one, sources)
        elif one.quotes:
            lines += ["", f"{called[one.document.id]}:", ""]
            lines += [_item(quote, one.document, sources) for quote in one.quotes]
    if unquoted := [called[one.document.id] for one in read if not one.quotes]:
        lines += ["", f"Without whole sentences to quote, as tables and forms: {listed(unquoted)}."]
    text = "\n".join(lines)
    return Told(text=text, method="extracted", sources=sources.all, gist=text)


def _lead(read: Sequence[_Read], called: dict[str, str], meant: int) -> str:
    passages = plural(sum(one.passages for one in read), "passage")
    if len(read) == 1 == meant:
        return f"{called[read[0].document.id]} in its own words ({passages} read):"
    if len(read) == meant:
        return f"{plural(meant, 'document')} in their own words ({passages} read):"
    return (
        f"{len(read):,} of {plural(meant, 'document')}, the longest ones, in their own words"
        f" ({passages} read; #folder or @name limits the question to others):"
    )


def _by_heading(one: _Read, sources: _Sources) -> Iterator[str]:
    """The sentences below the headings that they stand under, where there are several."""
    several = len({quote.heading for quote in one.quotes}) > 1
    yield ""
    before = ""
    for at, quote in enumerate(one.quotes):
        if several and quote.heading != before:
            if at:
                yield ""
            yield f"*{in_plain(quote.heading) or 'Without a heading'}*"
            yield ""
        before = quote.heading
        yield _item(quote, one.document, sources)


def _item(quote: _Quote, document: Document, sources: _Sources) -> str:
    return f"- {cited(quote.text, sources.number(quote.chunk, document))}"


class _Sources:
    """Numbers the passages in the order in which they are quoted."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._all: list[Source] = []

    @property
    def all(self) -> tuple[Source, ...]:
        return tuple(self._all)

    def number(self, chunk: Chunk, document: Document) -> int:
        if chunk.id not in self._numbers:
            n = self._numbers[chunk.id] = len(self._all) + 1
            self._all.append(Source(n=n, passage=_passage(chunk, document)))
        return self._numbers[chunk.id]


def _passage(chunk: Chunk, document: Document) -> Passage:
    return Passage(
        document=chunk.document_id,
        path=document.path,
        page=chunk.page,
        heading=chunk.heading,
        place=chunk.place,
        text=chunk.text,
        start=chunk.start,
        end=chunk.end,
        score=0.0,
        scores=Scores(),
        revision=chunk.revision,
    )
