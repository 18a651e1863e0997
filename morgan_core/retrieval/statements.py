"""The statements of sources, and which two of them disagree.

Two sentences of different documents disagree when they are the same but for one number, date,
name or denial (``slots``), and when their documents may be about the same thing (``editions``) or
the sentence itself names what it is about. A thing of which one document says both has several
values: there nothing disagrees.

Precision before recall. Among the eight best paragraphs of 3,053 questions of SQuAD 2.0 and
Cranfield nothing is found, and one pair of titles when all documents count as editions of one;
among READMEs, licences and manual pages 3 pairs in 7,500 searches, of which one contradicts the
other indeed (what misled in the other two is mended). Of values changed in copies of SQuAD's
paragraphs 36 of 42 numbers, 95 % of the dates, 92 % of the names and of the denials are found; of
names in documents of other names none are. What is told in other words is not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from morgan_core.retrieval.alignment import Aligned, align
from morgan_core.retrieval.checkable import addresses_the_model
from morgan_core.retrieval.duplicates import alike, wording
from morgan_core.retrieval.editions import kinship
from morgan_core.retrieval.quantities import has_unit
from morgan_core.retrieval.reading import Reading, has_verb, points_back, read, subject
from morgan_core.retrieval.sentences import sentences
from morgan_core.retrieval.slots import Slot, difference, happens_once, tells_the_past
from morgan_core.retrieval.terms import Term
from morgan_core.types import Source

_LONGEST = 45
"""Terms of a sentence beyond which it is a list or a table rather than a statement."""

_COMMON = 0.4
"""The share of the shorter sentence's terms that both must have, to be laid side by side."""

_LEAST_KIN = 2
"""Terms in common, besides the difference, of documents that may be about the same thing ..."""

_LEAST_STRANGE = 4
"""... and of others, if one of them is a name ..."""

_LEAST_NAMELESS = 6
"""... and if none is."""

_ended = re.compile(r"[.!。！][\"'”’»)\]]*$")

_LEAST_COPY = 3
"""Terms in common of sentences of copies that differ in a name or a date."""

_COPIED = 0.5
"""The share of runs of words that passages have in common which are editions of one text."""

_LEAST_COPIED = 12
"""Runs of words from which that can be told."""


class Statement(NamedTuple):
    """A sentence at ``start``..``end`` of a source's passage; ``keys`` are those of its terms."""

    source: Source
    start: int
    end: int
    reading: Reading
    keys: frozenset[str]
    about: frozenset[str]
    """What a pronoun at its beginning may mean."""
    heading: frozenset[str]

    @property
    def text(self) -> str:
        return self.source.passage.text[self.start : self.end]


class Disagreement(NamedTuple):
    """Two statements and where they differ."""

    one: Statement
    other: Statement
    slot: Slot


class _Related(NamedTuple):
    """How two sources stand to each other; ``copies`` are two editions of one text."""

    kin: bool
    series: bool
    copies: bool


def disagreements(sources: Sequence[Source]) -> list[Disagreement]:
    """Every pair of sentences of different documents that cannot both be so."""
    statements = {source.n: list(_statements(source)) for source in sources}
    names = _names(found for some in statements.values() for found in some)
    found: list[Disagreement] = []
    for one, other in combinations(sources, 2):
        if one.passage.document != other.passage.document:
            related = _related(one, other)
            found += _between(statements[one.n], statements[other.n], related, names)
    own: dict[str, list[Statement]] = {}
    for source in sources:
        own.setdefault(source.passage.document, []).extend(statements[source.n])
    return [one for one in found if not _has_both(one, own)]


def _related(one: Source, other: Source) -> _Related:
    kin, series = kinship(one.passage, other.passage)
    if not kin:
        return _Related(kin, series, copies=False)
    texts = [wording(source.passage.text) for source in (one, other)]
    long = min(len(text.shingles) for text in texts) >= _LEAST_COPIED
    return _Related(kin, series, copies=long and alike(*texts) >= _COPIED)


def _statements(source: Source) -> Iterator[Statement]:
    text = source.passage.text
    before = read("")
    heading = _keys(read(source.passage.heading.rpartition(" › ")[2]).terms)
    for start, end in sentences(text):
        words = text[start:end]
        reading = read(words)
        earlier, before = before, reading
        if not 2 < len(reading.terms) <= _LONGEST or words.lstrip().startswith("#"):
            continue
        if not _states(words, reading) or addresses_the_model(words):
            continue
        about = subject(earlier) if points_back(reading) else ()
        yield Statement(source, start, end, reading, _keys(reading.terms), _keys(about), heading)


