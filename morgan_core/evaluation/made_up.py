"""Queries made from documents, each for one known place, without a model.

Known-item search with made-up queries (Azzopardi, de Rijke and Balog 2007) needs no judgements.
Such queries use the documents' own words, so real questions are harder; what the figures are good
for is comparing, one setting with another.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping
from typing import Literal

from morgan_core.retrieval.sentences import sentences
from morgan_core.retrieval.words import content_stems, stem, tokens
from morgan_core.types import Record

Kind = Literal["keywords", "sentence"]

KEYWORDS = 4
_WORDS = range(8, 41)
"""Words of a sentence that a query is made from."""

_LOOKED_AT = 6
"""Sentences of which the most distinctive one is taken."""

_LONGEST = 200_000
"""Characters of a document that are looked at."""


class MadeUp(Record, frozen=True, kw_only=True):
    """A query made from ``start``..``end`` of a document's text."""

    kind: Kind
    query: str
    document: str
    start: int
    end: int


def make_queries(texts: Mapping[str, str], number: int, seed: int) -> list[MadeUp]:
    """At most ``number`` queries for the documents of ``texts``, spread evenly over them; the
    same for the same ``seed``. Documents without a whole sentence give none.

    ``keywords`` are the rarest words of a sentence; ``sentence`` is one with a third of its words
    left out, as memory does.
    """
    chance = random.Random(seed)
    rarity = _rarity(texts)
    places = {id: _sentences(text) for id, text in texts.items()}
    order = [id for id in sorted(places) if places[id]]
    chance.shuffle(order)
    made: list[MadeUp] = []
    while order and len(made) < number:
        for id in list(order):
            if len(made) == number:
                break
            some = chance.sample(places[id], min(_LOOKED_AT, len(places[id])))
            start, end = max(
                some, key=lambda span: _distinctive(texts[id][span[0] : span[1]], rarity)
            )
            places[id].remove((start, end))
            if not places[id]:
                order.remove(id)
            kind: Kind = "keywords" if len(made) % 2 == 0 else "sentence"
            sentence = texts[id][start:end]
            query = (
                _keywords(sentence, rarity) if kind == "keywords" else _forgetful(sentence, chance)
            )
            made.append(MadeUp(kind=kind, query=query, document=id, start=start, end=end))
    return made


def _sentences(text: str) -> list[tuple[int, int]]:
    return [
        (start, end)
        for start, end in sentences(text[:_LONGEST])
        if len(tokens(text[start:end])) in _WORDS
        and len(set(content_stems(text[start:end]))) >= KEYWORDS
    ]


def _rarity(texts: Mapping[str, str]) -> dict[str, float]:
    """How rare each stem is among the documents: their number over those that have it, log."""
    held = Counter(s for text in texts.values() for s in set(content_stems(text[:_LONGEST])))
    return {one: math.log(1 + len(texts) / count) for one, count in held.items()}


def _distinctive(sentence: str, rarity: Mapping[str, float]) -> float:
    stems = set(content_stems(sentence))
    return sum(rarity.get(one, 0.0) for one in stems) / len(stems)


def _keywords(sentence: str, rarity: Mapping[str, float]) -> str:
    """Its rarest words, in the order of the sentence."""
    words = {stem(word): word for word in tokens(sentence) if content_stems(word)}
    rarest = sorted(words, key=lambda one: (-rarity.get(one, 0.0), one))[:KEYWORDS]
    return " ".join(word for one, word in words.items() if one in rarest)


def _forgetful(sentence: str, chance: random.Random) -> str:
    words = sentence.split()
    gone = set(chance.sample(range(len(words)), len(words) // 3))
    return " ".join(word for at, word in enumerate(words) if at not in gone)
