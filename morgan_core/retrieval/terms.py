"""A text as terms that can be compared: words by their stem, numbers by value, dates by part.

Dates in any common form become year, month and day, in this order, so that "March 2024" is a
part of "3 March 2024". A sign of currency follows its number, as the word does.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal, NamedTuple

from morgan_core.retrieval.stop_words import (
    CURRENCIES,
    IRREGULAR,
    LIGHT_WORDS,
    MAGNITUDES,
    MONTHS,
    NUMBER_WORDS,
    ORDINALS,
    STOP_WORDS,
)
from morgan_core.retrieval.words import stem

Kind = Literal["word", "name", "number"]


class Term(NamedTuple):
    """A word that carries meaning, a number, or a part of a date.

    ``keys`` are the readings ("1.250" has two); two terms are the same when they share one.
    ``before`` are the function words and punctuation between it and the term before it,
    lower-case, in order. Offsets are half-open, into the text.
    """

    keys: frozenset[str]
    kind: Kind
    start: int
    end: int
    before: tuple[str, ...]
    surface: str

    def same(self, other: Term) -> bool:
        return not self.keys.isdisjoint(other.keys)


class Terms(NamedTuple):
    """The terms of a text, and the function words that follow the last of them."""

    items: tuple[Term, ...]
    rest: tuple[str, ...]


_month = "|".join(sorted(MONTHS, key=len, reverse=True))
_token = re.compile(
    rf"""
      (?P<iso>\b(?P<iy>\d{{4}})-(?P<im>0?[1-9]|1[0-2])-(?P<id>0?[1-9]|[12]\d|3[01])\b)
    | (?P<numeric>\b(?P<na>\d{{1,2}})[./](?P<nb>\d{{1,2}})[./](?P<ny>\d{{4}})\b)
    | (?P<dmy>\b(?P<dd>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+(?:of\s+)?
        (?P<dm>{_month})\b\.?(?:,?\s+(?P<dy>\d{{4}})\b)?)
    | (?P<mdy>\b(?P<mm>{_month})\.?\s+(?P<md>\d{{1,2}})(?:st|nd|rd|th)?\b(?!\s*[%€])
        (?:,?\s+(?P<my>\d{{4}})\b)?)
    | (?P<monthyear>\b(?P<ym>{_month})\b\.?,?\s+(?:of\s+)?(?P<yy>\d{{4}})\b)
    | (?P<currency>[€$£¥])(?=\s?\d)
    | (?P<number>\d+(?:[.,\u00a0\u202f\u2009:/]\d+)*)(?P<tail>%|[^\W\d_]+)?
    | (?P<sign>[%€$£¥])
    | (?P<cjk>[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f])
    | (?P<word>(?:(?![\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f])[^\W\d_])+
        (?:['’](?:(?![\u3040-\u30ff\u3400-\u9fff])[^\W\d_])+)*)
    | (?P<mark>[;:,()—–.!?])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_capital_month = re.compile(r"[A-ZÄÀ-Ý]")


def is_function_word(word: str) -> bool:
    """Whether a lower-case word carries no claim of its own."""
    return word in STOP_WORDS or word in LIGHT_WORDS or word.endswith("n't")


@lru_cache(maxsize=4096)
def terms(text: str) -> Terms:
    """The terms of ``text`` in order."""
    reader = _Reader()
    for match in _token.finditer(text):
        reader.take(match)
    reader.close_currency()
    return Terms(tuple(reader.items), tuple(reader.before))


class _Reader:
    def __init__(self) -> None:
        self.items: list[Term] = []
        self.before: list[str] = []
        self._currency: tuple[str, int, int] | None = None

    def take(self, match: re.Match[str]) -> None:
        kind = match.lastgroup if match.lastgroup != "tail" else "number"
        start, end = match.span()
        if match["iso"]:
            self._date(match["iy"], match["im"], match["id"], start, end)
        elif match["numeric"]:
            self._numeric_date(match, start, end)
        elif match["dmy"]:
            self._date(match["dy"], str(MONTHS[match["dm"].casefold()]), match["dd"], start, end)
        elif match["mdy"]:
            self._date(match["my"], str(MONTHS[match["mm"].casefold()]), match["md"], start, end)
        elif match["monthyear"]:
            self._date(match["yy"], str(MONTHS[match["ym"].casefold()]), None, start, end)
        elif match["currency"]:
            self._currency = CURRENCIES[match["currency"]], start, end
        elif kind == "number" or match["number"]:
            self._number(match)
        elif match["sign"]:
            unit = CURRENCIES.get(match["sign"], "percent")
            self._add({unit}, "word", start, end, match["sign"])
        elif match["cjk"]:
            self._word(match["cjk"], start, end)
        elif match["word"]:
            self._word(match["word"], start, end, match.string[end : end + 4])
        else:
            self.before.append(match["mark"])

    def close_currency(self) -> None:
        if self._currency is not None:
            unit, start, end = self._currency
            self._currency = None
            self._add({unit}, "word", start, end, unit)

    def _add(self, keys: set[str], kind: Kind, start: int, end: int, surface: str) -> None:
        self.items.append(Term(frozenset(keys), kind, start, end, tuple(self.before), surface))
        self.before = []

    def _date(self, year: str | None, month: str, day: str | None, start: int, end: int) -> None:
        if year:
            self._add({str(int(year))}, "number", start, end, year)
        self._add({f"month {int(month)}"}, "number", start, end, month)
        if day:
            self._add({f"day {int(day)}"}, "number", start, end, day)

    def _numeric_date(self, match: re.Match[str], start: int, end: int) -> None:
        """``3.4.2024``, ``3/4/2024``: day first, or month first where that can be."""
        first, second, year = match["na"], match["nb"], match["ny"]
        a, b = int(first), int(second)
        self._add({str(int(year))}, "number", start, end, year)
        slash = "/" in match.group()
        months = {f"month {b}"} if b <= 12 else set()
        days = {f"day {a}"} if b <= 12 else set()
        if a <= 12 and (b > 12 or slash):
            months.add(f"month {a}")
            days.add(f"day {b}")
        self._add(months, "number", start, end, second)
        self._add(days, "number", start, end, first)

    def _number(self, match: re.Match[str]) -> None:
        start, end = match.span()
        tail = (match["tail"] or "").casefold()
        if tail and tail not in ("%", "st", "nd", "rd", "th", "s"):
            values = _values(match["number"])
            self._add(values, "number", start, match.end("number"), match["number"])
            self._word(match["tail"], match.start("tail"), end)
        elif tail in ("st", "nd", "rd", "th"):
            self._add({f"{match['number']}th"}, "number", start, end, match["number"])
        elif tail == "s":
            self._add({f"{match['number']}s"}, "number", start, end, match["number"])
        else:
            self._add(_values(match["number"]), "number", start, end, match["number"])
            if tail == "%":
                self._add({"percent"}, "word", end - 1, end, "%")
        self.close_currency()

    def _word(self, word: str, start: int, end: int, after: str = "") -> None:
        lower = word.casefold().replace("’", "'")
        last = self.items[-1] if self.items else None
        follows_number = last is not None and last.kind == "number" and not self.before
        if lower == "cent" and self.before[-1:] == ["per"]:
            self.before.pop()
            self._add({"percent"}, "word", start, end, word)
        elif lower in MAGNITUDES and follows_number:
            self._multiply(MAGNITUDES[lower], start, end, word)
        elif lower in NUMBER_WORDS and not (lower == "one" and self._is_pronoun(after)):
            self._number_word(NUMBER_WORDS[lower], start, end, word, follows_number)
        elif lower in ORDINALS:
            self._add({f"{ORDINALS[lower]}th"}, "number", start, end, word)
        elif lower in MONTHS and _capital_month.match(word) and lower not in ("may", "mar", "mars"):
            self._add({f"month {MONTHS[lower]}"}, "number", start, end, word)
        elif (is_function_word(lower) or lower == "one") and not _is_acronym(word):
            self.before.append(lower)
        else:
            kind: Kind = "name" if word[0].isupper() else "word"
            self._add({_key(lower)}, kind, start, end, word)

    def _is_pronoun(self, after: str) -> bool:
        """Whether "one" here stands for a thing, as in "one of" and "this one"."""
        return after.strip().startswith("of") or bool(
            {"the", "this", "that", "which", "no", "any", "each", "another"} & set(self.before[-1:])
        )

    def _number_word(self, value: int, start: int, end: int, word: str, follows: bool) -> None:
        last = self.items[-1] if self.items else None
        if follows and last is not None and value < 10 and last.surface.casefold() in NUMBER_WORDS:
            tens = NUMBER_WORDS[last.surface.casefold()]
            if tens >= 20:
                self.items[-1] = last._replace(keys=frozenset({str(tens + value)}), end=end)
                return
        self._add({str(value)}, "number", start, end, word)

    def _multiply(self, factor: int, start: int, end: int, word: str) -> None:
        last = self.items[-1]
        scaled = {_plain(float(key) * factor) for key in last.keys if _is_number(key)}
        if scaled:
            self.items[-1] = last._replace(keys=frozenset(scaled), end=end)
        else:
            self._add({str(factor)}, "number", start, end, word)


def _is_acronym(word: str) -> bool:
    """US, WHO, IT: capitals that spell a function word."""
    return len(word) > 1 and word.isupper() and word not in ("NOT", "NO", "AND", "OR")


def _values(written: str) -> set[str]:
    """The values that a written number can have: ``1,250.5``, ``1.250,5``, ``1 250``."""
    text = re.sub(r"[\u00a0\u202f\u2009]", "", written)
    if not re.fullmatch(r"\d+(?:[.,]\d+)*", text):
        return {text}
    values = set()
    for thousands, decimal in ((",", "."), (".", ",")):
        pattern = rf"\d{{1,3}}(?:\{thousands}\d{{3}})+(?:\{decimal}\d+)?|\d+(?:\{decimal}\d+)?"
        if re.fullmatch(pattern, text):
            values.add(_plain(float(text.replace(thousands, "").replace(decimal, "."))))
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+", text):
        values = {text.replace(",", "")}
    return values or {text}


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _is_number(key: str) -> bool:
    return bool(re.fullmatch(r"\d+(?:\.\d+)?", key))


@lru_cache(maxsize=65536)
def _key(lower: str) -> str:
    word = lower.removesuffix("'s").removesuffix("'")
    if not word.isascii():
        letters = unicodedata.normalize("NFKD", word)
        word = "".join(c for c in letters if not unicodedata.combining(c))
    return stem(IRREGULAR.get(word, word))