def _states(words: str, reading: Reading) -> bool:
    """Whether the words say something, rather than ask or head what follows."""
    if words.endswith(("?", "？")):
        return False
    return bool(_ended.search(words)) or ": " in words or "|" in words or has_verb(reading)


def _keys(items: Sequence[Term]) -> frozenset[str]:
    return frozenset(key for term in items for key in term.keys)


def _names(statements: Iterator[Statement]) -> frozenset[str]:
    """What is written with a capital in the middle of a sentence."""
    return frozenset(
        key
        for statement in statements
        for at, term in enumerate(statement.reading.terms)
        if term.kind == "name" and (at or term.before)
        for key in term.keys
    )


def _between(
    ones: Sequence[Statement],
    others: Sequence[Statement],
    related: _Related,
    names: frozenset[str],
) -> Iterator[Disagreement]:
    for one in ones:
        for other in others:
            if (slot := _disagreement(one, other, related, names)) is not None:
                yield Disagreement(one, other, slot)


def _disagreement(
    one: Statement, other: Statement, related: _Related, names: frozenset[str]
) -> Slot | None:
    least = min(len(one.reading.terms), len(other.reading.terms))
    common = max(_LEAST_KIN, _COMMON * least)
    if len(one.keys & other.keys) < common or one.text == other.text:
        return None
    pair = align(one.text, other.text)
    slot = difference(pair, copies=related.copies)
    if slot is None or not _means_the_same(one, other):
        return None
    if related.series and tells_the_past(one.reading) and not _is_dated(pair):
        return None
    if related.copies:
        by_value = slot.kind in ("number", "negation")
        return slot if by_value or len(pair.same) >= _LEAST_COPY else None
    if related.kin:
        return slot if len(pair.same) >= _LEAST_KIN and _could_be_one(pair, slot) else None
    if not all(_is_sentence(statement) for statement in (one, other)):
        return None
    return slot if _is_the_same_thing(pair, slot, names) else None


def _is_sentence(statement: Statement) -> bool:
    """Whether it can be understood by itself."""
    return bool(
        _ended.search(statement.text)
        and has_verb(statement.reading)
        and not points_back(statement.reading)
    )


def _means_the_same(one: Statement, other: Statement) -> bool:
    """Whether pronouns at the beginning of both can mean the same."""
    if not (points_back(one.reading) or points_back(other.reading)):
        return True
    return bool(one.about & other.about)


def _could_be_one(pair: Aligned, slot: Slot) -> bool:
    """Of a past event the time can differ because there were two."""
    if slot.kind != "date" or not tells_the_past(pair.one):
        return True
    return happens_once(pair.one)


def _is_the_same_thing(pair: Aligned, slot: Slot, names: frozenset[str]) -> bool:
    """Whether the sentence says by itself what it is about: documents of which nothing is known
    may speak of different things."""
    items = [pair.one.terms[at] for at, _ in pair.same]
    named = any(term.kind == "name" and term.keys & names for term in items)
    if len(items) < (_LEAST_STRANGE if named else _LEAST_NAMELESS):
        return False
    if slot.kind == "date":
        return happens_once(pair.one)
    if slot.kind == "number":
        at = pair.replaced[0].j - 1
        return has_unit(pair.one, at) and has_unit(pair.other, pair.replaced[0].l - 1)
    return True


def _is_dated(pair: Aligned) -> bool:
    """Whether both say which time they are about."""
    return any(pair.one.terms[at].kind == "number" for at, _ in pair.same)


def _has_both(found: Disagreement, own: Mapping[str, Sequence[Statement]]) -> bool:
    """Whether either document also says what the other does, or something else again."""
    one, other = found.one, found.other
    return _says(own[other.source.passage.document], one, other) or _says(
        own[one.source.passage.document], other, one
    )


def _says(statements: Sequence[Statement], wanted: Statement, but: Statement) -> bool:
    """Whether one of ``statements`` is as ``wanted``, or has yet another value than ``but``."""
    least = _COMMON * len(wanted.reading.terms)
    for statement in statements:
        if len(statement.keys & wanted.keys) < least or _is_same(statement, but):
            continue
        if _is_same(statement, wanted) or difference(align(wanted.text, statement.text)):
            return True
    return False


def _is_same(one: Statement, other: Statement) -> bool:
    if one.text == other.text:
        return True
    pair = align(one.text, other.text)
    return not (pair.replaced or pair.extra) and difference(pair) is None
