"""What a tool tells in answer to a question about the library or whole documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from morgan_core.retrieval.grounding import Grounded
from morgan_core.sanitise import sanitise, sanitise_name
from morgan_core.types import (
    Citation,
    Document,
    Method,
    Passage,
    Record,
    Scores,
    Sentence,
    Source,
)
from morgan_core.urls import is_url

_mark = re.compile(r"\[(\d+)\]")
_markdown = re.compile(r"[*_`\[\]<>|\\#]")
_ticks = re.compile(r"`+")


class Told(Record, frozen=True, kw_only=True):
    """An answer in Markdown, with the documents or passages that it names, and how it came
    about. ``gist`` is what of it the model reads in later turns."""

    text: str
    method: Method
    sources: tuple[Source, ...] = ()
    gist: str = ""


def whole_document(n: int, document: Document) -> Source:
    """A source that is a document, from its beginning, and none of its passages."""
    return Source(
        n=n,
        passage=Passage(
            document=document.id,
            path=document.path,
            page=None,
            heading="",
            text="",
            start=0,
            end=0,
            score=0.0,
            scores=Scores(),
            revision=document.revision,
        ),
    )


def names(documents: Iterable[Document]) -> dict[str, str]:
    """What to call each document, by id: the name of its file, with as many folders before it as
    are needed to tell it from the others, as Markdown that shows it as it is."""
    parts = {document.id: _parts(document.path) for document in documents}
    short = dict.fromkeys(parts, 1)
    while True:
        called: dict[str, list[str]] = {}
        for id, length in short.items():
            called.setdefault("/".join(parts[id][-length:]), []).append(id)
        longer = [
            id
            for ids in called.values()
            if len(ids) > 1
            for id in ids
            if short[id] < len(parts[id])
        ]
        if not longer:
            return {id: as_code(name) for name, ids in called.items() for id in ids}
        for id in longer:
            short[id] += 1


def as_code(name: str) -> str:
    """``name`` as a code span, in which no character of it means anything."""
    shown = sanitise_name(name)
    fence = "`"
    while fence in _ticks.findall(shown):
        fence += "`"
    room = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{room}{shown}{room}{fence}"


def cited(sentence: str, n: int) -> str:
    """``sentence`` with its citation before the full stop."""
    end = len(sentence.rstrip(".!。！"))
    return f"{sentence[:end]} [{n}]{sentence[end:]}"


def in_plain(heading: str) -> str:
    """``heading`` on one short line, without what means something in Markdown."""
    return _markdown.sub("", " ".join(sanitise(heading).split()))[:80].strip()


def counted(text: str, sources: Sequence[Source]) -> Grounded:
    """The verdicts on a counted answer: each line of it is a fact of the library itself. Passages
    that its lines cite by number are quoted whole."""
    sentences: list[Sentence] = []
    cited: set[int] = set()
    at = 0
    for line in text.splitlines(keepends=True):
        if line.strip():
            numbers = tuple(dict.fromkeys(int(n) for n in _mark.findall(line)))
            cited.update(numbers)
            end = at + len(line.rstrip())
            sentences.append(Sentence(start=at, end=end, status="supported", citations=numbers))
        at += len(line)
    passages = [(source.n, source.passage) for source in sources if source.n in cited]
    citations = [
        Citation(
            n=n,
            document=passage.document,
            path=passage.path,
            page=passage.page,
            heading=passage.heading,
            place=passage.place,
            start=passage.start,
            end=passage.end,
            quote=passage.text,
            verified=True,
            revision=passage.revision,
        )
        for n, passage in passages
    ]
    return Grounded(
        text=text, sentences=tuple(sentences), citations=tuple(citations), grounded=bool(sentences)
    )


def plural(count: int, one: str, many: str = "") -> str:
    """``1 document``, ``2 documents``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def listed(items: Sequence[str]) -> str:
    """``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def _parts(path: str) -> list[str]:
    if is_url(path):
        return [path.partition("://")[2].rstrip("/")]
    return [part for part in PurePath(path).parts if part != "/"]
