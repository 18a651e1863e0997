"""What a passage says otherwise than a question, or lacks of it, however alike the two are.

A question about something that the documents do not hold often shares most of its words with one
that they do: it asks for another year, another person, the opposite, or what is *not* so. Likeness
hardly sees that.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from morgan_core.retrieval.opposites import OPPOSITES
from morgan_core.retrieval.ranking import fold
from morgan_core.retrieval.sentences import sentences
from morgan_core.retrieval.stop_words import EXCEPTIONS, NEGATIONS, word_set
from morgan_core.retrieval.terms import Term, terms
from morgan_core.retrieval.words import stem, tokens

_FEW_LETTERS = 5
_MANY_LETTERS = 8
"""From how many letters on a name may differ by one, and by two: people misspell them."""

_MOST_TERMS = 40
"""A longer query is a text, not a question: some of its names stand in no passage."""

_NOT = word_set("not never none neither nor cannot nobody nothing nowhere")

_lower_case_word = re.compile(r"(?<![^\W_])[^\W\d_A-ZÀ-Þ]")


class Mismatch(NamedTuple):
    """``denial``: the question denies, and the passage's best sentence does not. ``opposite``:
    that sentence holds the opposite of a word of the question, not the word. ``number`` and
    ``name``: a number or a name of the question stands nowhere in the passage."""

    denial: bool
    opposite: bool
    number: bool
    name: bool


class Question:
    """A question, read once for all the passages that it is compared with."""

    def __init__(self, text: str) -> None:
        text = fold(text)
        if len(terms(text).items) > _MOST_TERMS:
            text = ""
        self._terms = terms(text).items
        words = _words(text)
        self._stems = {stem(word) for word in words}
        self._denies = any(word in _NOT or word.endswith("n't") for word in words)
        self._numbers = [term for term in self._terms if term.kind == "number"]
        in_sentences = _lower_case_word.search(text) is not None
        self._names = [t for t in self._terms if in_sentences and t.kind == "name" and t.start]

    def mismatch(self, text: str, surroundings: str = "") -> Mismatch:
        """Compare with the passage ``text``; names and numbers of its ``surroundings`` (title,
        headings) count as its own."""
        text = fold(text)
        spans = list(sentences(text)) or [(0, len(text))]
        read = [text[start:end] for start, end in spans]
        held = [_keys(terms(sentence).items) for sentence in read]
        best = max(range(len(read)), key=lambda at: (self._shared(held[at]), -at))
        around = _keys(terms(fold(surroundings)).items)
        everywhere = around.union(*held)
        words = _words(read[best])
        return Mismatch(
            denial=self._denies and not any(_is_negative(word) for word in words),
            opposite=self._is_opposed({stem(word) for word in words}),
            number=any(everywhere.isdisjoint(term.keys) for term in self._numbers),
            name=any(not _holds_name(everywhere, term) for term in self._names),
        )

    def _shared(self, held: frozenset[str]) -> int:
        return sum(not held.isdisjoint(term.keys) for term in self._terms)

    def _is_opposed(self, held: set[str]) -> bool:
        return any(
            other in held and other not in self._stems
            for word in self._stems - held
            for other in _opposites().get(word, ())
        )


@lru_cache(maxsize=1)
def _opposites() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one, other in OPPOSITES:
        found.setdefault(stem(one), set()).add(stem(other))
        found.setdefault(stem(other), set()).add(stem(one))
    return found


def _words(text: str) -> list[str]:
    return [word.casefold().replace("’", "'") for word in tokens(text)]


def _is_negative(word: str) -> bool:
    return word in NEGATIONS or word in EXCEPTIONS or word.endswith("n't")


def _keys(items: Sequence[Term]) -> frozenset[str]:
    return frozenset(key for term in items for key in term.keys)


def _holds_name(held: frozenset[str], name: Term) -> bool:
    return not held.isdisjoint(name.keys) or any(_is_misspelt(key, held) for key in name.keys)


def _is_misspelt(name: str, held: frozenset[str]) -> bool:
    if len(name) < _FEW_LETTERS:
        return False
    slips = 1 if len(name) < _MANY_LETTERS else 2
    near = (w for w in held if w[:1] == name[0] and abs(len(w) - len(name)) <= slips)
    return any(_distance(name, word) <= slips for word in near)


def _distance(one: str, other: str) -> int:
    """The edit distance (Levenshtein 1966) of two words."""
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        diagonal, row[0] = row[0], i
        for j, against in enumerate(other, start=1):
            changed = diagonal + (letter != against)
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, changed)
    return row[-1]
