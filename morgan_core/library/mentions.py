"""Where words stand in a document's text, all of them and exactly.

A word is found in its other forms, too (*dome*, *domes*), by its English stem, whatever its case
and accents; the words of a phrase stand one after the other. What was asked for between quotation
marks is found in that form only. Writing without spaces is looked for as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from morgan_core.library.readers.base import Extracted
from morgan_core.retrieval.ranking import fold
from morgan_core.retrieval.sentences import sentences
from morgan_core.retrieval.words import stem, tokens
from morgan_core.types import Record

AROUND = 300
"""Characters to either side in which the sentence of a mention is looked for."""

LONGEST, NEAR = 400, 120
"""A sentence of more characters, as a table may be, is cut to so many to either side."""

_ACCENTED = {
    "a": "àáâãäåā",
    "c": "çčć",
    "e": "èéêëēě",
    "i": "ìíîïī",
    "n": "ñń",
    "o": "òóôõöøō",
    "s": "šś",
    "u": "ùúûüū",
    "y": "ýÿ",
    "z": "žźż",
}
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_unspaced = re.compile(f"[{_UNSPACED}]")


class Phrase(Record, frozen=True, kw_only=True):
    """Words to look for; ``exact`` ones in this form only."""

    text: str
    exact: bool = False


class Mention(Record, frozen=True, kw_only=True):
    """A sentence that holds what was looked for: ``start`` and ``end`` are offsets into the
    document's extracted text."""

    start: int
    end: int
    text: str
    page: int | None = None
    heading: str = ""
    place: str = ""


class Mentions(Record, frozen=True, kw_only=True):
    """How often each phrase stands in a document, in their order, and the first of the sentences
    where. A document whose text is not there has no counts."""

    document: str
    revision: int = 0
    counts: tuple[int, ...] = ()
    places: tuple[Mention, ...] = ()


class PhraseFinder:
    """Finds one phrase."""

    def __init__(self, phrase: Phrase) -> None:
        self._exact = phrase.exact
        words = tokens(phrase.text)
        self._stems = [stem(fold(word)) for word in words]
        parts = [self._pattern(word) for word in words]
        self._pattern_of_all = re.compile(r"[\W_]{1,4}".join(parts), re.IGNORECASE)
        self.words = words

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Half-open spans, in order."""
        if not self.words:
            return
        at = 0
        while match := self._pattern_of_all.search(text, at):
            if self._is_it(match):
                yield match.span()
                at = match.end()
            else:
                at = match.start() + 1

    def _is_it(self, match: re.Match[str]) -> bool:
        if self._exact or _unspaced.search(match[0]):
            return True
        return [stem(fold(word)) for word in match.groups()] == self._stems

    def _pattern(self, word: str) -> str:
        folded = fold(word)
        if _unspaced.search(word):
            return f"({re.escape(word)})"
        if folded[0].isdigit():
            return rf"(?<!\w)(?<!\d[.,])({re.escape(folded)})(?!\w)(?![.,]\d)"
        if self._exact or not folded.isalpha():
            return rf"(?<!\w)({_letters(folded)})(?!\w)"
        root = stem(folded)
        while root and not folded.startswith(root):
            root = root[:-1]
        root = root.rstrip("iey") or root or folded[:1]
        return rf"(?<!\w)({_letters(root)}[^\W\d_]*(?:['’][^\W\d_]+)*)(?!\w)"


def mentions_in(
    extracted: Extracted,
    finders: Sequence[PhraseFinder],
    *,
    document: str,
    revision: int,
    most: int,
) -> Mentions:
    """How often each phrase stands in the text, and the first ``most`` sentences."""
    text = extracted.text
    counts: list[int] = []
    spans: list[tuple[int, int]] = []
    for finder in finders:
        found = list(finder.find(text))
        counts.append(len(found))
        spans += found
    places: list[Mention] = []
    for start, end in sorted(spans):
        if places and start < places[-1].end:
            continue
        if len(places) == most:
            break
        places.append(_mention(extracted, start, end))
    return Mentions(
        document=document, revision=revision, counts=tuple(counts), places=tuple(places)
    )


def _mention(extracted: Extracted, start: int, end: int) -> Mention:
    text = extracted.text
    first = _word_at(text, max(0, start - AROUND), start)
    last = min(len(text), end + AROUND)
    last = next((at for at in range(last, end, -1) if at == len(text) or text[at].isspace()), end)
    around = text[first:last]
    inside = [
        (first + begin, first + stop)
        for begin, stop in sentences(around)
        if first + begin < end and start < first + stop
    ]
    begin, stop = (inside[0][0], inside[-1][1]) if inside else (start, end)
    if stop - begin > LONGEST:
        begin = _word_at(text, max(begin, start - NEAR), start)
        stop = start + len(text[start : min(stop, end + NEAR)].rsplit(None, 1)[0])
        stop = max(stop, end)
    return Mention(
        start=begin,
        end=stop,
        text=text[begin:stop],
        page=extracted.page_at(start),
        heading=extracted.heading_at(start),
        place=extracted.place_of(start, end),
    )


def _word_at(text: str, at: int, before: int) -> int:
    """Where a word begins from ``at`` on, ``before`` at the latest."""
    while 0 < at < before and not text[at - 1].isspace():
        at += 1
    while at < before and text[at].isspace():
        at += 1
    return at


def _letters(word: str) -> str:
    return "".join(
        f"[{char}{_ACCENTED[char]}]" if char in _ACCENTED else re.escape(char) for char in word
    )
