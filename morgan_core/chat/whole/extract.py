"""The sentences of a text that say most of what it is about, as they stand.

Sentences near the centroid of the words are chosen (Radev et al. 2004, "Centroid-based
summarization of multiple documents"): those that hold what occurs often here and in few passages.
The first sentences of the text and of its sections weigh more, passages far from the middle of all
passages' vectors less. Each is chosen for what the ones before it do not say yet, and no section
gives more than its share.
"""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from morgan_core.index.base import Chunk
from morgan_core.retrieval.checkable import addresses_the_model, is_checkable
from morgan_core.retrieval.sentences import sentences
from morgan_core.retrieval.words import content_stems, tokens

SHORTEST, LONGEST = 6, 45
"""Words of a sentence that is worth quoting."""

OPENING, FIRST_IN_SECTION = 1.5, 1.2
"""What the first sentence of the text, and of a section, weighs."""

LEANING = 0.5
"""What a sentence weighs that leans on the one before it."""

SAID = 0.2
"""What is left of a word's weight once a chosen sentence holds it."""

SECTION_SHARE = 0.6
"""By which each sentence of a section lessens the weight of the others."""

_end = re.compile(r"[.!。！]['\"”’»)\]*_]*$")
_leans = re.compile(
    r"^\W*(?:this|these|that|those|such|here|there|however|but|and"
    r"|so|thus|hence|also|moreover|furthermore|otherwise|instead|then|in (?:this|that|these|every other)"
    r"|(?:the )?(?:former|latter)|both|neither|for (?:example|instance)|as (?:such|a result)"
    r"|see|cf)\b",
    re.IGNORECASE,
)
_marks = re.compile(r"^\s*(?:(?:[-*+•>¢▪◦–—`]|\(?\d{1,3}[.)]|\(?[a-z]{1,3}[.)]|#+)\s+)+")
_emphasis = re.compile(r"(\*{1,3}|(?<!\w)_{1,3})(?=\S)([^*_\n]+?)(?<=\S)\1(?![\w*])")
_link = re.compile(r"!?\[([^\]\n]+)\]\([^)\s]*\)")
_numbering = re.compile(r"^(?:(?:\d+|[ivxlcIVXLC]+|[A-Z])(?:[.-]\d+)*[.)]?\s+)")
_pronoun = re.compile(r"^\W*(?:it|its|he|she|they|them|his|her|their)\b", re.IGNORECASE)
_reference = re.compile(
    r"https?:|www\.|\bdoi\b|e-?mail\b|\S@\S|\bet al\. \(|^\W*\[\w+\]", re.IGNORECASE
)


class Sentence(NamedTuple):
    """``chunk.text[start:end]``, the ``at``-th sentence of all."""

    chunk: Chunk
    start: int
    end: int
    at: int

    @property
    def text(self) -> str:
        return on_one_line(self.chunk.text[self.start : self.end])


class _Weighed(NamedTuple):
    sentence: Sentence
    stems: frozenset[str]
    factor: float


def central_sentences(
    chunks: Sequence[Chunk], vectors: Mapping[str, bytes], most: int
) -> list[Sentence]:
    """At most ``most`` sentences of the passages, in their order; fewer where there are fewer
    that are worth quoting. ``vectors`` are the passages' by id, float32; some may be missing."""
    weight = _weights(chunks)
    candidates = list(_candidates(chunks, _nearness(chunks, vectors)))
    chosen: list[Sentence] = []
    sections: Counter[tuple[str, str]] = Counter()
    left = dict(weight)

    def worth(one: _Weighed) -> float:
        gain = sum(left.get(stem, 0.0) for stem in one.stems) / math.sqrt(len(one.stems) + 4)
        return gain * one.factor * SECTION_SHARE ** sections[_section(one.sentence)]

    while candidates and len(chosen) < most:
        best = max(candidates, key=worth)
        if worth(best) <= 0:
            break
        candidates = [one for one in candidates if one.stems != best.stems]
        chosen.append(best.sentence)
        sections[_section(best.sentence)] += 1
        for stem in best.stems:
            if stem in left:
                left[stem] *= SAID
    return sorted(chosen, key=lambda sentence: sentence.at)


