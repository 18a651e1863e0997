"""Where two sentences that are otherwise the same differ: in a number, a date, a name or a "not".

Everything that is not surely the same thing told differently is left alone: a difference that is
none is worse than one that is not seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from morgan_core.retrieval.alignment import Aligned, Hunk
from morgan_core.retrieval.quantities import (
    dates_differ,
    has_unit,
    in_dates,
    is_date,
    numbers_differ,
)
from morgan_core.retrieval.reading import Reading, is_verb_like
from morgan_core.retrieval.stop_words import DIRECTIONS, HEDGES, NEGATIONS, REACH, word_set
from morgan_core.retrieval.terms import Term
from morgan_core.retrieval.words import stem
from morgan_core.types import ConflictKind

_PAST = word_set("was were had did")

_PRESENT = word_set("is are has have does do will must shall should may can")

# What happens to one thing once.
_ONCE = frozenset(
    map(
        stem,
        word_set(
            """
            found founded born birth die died death open opened opens sign signed end ended ends
            expire expired expires expiry start started starts begin began begins due deadline
            publish published complete completed establish established launch launched introduce
            introduced released invent invented discovered adopted ratified enacted dissolved
            merged terminate terminated terminates effective valid submitted incorporated elected
            inaugurated
            """
        ),
    )
)

_MADE_ONCE = frozenset(
    map(
        stem,
        word_set(
            "found founded written write designed design invented invent discovered discover "
            "composed compose painted paint directed direct approved approve signed sign led lead"
        ),
    )
)

_OPPOSITES = [
    (frozenset(map(stem, a.split())), frozenset(map(stem, b.split())))
    for a, b in (
        ("allowed permitted", "forbidden prohibited banned disallowed"),
        ("optional voluntary", "mandatory required compulsory obligatory"),
        ("included", "excluded"),
        ("accepted approved", "rejected declined"),
        ("valid", "invalid void"),
        ("refundable", "nonrefundable"),
    )
]

_LABEL = 3
"""Most terms of a label, as in "Contact person: …"."""

_ACRONYM = 4
"""Longer words in capitals are headings."""


class Slot(NamedTuple):
    """A difference: half-open spans of its values, as offsets into the two texts."""

    kind: ConflictKind
    one: tuple[int, int]
    other: tuple[int, int]


def tells_the_past(reading: Reading) -> bool:
    """Whether a sentence tells what was, rather than what holds."""
    words = _functions(reading)
    if words & _PRESENT:
        return False
    return bool(words & _PAST) or any(is_verb_like(term) for term in reading.terms)


def difference(pair: Aligned, *, copies: bool = False) -> Slot | None:
    """Where the two differ, when they differ in one value or in a denial and in nothing else;
    else None. Between ``copies`` of one text any name or date may differ, and several values."""
    if pair.extra or _weights(pair.one) != _weights(pair.other):
        return None
    denied = _denials(pair.one), _denials(pair.other)
    if denied[0] != denied[1]:
        return _negation(pair, denied)
    slots = [_slot(pair, hunk, copies=copies) for hunk in pair.replaced]
    if len(slots) > 1 and not (copies and all(s and s.kind == "number" for s in slots)):
        return None
    return slots[0] if slots else None


def _slot(pair: Aligned, hunk: Hunk, *, copies: bool) -> Slot | None:
    """What kind of values differ, if they are values and do."""
    one, other = pair.one.terms[hunk.i : hunk.j], pair.other.terms[hunk.k : hunk.l]
    kind: ConflictKind | None = None
    if _opposite(one, other):
        kind = "negation"
    elif all(map(is_date, (*one, *other))) and in_dates(pair, hunk):
        kind = "date" if dates_differ(one, other) else None
    elif all(term.kind == "name" for term in (*one, *other)):
        kind = "name" if _names_differ(pair, hunk, copies=copies) else None
    elif numbers_differ(pair, hunk, copies=copies):
        kind = "number"
    if kind is None:
        return None
    return Slot(
        kind, _value(kind, pair.one, hunk.i, hunk.j), _value(kind, pair.other, hunk.k, hunk.l)
    )


def happens_once(reading: Reading) -> bool:
    return any(not term.keys.isdisjoint(_ONCE) for term in reading.terms)


def _names_differ(pair: Aligned, hunk: Hunk, *, copies: bool) -> bool:
    """Two names of what can have but one: "the director is …", "was founded by …"."""
    one, other = pair.one.terms[hunk.i : hunk.j], pair.other.terms[hunk.k : hunk.l]
    a = {key for term in one for key in term.keys}
    b = {key for term in other for key in term.keys}
    if a & b or _is_short_for(one, other) or _is_short_for(other, one):
        return False
    if any(x.startswith(y) or y.startswith(x) for x in a for y in b):
        return False
    if any(not at and not terms[0].before for at, terms in ((hunk.i, one), (hunk.k, other))):
        return False  # any word has a capital at the beginning
    if any(len(t.surface) > _ACRONYM and t.surface.isupper() for t in (*one, *other)):
        return False
    return copies or (
        _takes_one(pair.one, hunk.i, hunk.j) and _takes_one(pair.other, hunk.k, hunk.l)
    )


def _takes_one(reading: Reading, first: int, end: int) -> bool:
    """Whether the sentence gives a thing its only name: "the director is …", "Director: …"."""
    items = reading.terms
    lead = items[first].before
    if any("and" in term.before or "," in term.before for term in items[first + 1 : end + 1]):
        return False
    if not first:
        after = items[end].before if end < len(items) else ()
        return not {"is", "are"}.isdisjoint(after) and not {"the", "our"}.isdisjoint(after)
    if "by" in lead:
        return not items[first - 1].keys.isdisjoint(_MADE_ONCE)
    if lead[-1:] == (":",):
        return first <= _LABEL and end == len(items)
    role = not {"the", "our"}.isdisjoint(items[0].before)
    return role and not {"is", "are"}.isdisjoint(lead)


def _is_short_for(one: Sequence[Term], other: Sequence[Term]) -> bool:
    initials = "".join(term.surface[0] for term in other).casefold()
    return len(one) == 1 and len(other) > 1 and one[0].surface.casefold() == initials


def _negation(pair: Aligned, denied: tuple[int, int]) -> Slot | None:
    if min(denied) < 0 or abs(denied[0] - denied[1]) != 1 or pair.replaced or pair.extra:
        return None
    return Slot("negation", _whole(pair.one), _whole(pair.other))


def _opposite(one: Sequence[Term], other: Sequence[Term]) -> bool:
    if len(one) != 1 or len(other) != 1:
        return False
    a, b = one[0].keys, other[0].keys
    return any((a & x and b & y) or (a & y and b & x) for x, y in _OPPOSITES)


def _denials(reading: Reading) -> int:
    """How often the sentence denies; -1 where that cannot be told, as in "whether or not"."""
    count = 0
    for before in (*(term.before for term in reading.terms), reading.rest):
        for at, word in enumerate(before):
            if word in NEGATIONS or word.endswith("n't"):
                after = before[at + 1 : at + 2]
                if {"or", "if"} & set(before[:at]) or {"only", "more", "less", "most"} & set(after):
                    return -1
                count += 1
    return count


def _whole(reading: Reading) -> tuple[int, int]:
    return reading.terms[0].start, reading.terms[-1].end


def _value(kind: ConflictKind, reading: Reading, first: int, end: int) -> tuple[int, int]:
    """The value with its unit."""
    terms = list(reading.terms[first:end])
    if kind == "number" and has_unit(reading, end - 1):
        terms.append(reading.terms[end])
    return min(term.start for term in terms), max(term.end for term in terms)


def _functions(reading: Reading) -> set[str]:
    return {word for term in reading.terms for word in term.before} | set(reading.rest)


def _weights(reading: Reading) -> Counter[str]:
    """The function words that change what a sentence says."""
    words = [word for term in reading.terms for word in term.before]
    return Counter(
        REACH.get(word, word)
        for word in (*words, *reading.rest)
        if word in REACH or word in DIRECTIONS or word in HEDGES
    )
