"""Why the nearest passages were not enough to answer from, in words a person understands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from morgan_core.retrieval.mismatch import Mismatch, Question
from morgan_core.retrieval.ranking import fold
from morgan_core.retrieval.words import content_stems, content_words, stem
from morgan_core.types import Passage, Shortfall, Source

NAMED = 5
"""Words that are named one by one."""

LITTLE, SOMEWHAT = 0.3, 0.5
"""Below which cosine two texts are little, or only somewhat, alike in meaning. With
all-MiniLM-L6-v2 the median of 300 questions of SQuAD 2.0 and their own paragraphs is .53 (7 % have
less than .3); of the nearest paragraphs of other articles 50 % have less than .3, 98 % less than
.5. Another embedder has other cosines."""


def shortfalls(query: str, nearest: Sequence[Source]) -> tuple[Shortfall, ...]:
    """For each source what of ``query`` it holds and lacks."""
    wanted: dict[str, str] = {}
    for word in content_words(query):
        wanted.setdefault(stem(fold(word)), word)
    asked = Question(query)
    return tuple(_shortfall(wanted, asked, source) for source in nearest)


def _shortfall(wanted: dict[str, str], asked: Question, source: Source) -> Shortfall:
    passage = source.passage
    name = PurePath(passage.path).stem
    has = set(content_stems(fold(f"{name} {passage.heading} {passage.text}")))
    held = tuple(word for key, word in wanted.items() if key in has)
    missing = tuple(word for key, word in wanted.items() if key not in has)
    clauses = [
        _words(held, missing, passage),
        _otherwise(asked.mismatch(passage.text)),
        _likeness(passage.scores.dense),
    ]
    return Shortfall(
        n=source.n,
        held=held,
        missing=missing,
        likeness=passage.scores.dense,
        reason="; ".join(clause for clause in clauses if clause),
    )


def _words(held: Sequence[str], missing: Sequence[str], passage: Passage) -> str:
    count = len(held) + len(missing)
    if not count:
        return ""
    if not held:
        return f"holds none of the question's words: {_named(missing)}"
    if missing:
        some = f"holds {len(held)} of the question's {count} words: {_named(held)}"
        return f"{some}; not: {_named(missing)}"
    apart = passage.scores.sentence < passage.scores.coverage
    return f"holds the question's words{', but in no one sentence' if apart else ''}"


def _otherwise(found: Mismatch) -> str:
    """Names and numbers that are missing are told of among the words."""
    if found.denial:
        return "says what is so, and the question asks what is not"
    return "speaks of the opposite" if found.opposite else ""


def _named(words: Sequence[str]) -> str:
    more = len(words) - NAMED
    return ", ".join(words[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _likeness(cosine: float | None) -> str:
    if cosine is None:
        return ""
    how = "little" if cosine < LITTLE else "somewhat" if cosine < SOMEWHAT else "much"
    return f"{how} alike in meaning ({cosine:.2f})"
