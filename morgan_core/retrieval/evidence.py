"""Finding the span of a source that carries a claim."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import NamedTuple

from morgan_core.quotes import quotes_in, stands_in
from morgan_core.retrieval.checkable import addresses_the_model
from morgan_core.retrieval.claims import claim_of, parts
from morgan_core.retrieval.reading import (
    EMPTY,
    Reading,
    has_pronoun,
    has_verb,
    may_have_verb,
    points_back,
    read,
    reading_of,
    subject,
    subject_pronoun,
    with_antecedent,
)
from morgan_core.retrieval.sentences import sentences
from morgan_core.retrieval.support import Finding, judge
from morgan_core.retrieval.terms import Term, terms
from morgan_core.types import SentenceStatus, Source

# The share of a claim's weight that must stand in a span for "partly".
PARTLY_COVERAGE = 0.5
# How far back the subject of a pronoun may stand, in sentences.
_BACK = 2
# Terms up to which an answer without a verb is a fragment, which needs its question.
_FRAGMENT = 6
_BARE = 3
_QUESTION_COVERAGE = 0.6


class Evidence(NamedTuple):
    """A verdict and the span that it rests on; offsets are into the passage's text.

    ``plausible`` says that nothing in the sources contradicts the claim: all its numbers and
    names stand there.
    """

    status: SentenceStatus
    source: Source | None
    start: int = 0
    end: int = 0
    plausible: bool = False

    @property
    def text(self) -> str:
        return self.source.passage.text[self.start : self.end] if self.source else ""


class _Sentence(NamedTuple):
    """A sentence of a source and how it can be read: ``readings`` with the number of the first
    sentence that each draws on."""

    source: Source
    at: int
    start: int
    end: int
    readings: tuple[tuple[int, Reading], ...]
    keys: frozenset[str]


class _Found(NamedTuple):
    sentence: _Sentence
    first: int


class Spans:
    """The sentences of the sources, ready to be compared."""

    def __init__(self, sources: Sequence[Source], question: str = "") -> None:
        self._sources = {source.n: source for source in sources}
        self._sentences = {source.n: _read_source(source) for source in sources}
        self._all = [s for found in self._sentences.values() for s in found]
        self._frequency = Counter(key for sentence in self._all for key in sentence.keys)
        self._question = read(question).terms

    def find(self, claim: str, before: str, cited: Sequence[int]) -> Evidence:
        """The best evidence for ``claim``; of equals that of a ``cited`` source, then of the
        first. ``before`` is the sentence before it."""
        reading = read(claim)
        ranked = sorted(self._sentences, key=lambda n: (n not in cited, n))
        denied: _Found | None = None
        for n in ranked:
            if not all(
                stands_in(quote, self._sources[n].passage.text) for quote in quotes_in(claim)
            ):
                continue
            finding, found = self._carried(reading, read(before), n)
            if finding == "carried":
                return self._evidence("supported", found)
            if finding == "denied" and denied is None:
                denied = found[0]
        if denied is not None:
            return self._evidence("unsupported", [denied])
        return self._partly(reading, claim, ranked)

    # --- all of it -----------------------------------------------------------------------------

    def _carried(self, claim: Reading, before: Reading, n: int) -> tuple[Finding, list[_Found]]:
        """Whether source ``n`` carries the claim, whole or clause by clause."""
        finding, found = self._carried_whole(claim, before, n)
        if finding == "not carried" and (clauses := parts(claim)):
            outcomes = [self._carried_whole(clause, before, n) for clause in clauses]
            places = [f for _, some in outcomes for f in some]
            if all(outcome == "carried" for outcome, _ in outcomes):
                indices = [f.sentence.at for f in places]
                if max(indices) - min(indices) <= _BACK:
                    return "carried", places
            if any(outcome == "denied" for outcome, _ in outcomes):
                return "denied", places
        return finding, found

    def _carried_whole(
        self, claim: Reading, before: Reading, n: int
    ) -> tuple[Finding, list[_Found]]:
        resolved = _resolved(claim, before)
        outcome: tuple[Finding, list[_Found]] = ("not carried", [])
        for sentence in self._sentences[n]:
            for first, reading in sentence.readings:
                same = resolved if first < sentence.at else self._aligned(claim, before, sentence)
                for form in _forms(same or resolved, sentence.source):
                    finding = judge(claim_of(form), reading)
                    if finding == "not carried" or not self._answers(claim, before, sentence):
                        continue
                    if finding == "carried":
                        return finding, [_Found(sentence, first)]
                    outcome = finding, [_Found(sentence, first)]
        return outcome

    def _aligned(self, claim: Reading, before: Reading, sentence: _Sentence) -> Reading | None:
        """The claim as it stands, when its pronoun and that of the sentence mean the same: what
        the sentence before the claim is about stands before the sentence too."""
        if not (points_back(claim) and points_back(sentence.readings[0][1])):
            return None
        earlier = self._sentences[sentence.source.n][max(0, sentence.at - _BACK) : sentence.at]
        keys = {key for one in earlier for key in one.keys}
        return claim if all(term.keys & keys for term in subject(before)) else None

    def _answers(self, claim: Reading, before: Reading, sentence: _Sentence) -> bool:
        """Whether words that make no sentence, or a pronoun that nothing before explains, are
        about the question where they were found. A bare name or number never is: that it stands
        there does not make it the answer."""
        if not self._question:
            return True
        verbless, short = not has_verb(claim), len(claim.terms) <= _BARE
        if verbless and short and not may_have_verb(claim):
            return False
        if before.terms:
            return True
        fragment = verbless and (short or not may_have_verb(claim))
        fragment = fragment and len(claim.terms) <= _FRAGMENT
        if not (fragment or points_back(claim)):
            return True
        near = self._sentences[sentence.source.n][max(0, sentence.at - 1) : sentence.at + 2]
        keys = {key for one in near for key in one.keys} | _topic(sentence.source)
        if fragment:
            return self._coverage(self._question, keys) >= _QUESTION_COVERAGE
        return all(term.keys & keys for term in self._question[1:] if term.kind == "name")

    def _evidence(self, status: SentenceStatus, found: Sequence[_Found]) -> Evidence:
        source = found[0].sentence.source
        beginnings = [self._sentences[source.n][f.first].start for f in found]
        return Evidence(
            status=status,
            source=source,
            start=min(beginnings),
            end=max(f.sentence.end for f in found),
        )

    # --- some of it ----------------------------------------------------------------------------

    def _partly(self, claim: Reading, text: str, ranked: Sequence[int]) -> Evidence:
        best: tuple[float, _Sentence, _Sentence] | None = None
        for n in ranked:
            found = self._sentences[n]
            for at, sentence in enumerate(found):
                last = found[min(at + 1, len(found) - 1)]
                keys = sentence.keys | last.keys | _topic(sentence.source)
                coverage = self._coverage(claim.terms, keys)
                if best is None or coverage > best[0]:
                    best = coverage, sentence, last
        if best is None:
            return Evidence("unsupported", None)
        coverage, sentence, last = best
        whole = {k for one in self._sentences[sentence.source.n] for k in one.keys}
        whole |= _topic(sentence.source)
        plausible = all(
            term.keys & whole
            for at, term in enumerate(claim.terms)
            if term.kind == "number" or (term.kind == "name" and at)
        ) and all(stands_in(q, sentence.source.passage.text) for q in quotes_in(text))
        partly = plausible and coverage >= PARTLY_COVERAGE
        status: SentenceStatus = "partly" if partly else "unsupported"
        return Evidence(status, sentence.source, sentence.start, last.end, plausible)

    def _coverage(self, claim: Sequence[Term], keys: frozenset[str] | set[str]) -> float:
        """The share of the claim's weight that ``keys`` hold; rare words weigh more."""
        total = held = 0.0
        for term in claim:
            seen = max((self._frequency[key] for key in term.keys), default=0)
            weight = math.log(1 + (len(self._all) + 1) / (seen + 0.5))
            total += weight
            held += weight if not term.keys.isdisjoint(keys) else 0.0
        return held / total if total else 0.0


