"""Checking an answer against the sources that the model was given.

A sentence is supported when the words of one span of one source carry it: its content words,
all its numbers, and the same polarity. Likeness of embeddings plays no part here. A citation
that points at the wrong source is corrected, one that points at nothing is removed, and a
supported sentence without a citation gets one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from morgan_core.retrieval.words import content_stems, is_negated, numbers, sentences
from morgan_core.types import Citation, Record, Sentence, SentenceStatus, Source

SUPPORTED_COVERAGE = 0.75
PARTLY_COVERAGE = 0.5
# A claim may draw on two neighbouring sentences of its source, as pronouns do.
SPAN_SENTENCES = 2

_marks = re.compile(r"\s*\[(\d+(?:\s*,\s*\d+)*)\]")
_list_mark = re.compile(r"^\s*(?:[-*•]|\(?\d{1,3}[.)])\s+")
_finished = re.compile(r"[.!?。！？][\"'”’)\]]*$")
_closing = re.compile(r"[.!?。！？\"'”’)\]]*$")


class Grounded(Record, frozen=True, kw_only=True):
    """An answer after checking; ``text`` carries the corrected citations."""

    text: str
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    grounded: bool = False


class _Span(Record, frozen=True, kw_only=True):
    """A stretch of a source that could carry a claim; offsets are into the passage's text."""

    source: Source
    start: int
    end: int
    stems: frozenset[str]
    numbers: frozenset[str]
    negated: bool


class _Evidence(Record, frozen=True, kw_only=True):
    status: SentenceStatus
    coverage: float
    span: _Span


def ground(answer: str, sources: Sequence[Source], *, complete: bool = True) -> Grounded:
    """Check every sentence of ``answer`` and resolve its citations.

    Of an answer that was cut off (``complete`` false) an unfinished last sentence gets no
    verdict.
    Offsets of the returned sentences are into the returned text, those of the citations into
    the document's extracted text.
    """
    spans = [span for source in sources for span in _spans(source)]
    pieces: list[str] = []
    verdicts: list[Sentence] = []
    citations: dict[int, Citation] = {}
    length = 0
    previous_end = 0
    for start, end in sentences(answer):
        gap = answer[previous_end:start]
        sentence = answer[start:end]
        cited = [int(n) for group in _marks.findall(sentence) for n in group.split(",")]
        bare = _marks.sub("", sentence)
        unfinished = end == len(answer.rstrip()) and not _finished.search(bare)
        if unfinished and not complete:
            break
        if not bare.strip():
            previous_end = end
            continue
        evidence = _best(_list_mark.sub("", bare), spans, cited)
        numbers_cited: tuple[int, ...] = ()
        status: SentenceStatus = "unsupported"
        if evidence is not None and evidence.status != "unsupported":
            n = evidence.span.source.n
            status, numbers_cited = evidence.status, (n,)
            _keep(citations, _resolve(evidence))
            bare = _with_mark(bare, n)
        pieces += [gap, bare]
        length += len(gap)
        verdicts.append(
            Sentence(start=length, end=length + len(bare), status=status, citations=numbers_cited)
        )
        length += len(bare)
        previous_end = end
    pieces.append(answer[previous_end:])
    statuses = {verdict.status for verdict in verdicts}
    return Grounded(
        text="".join(pieces),
        sentences=tuple(verdicts),
        citations=tuple(citations[n] for n in sorted(citations)),
        grounded="supported" in statuses and "unsupported" not in statuses,
    )


def _spans(source: Source) -> list[_Span]:
    text = source.passage.text
    parts = list(sentences(text))
    heading = frozenset(content_stems(source.passage.heading))
    found = []
    for first in range(len(parts)):
        for last in range(first, min(first + SPAN_SENTENCES, len(parts))):
            start, end = parts[first][0], parts[last][1]
            words = text[start:end]
            found.append(
                _Span(
                    source=source,
                    start=start,
                    end=end,
                    stems=frozenset(content_stems(words)) | heading,
                    numbers=frozenset(numbers(words)),
                    negated=is_negated(words),
                )
            )
    return found


def _best(sentence: str, spans: Sequence[_Span], cited: Sequence[int]) -> _Evidence | None:
    claim = set(content_stems(sentence))
    if not claim:
        return None
    wanted = numbers(sentence)
    negated = is_negated(sentence)
    best: tuple[tuple[int, float, bool, int], _Evidence] | None = None
    for span in spans:
        coverage = len(claim & span.stems) / len(claim)
        status = _status(coverage, wanted <= span.numbers, negated == span.negated)
        rank = (
            _RANK[status],
            coverage,
            span.source.n in cited,
            span.start - span.end,
        )
        if best is None or rank > best[0]:
            best = rank, _Evidence(status=status, coverage=coverage, span=span)
    return best[1] if best else None


_RANK: dict[SentenceStatus, int] = {"unsupported": 0, "partly": 1, "supported": 2}


def _status(coverage: float, numbers_match: bool, polarity_matches: bool) -> SentenceStatus:
    if not numbers_match:
        return "unsupported"
    if coverage >= SUPPORTED_COVERAGE and polarity_matches:
        return "supported"
    return "partly" if coverage >= PARTLY_COVERAGE else "unsupported"


def _resolve(evidence: _Evidence) -> Citation:
    span, passage = evidence.span, evidence.span.source.passage
    return Citation(
        n=span.source.n,
        document=passage.document,
        path=passage.path,
        page=passage.page,
        heading=passage.heading,
        place=passage.place,
        start=passage.start + span.start,
        end=passage.start + span.end,
        quote=passage.text[span.start : span.end],
        verified=evidence.status == "supported",
    )


def _keep(citations: dict[int, Citation], new: Citation) -> None:
    old = citations.get(new.n)
    if old is None or (new.verified and not old.verified):
        citations[new.n] = new


def _with_mark(sentence: str, n: int) -> str:
    closing = _closing.search(sentence)
    at = closing.start() if closing else len(sentence)
    return f"{sentence[:at]} [{n}]{sentence[at:]}"