def _section(sentence: Sentence) -> tuple[str, str]:
    return sentence.chunk.document_id, sentence.chunk.heading


def _weights(chunks: Sequence[Chunk]) -> dict[str, float]:
    """What a word says of these passages: how often it occurs, dampened, and in how few."""
    often: Counter[str] = Counter()
    passages: Counter[str] = Counter()
    for chunk in chunks:
        stems = content_stems(f"{chunk.heading}\n{chunk.text}")
        often.update(stems)
        passages.update(set(stems))
    count = len(chunks)
    return {
        stem: (1 + math.log(number)) * math.log(1 + (count + 1) / (passages[stem] + 0.5))
        for stem, number in often.items()
        if number > 1 and not stem.isdigit()
    }


def _candidates(chunks: Sequence[Chunk], nearness: Mapping[str, float]) -> Iterator[_Weighed]:
    at = 0
    section = ""
    opened = set()
    for chunk in chunks:
        first = chunk.heading != section
        section = chunk.heading
        for start, end in sentences(chunk.text):
            sentence = Sentence(chunk, start, end, at)
            at += 1
            if not is_quotable(chunk.text[start:end]):
                continue
            factor = nearness.get(chunk.id, 1.0)
            if chunk.document_id not in opened:
                factor *= OPENING
            elif first:
                factor *= FIRST_IN_SECTION
            opened.add(chunk.document_id)
            first = False
            if _leans.match(sentence.text):
                factor *= LEANING
            yield _Weighed(sentence, frozenset(content_stems(sentence.text)), factor)


def on_one_line(sentence: str) -> str:
    """The sentence without line breaks, the mark of a list item, emphasis and links."""
    plain = _link.sub(r"\1", _emphasis.sub(r"\2", _marks.sub("", sentence)))
    return " ".join(plain.split())


def without_heading(heading: str, sentence: str) -> str:
    """``sentence`` without the heading above it where that runs into it, as it does in a PDF."""
    title = _numbering.sub("", heading)
    rest = sentence.removeprefix(title).lstrip() if title else sentence
    return rest if rest[:1].isupper() else sentence


def is_quotable(sentence: str) -> bool:
    """Whether it claims something by itself, and is no part of a table, a reference or code. One
    that begins with a pronoun says nothing without the sentence before it."""
    text = on_one_line(sentence)
    words = tokens(text)
    if not SHORTEST <= len(words) <= LONGEST or not _end.search(text):
        return False
    plain = sum(word.isalpha() and not word.isupper() for word in words)
    if plain < 0.7 * len(words) or "|" in sentence or "\n\n" in sentence:
        return False
    first = next(char for char in text if char.isalnum())
    if first.islower() or _reference.search(text) or _pronoun.match(text):
        return False
    return is_checkable(text) and not addresses_the_model(text)


def _nearness(chunks: Sequence[Chunk], vectors: Mapping[str, bytes]) -> dict[str, float]:
    """How near each passage is to the middle of all: 0.5 to 1 by its cosine."""
    known = {chunk.id: array("f", vectors[chunk.id]) for chunk in chunks if chunk.id in vectors}
    if len(known) < 3:
        return {}
    size = len(next(iter(known.values())))
    middle = [sum(vector[i] for vector in known.values()) for i in range(size)]
    length = math.sqrt(sum(value * value for value in middle)) or 1.0
    cosines = {
        id: sum(map(float.__mul__, map(float, vector), middle)) / length
        for id, vector in known.items()
    }
    return {id: 0.5 + 0.5 * max(0.0, cosine) for id, cosine in cosines.items()}