def _read_source(source: Source) -> list[_Sentence]:
    text = source.passage.text
    found: list[_Sentence] = []
    readings: list[Reading] = []
    for index, (start, end) in enumerate(sentences(text)):
        words = text[start:end]
        reading = EMPTY if addresses_the_model(words) else read(words)
        readings.append(reading)
        found.append(
            _Sentence(
                source=source,
                at=index,
                start=start,
                end=end,
                readings=tuple(_with_subjects(reading, readings, index, source)),
                keys=frozenset(key for term in reading.terms for key in term.keys),
            )
        )
    return found


def _with_subjects(
    reading: Reading, readings: Sequence[Reading], index: int, source: Source
) -> Iterator[tuple[int, Reading]]:
    """The sentence as it stands, and with what its pronouns may mean: the subject of a sentence
    before it, or what the passage is about."""
    yield index, reading
    if not has_pronoun(reading):
        return
    for back in range(index - 1, max(-1, index - 1 - _BACK), -1):
        if not subject_pronoun(readings[back]):
            antecedent = subject(readings[back])
            yield back, with_antecedent(reading, antecedent)
            if len(antecedent) > 1 and antecedent[-1].surface.endswith("s"):
                # "The mill stands by the river": what looks like a noun may be the verb.
                yield back, with_antecedent(reading, antecedent[:-1])
            return
    if topic := terms(source.passage.heading).items:
        yield index, with_antecedent(reading, topic)


def _resolved(claim: Reading, before: Reading) -> Reading:
    """The claim with the subject of the sentence before it in place of its first pronoun."""
    return with_antecedent(claim, subject(before)) if subject_pronoun(claim) else claim


def _forms(claim: Reading, source: Source) -> Iterator[Reading]:
    """The claim, and without an "of …" that only says what the source is about."""
    yield claim
    topic = _topic(source)
    items = claim.terms
    for at in range(1, len(items)):
        if {"of", "for", "under"} & set(items[at].before):
            end = at
            while (
                end < len(items)
                and items[end].keys & topic
                and (end == at or not items[end].before)
            ):
                end += 1
            if end > at:
                yield reading_of((*items[:at], *items[end:]))
                return


def _topic(source: Source) -> set[str]:
    passage = source.passage
    name = re.sub(r"[_\-.]+", " ", PurePath(passage.path).stem)
    words = f"{passage.heading} {name}"
    return {key for term in terms(words).items for key in term.keys}
