"""Whether numbers and dates that stand in the same place of two sentences cannot both be so."""

from __future__ import annotations

import re
from collections.abc import Sequence

from morgan_core.retrieval.alignment import Aligned, Hunk
from morgan_core.retrieval.reading import Reading
from morgan_core.retrieval.stop_words import word_set
from morgan_core.retrieval.terms import Term
from morgan_core.retrieval.words import stem

_ABOUT = word_set("about around approximately roughly nearly almost circa ca some")

_APPROXIMATE = frozenset(stem(word) for word in _ABOUT)

# "More than 30" and "more than 40" can both be so; "at most 30" and "at most 40" cannot.
_ROOM = word_set("more over above less fewer under below")

# What numbers are given to, so that one tells it from another: "room 12", "Article 5".
_PARTS = frozenset(
    map(
        stem,
        word_set(
            """
            section figure table page chapter article paragraph appendix annex equation note item
            step version clause part volume issue footnote phase level type class model series
            example case test sample run group station question line row column slide room unit
            """
        ),
    )
)

_HOURS = {
    stem(word): hours
    for words, hours in (
        ("second seconds", 1 / 3600),
        ("minute minutes", 1 / 60),
        ("hour hours", 1),
        ("day days", 24),
        ("week weeks", 168),
        ("month months", 730.5),
        ("year years", 8766),
    )
    for word in words.split()
}

_BRACKETS = frozenset("()")

_SAME_SPAN = 1.1
"""Two spans of time in other units are the same up to this factor: 30 days are a month."""

_ROUNDED = 0.05
"""The share by which a rounded number may be off: 130 is not 100 rounded."""

_CLOSE = 1.1
""""About 40" and "about 42" do not differ."""


def has_unit(reading: Reading, at: int) -> bool:
    """Whether the number at ``at`` counts or measures something that is named right after it."""
    if at + 1 >= len(reading.terms):
        return False
    after = reading.terms[at + 1]
    return after.kind != "number" and _BRACKETS.issuperset(after.before)


def numbers_differ(pair: Aligned, hunk: Hunk, *, copies: bool) -> bool:
    one, other = pair.one.terms[hunk.i : hunk.j], pair.other.terms[hunk.k : hunk.l]
    a, b = _values(one), _values(other)
    if a is None or b is None:
        return False
    if (spans := _spans_of_time(one, other)) is not None:
        short, long = sorted(spans)
        return long > short * _SAME_SPAN
    if not all(term.kind == "number" for term in (*one, *other)):
        return False
    if _is_label(pair.one, hunk.i, hunk.j) or _is_label(pair.other, hunk.k, hunk.l):
        return False
    if _is_part(pair.texts[0], one[-1]) or _is_part(pair.texts[1], other[-1]):
        return False
    if not copies and (_leaves_room(one) or _leaves_room(other)):
        return False
    low, high = sorted((a, b))
    if low[1] >= high[0]:
        return False
    if _is_about(pair.one, hunk.i) or _is_about(pair.other, hunk.k):
        return high[0] > low[1] * _CLOSE
    return not _rounds(one, other)


def _values(terms: Sequence[Term]) -> tuple[float, float] | None:
    """The least and the greatest value; None when there is none, or one that is no quantity."""
    values: list[float] = []
    for term in terms:
        if term.kind == "number":
            read = [float(key) for key in term.keys if re.fullmatch(r"\d+(?:\.\d+)?", key)]
            if len(read) != 1:
                return None
            values += read
    return (min(values), max(values)) if values else None


def _spans_of_time(one: Sequence[Term], other: Sequence[Term]) -> tuple[float, float] | None:
    """Both as hours, when each is a number and a unit of time."""
    found = []
    for terms in (one, other):
        if len(terms) != 2 or terms[0].kind != "number":
            return None
        values = _values(terms[:1])
        hours = next((_HOURS[key] for key in terms[1].keys if key in _HOURS), None)
        if values is None or hours is None:
            return None
        found.append(values[0] * hours)
    return found[0], found[1]


def _rounds(one: Sequence[Term], other: Sequence[Term]) -> bool:
    """Whether one number is the other, rounded: "4.2 million" and "4,213,000"."""
    if len(one) != 1 or len(other) != 1:
        return False
    (a, _), (b, _) = _values(one) or (0, 0), _values(other) or (0, 0)
    return any(
        _significant(rough) < _significant(fine)
        and float(f"{fine:.{_significant(rough) - 1}e}") == rough
        and abs(rough - fine) <= _ROUNDED * fine
        for rough, fine in ((a, b), (b, a))
    )


def _significant(value: float) -> int:
    return max(1, len(f"{value:.12g}".replace(".", "").strip("0")))


def _is_label(reading: Reading, first: int, end: int) -> bool:
    """Whether the number only tells one thing from another of its kind."""
    if first and not reading.terms[first].before:
        before = reading.terms[first - 1]
        if not before.keys.isdisjoint(_PARTS):
            return True
        return not has_unit(reading, end - 1) and before.kind == "name"
    return False


def _is_part(text: str, number: Term) -> bool:
    """Whether a number is a part of a word, an address or the name of a kind: "v4", "/5987",
    "second-order"; "30-day" is none."""
    before, after = text[: number.start], text[number.end :]
    if re.search(r"[^\W\d]$|[/#_\\-]$", before) or re.match(r"[/_\\]", after):
        return True
    kind = re.match(r"[-‑]([^\W\d_]*)", after)
    return kind is not None and stem(kind[1].casefold()) not in _HOURS


def _leaves_room(terms: Sequence[Term]) -> bool:
    return bool(terms) and not _ROOM.isdisjoint(terms[0].before)


def _is_about(reading: Reading, at: int) -> bool:
    if not _ABOUT.isdisjoint(reading.terms[at].before):
        return True
    return at > 0 and not reading.terms[at - 1].keys.isdisjoint(_APPROXIMATE)


def is_date(term: Term) -> bool:
    return term.kind == "number" and any(
        key.startswith(("month ", "day ")) or re.fullmatch(r"1[0-9]\d\d|20\d\d", key)
        for key in term.keys
    )


def in_dates(pair: Aligned, hunk: Hunk) -> bool:
    """A bare number such as 1850 is a year where no unit follows and a preposition goes before."""
    for reading, first, end in ((pair.one, hunk.i, hunk.j), (pair.other, hunk.k, hunk.l)):
        terms = reading.terms[first:end]
        if any(key.startswith(("month ", "day ")) for term in terms for key in term.keys):
            continue
        beside = reading.terms[max(0, first - 1) : end + 1]
        if any(key.startswith("month ") for term in beside for key in term.keys):
            continue
        text = pair.texts[0] if reading is pair.one else pair.texts[1]
        if has_unit(reading, end - 1) or not terms[0].before or _is_part(text, terms[-1]):
            return False
    return True


def dates_differ(one: Sequence[Term], other: Sequence[Term]) -> bool:
    a, b = _parts(one), _parts(other)
    return any(a[part].isdisjoint(b[part]) for part in a.keys() & b.keys())


def _parts(terms: Sequence[Term]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for term in terms:
        key = min(term.keys)
        found.setdefault(key.split()[0] if " " in key else "year", term.keys)
    return found
