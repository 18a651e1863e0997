"""Checking an answer against the sources that the model was given.

A sentence is supported when one sentence of one source carries it, word for word but for order
and grammar (``support``); a pronoun there is read with the subject of the sentence before it.
Likeness of meaning alone makes it partly supported at most. A citation that points at the wrong
source is corrected, one that nothing supports is removed, and a supported sentence without a
citation gets one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from morgan_core.retrieval.checkable import claim_in, is_checkable
from morgan_core.retrieval.evidence import Evidence, Spans
from morgan_core.retrieval.sentences import sentences
from morgan_core.types import Citation, Record, Sentence, SentenceStatus, Source

_marks = re.compile(r"\s*\[(\d+(?:\s*,\s*\d+)*)\]")
_code_or_marks = re.compile(rf"```.*?(?:```|\Z)|`[^`\n]*`|{_marks.pattern}", re.DOTALL)
_list_mark = re.compile(r"^\s*(?:[-*•]|\(?\d{1,3}[.)])\s+")
_finished = re.compile(r"[.!?。！？][\"'”’»)\]*_]*$")
_closing = re.compile(r"[.!?。！？\"'”’»)\]*_]*$")


class Grounded(Record, frozen=True, kw_only=True):
    """An answer after checking; ``text`` carries the corrected citations. ``rests`` tells of each
    sentence which source supports it, and from where to where of its document."""

    text: str
    sentences: tuple[Sentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    grounded: bool = False
    rests: tuple[tuple[int, int, int] | None, ...] = ()


class Verdict(NamedTuple):
    """What was found about the sentence at ``start``..``end`` of an answer; no ``evidence`` when
    it claims nothing."""

    start: int
    end: int
    evidence: Evidence | None

    def sentence(self) -> Sentence | None:
        if self.evidence is None:
            return None
        source = self.evidence.source
        cited = (source.n,) if source and self.evidence.status == "supported" else ()
        return Sentence(
            start=self.start, end=self.end, status=self.evidence.status, citations=cited
        )


class Grounder:
    """Checks the sentences of one answer, one by one as it streams or all at its end.

    ``question`` decides about answers that are no sentences ("In 1066."), which need its words
    beside them. With ``items_only`` nothing but the items of lists claims anything. No method needs the event loop; one thread at a time may call.
    """

    def __init__(
        self, sources: Sequence[Source], question: str = "", *, items_only: bool = False
    ) -> None:
        self._items_only = items_only
        self._spans = Spans(sources, question)
        self._known: dict[tuple[str, str], Evidence | None] = {}

    def check(self, sentence: str, before: str = "") -> Evidence | None:
        """The evidence for a sentence; None when it claims nothing. ``before`` is the sentence
        that stands before it in the answer, which its pronouns mean."""
        key = sentence, before
        if key not in self._known:
            claim = _bare(sentence)
            cited = [int(n) for group in _marks.findall(sentence) for n in group.split(",")]
            claims = is_checkable(claim) and not (
                self._items_only and not _list_mark.match(sentence)
            )
            self._known[key] = self._spans.find(claim, _bare(before), cited) if claims else None
        return self._known[key]

    def doubtful(self) -> list[tuple[str, str]]:
        """Each claim without support so far that nothing contradicts, and the span that is
        nearest to it by words: likeness of meaning may make it partly supported."""
        return [
            (_bare(sentence), evidence.text)
            for (sentence, _), evidence in self._known.items()
            if evidence and evidence.status == "unsupported" and evidence.plausible
        ]

    def found_alike(self, claim: str) -> None:
        """Take a doubtful claim for partly supported."""
        for key, evidence in self._known.items():
            if evidence and evidence.plausible and _bare(key[0]) == claim:
                self._known[key] = evidence._replace(status="partly")

    def verdicts(
        self, answer: str, *, complete: bool = True, growing: bool = False, since: int = 0
    ) -> list[Verdict]:
        """The verdicts on the sentences of ``answer`` that begin at ``since`` or later.

        Of an answer that was cut off (``complete`` false) an unfinished last sentence gets none,
        of one that is ``growing`` no last sentence does.
        """
        found: list[Verdict] = []
        before = ""
        spans = list(sentences(answer))
        for start, end in spans[:-1] if growing else spans:
            sentence = answer[start:end]
            bare = _marks.sub("", sentence)
            cut_off = end == len(answer.rstrip()) and not _finished.search(bare)
            if cut_off and not complete:
                break
            if start >= since and bare.strip():
                found.append(Verdict(start, end, self.check(sentence, before)))
            before = sentence if bare.strip() else before
        return found

    def ground(self, answer: str, *, complete: bool = True) -> Grounded:
        """Check every sentence of ``answer`` and resolve its citations.

        Offsets of the returned sentences are into the returned text, those of the citations into
        the document's extracted text.
        """
        pieces: list[str] = []
        checked: list[Sentence] = []
        evidences: list[Evidence] = []
        rests: list[tuple[int, int, int] | None] = []
        length = previous_end = 0
        for verdict in self.verdicts(answer, complete=complete):
            gap = _marks.sub("", answer[previous_end : verdict.start])
            text = _marks.sub("", answer[verdict.start : verdict.end])
            sentence = verdict.sentence()
            if sentence and sentence.citations:
                text = _with_mark(text, sentence.citations[0])
            pieces += [gap, text]
            length += len(gap)
            if sentence:
                end = length + len(text)
                checked.append(msgspec.structs.replace(sentence, start=length, end=end))
                rests.append(_rest(verdict.evidence))
            if verdict.evidence and verdict.evidence.status == "supported":
                evidences.append(verdict.evidence)
            length += len(text)
            previous_end = verdict.end
        pieces.append(_marks.sub("", answer[previous_end:]))
        statuses: set[SentenceStatus] = {sentence.status for sentence in checked}
        return Grounded(
            text="".join(pieces),
            sentences=tuple(checked),
            citations=_citations(evidences),
            grounded="supported" in statuses and "unsupported" not in statuses,
            rests=tuple(rests),
        )


def ground(
    answer: str, sources: Sequence[Source], *, complete: bool = True, question: str = ""
) -> Grounded:
    """Check a whole answer by words alone; see ``Grounder``."""
    return Grounder(sources, question).ground(answer, complete=complete)


def without_citations(answer: str) -> str:
    """``answer`` without the numbers that look like citations, but for those in code."""
    return _code_or_marks.sub(lambda found: "" if found[1] else found[0], answer)


def _bare(sentence: str) -> str:
    return claim_in(_list_mark.sub("", _marks.sub("", sentence)))


def _citations(evidences: Sequence[Evidence]) -> tuple[Citation, ...]:
    """One citation for each source; its quote reaches over all that it supports."""
    found: dict[int, Citation] = {}
    for evidence in evidences:
        source = evidence.source
        assert source is not None  # of what is supported
        passage, start, end = source.passage, evidence.start, evidence.end
        if old := found.get(source.n):
            start = min(start, old.start - passage.start)
            end = max(end, old.end - passage.start)
        found[source.n] = Citation(
            n=source.n,
            document=passage.document,
            path=passage.path,
            page=passage.page,
            heading=passage.heading,
            place=passage.place,
            start=passage.start + start,
            end=passage.start + end,
            quote=passage.text[start:end],
            verified=True,
            revision=passage.revision,
        )
    return tuple(found[n] for n in sorted(found))


def _rest(evidence: Evidence | None) -> tuple[int, int, int] | None:
    if evidence is None or evidence.source is None or evidence.status != "supported":
        return None
    at = evidence.source.passage.start
    return evidence.source.n, at + evidence.start, at + evidence.end


def _with_mark(sentence: str, n: int) -> str:
    closing = _closing.search(sentence)
    at = closing.start() if closing else len(sentence)
    return f"{sentence[:at]} [{n}]{sentence[at:]}"
