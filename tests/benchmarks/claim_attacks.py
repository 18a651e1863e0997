"""Claims made from a text: faithful ones, and the same with one thing made wrong.

Simple rewriting by rule, so some attacks come out as nonsense and a few stay true; a checker is
to support none of them all the same.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

from morgan_core.retrieval.sentences import sentences
from morgan_core.retrieval.terms import is_function_word

Change = Callable[[str, str, random.Random], str | None]
"""(sentence, its paragraph, random) → the changed sentence, or None where it cannot be made."""

_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][a-z]+(?: (?:of |the )?[A-Z][a-z]+)*")
_NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d+\b")
_VERB = re.compile(r"\b(?:was|were|is|are|had|has|have|could|would|will|can)\b")
_DENIED = re.compile(r"\b(?:not|no|never)\b|n't")
_POINTS_BACK = re.compile(r"(?:It|They|This|These|There|He|She|Some|His|Their|Its|Those)\b")
_OPPOSITES = (
    "before/after more/less first/last largest/smallest north/south northern/southern east/west "
    "increased/decreased higher/lower most/least early/late over/under from/to old/new high/low "
    "won/lost many/few victory/defeat allowed/forbade began/ended"
)
_PAIRS = dict(pair.split("/") for pair in _OPPOSITES.split(" "))
OPPOSITES = _PAIRS | {b: a for a, b in _PAIRS.items()}


def copied(sentence: str, paragraph: str, rng: random.Random) -> str | None:
    return sentence


def first_clause(sentence: str, paragraph: str, rng: random.Random) -> str | None:
    match = re.search(r", and |; |, but |, which |, who ", sentence)
    return f"{sentence[: match.start()]}." if match and match.start() > 40 else None


def adverbial_last(sentence: str, paragraph: str, rng: random.Random) -> str | None:
    lead = r"(In \d{4}|In the [^,]{3,30}|On [A-Z]\w+ \d+|During [^,]{3,30}|By \d{4})"
    match = re.match(lead + r", (.*)\.$", sentence)
    if match is None or match[2][0].isdigit():
        return None
    return f"{match[2][0].upper()}{match[2][1:]} {match[1][0].lower()}{match[1][1:]}."


def negated(sentence: str, paragraph: str, rng: random.Random) -> str | None:
    match = _VERB.search(sentence)
    if match is None or _DENIED.search(sentence) or sentence[match.end() :].startswith(" only"):
        return None
    return f"{sentence[: match.end()]} not{sentence[match.end() :]}"


def other_number(sentence: str, paragraph: str, rng: random.Random) -> str | None:
    numbers = list(_NUMBER.finditer(sentence))
    if not numbers:
        return None
    match = rng.choice(numbers)
    last = str((int(match.group()[-1]) + rng.randint(1, 8)) % 10)
    return sentence[: match.end() - 1] + last + sentence[match.end() :]


def numbers_swapped(sentence: str, paragraph: str, rng: random.Random) -> str | None:
    return _swapped(sentence, {m.group(): m for m in _NUMBER.finditer(sentence)}, rng, apart=12)


def roles_swapped(sentence: str, paragraph: str, rng: random.Random) -> str | None:
    return _swapped(sentence, {m.group(): m for m in _names(sentence)}, rng)


def other_name(sentence: str, paragraph: str, rng: random.Random) -> str | None:
    names = _names(sentence)
    if not names:
        return None
    match = rng.choice(names)
    own = match.group()
    others = [n for m in _names(paragraph) if (n := m.group()) not in own and own not in n]
    return (
        sentence[: match.start()] + rng.choice(others) + sentence[match.end() :] if others else None
    )


def opposite(sentence: str, paragraph: str, rng: random.Random) -> str | None:
    words = [m for m in re.finditer(r"\b[a-z]+\b", sentence) if m.group() in OPPOSITES]
    if not words:
        return None
    match = rng.choice(words)
    return sentence[: match.start()] + OPPOSITES[match.group()] + sentence[match.end() :]


def other_word(sentence: str, paragraph: str, rng: random.Random) -> str | None:
    """A word of the paragraph in the place of another."""
    words = [m for m in re.finditer(r"\b[a-z]{5,}\b", sentence) if not is_function_word(m.group())]
    pool = {w for w in re.findall(r"\b[a-z]{5,}\b", paragraph) if not is_function_word(w)}
    if not words:
        return None
    match = rng.choice(words)
    others = sorted(pool - {match.group()})
    return (
        sentence[: match.start()] + rng.choice(others) + sentence[match.end() :] if others else None
    )


def merged(sentence: str, paragraph: str, rng: random.Random) -> str | None:
    """The subject of one sentence with what the paragraph says of another's."""
    verb = _VERB.search(sentence)
    if verb is None or not 4 <= verb.start() <= 80 or _POINTS_BACK.match(sentence):
        return None
    others = [other for other in split(paragraph) if other != sentence]
    rng.shuffle(others)
    for other in others:
        if (found := _VERB.search(other)) and not _POINTS_BACK.match(other):
            return sentence[: verb.start()] + other[found.start() :]
    return None


FAITHFUL: dict[str, Change] = {
    "copied": copied,
    "first_clause": first_clause,
    "adverbial_last": adverbial_last,
}
ATTACKS: dict[str, Change] = {
    "negated": negated,
    "other_number": other_number,
    "numbers_swapped": numbers_swapped,
    "roles_swapped": roles_swapped,
    "other_name": other_name,
    "opposite": opposite,
    "other_word": other_word,
    "merged": merged,
}


def split(paragraph: str) -> list[str]:
    return [paragraph[start:end] for start, end in sentences(paragraph)]


def claims(
    paragraph: str, changes: dict[str, Change], rng: random.Random, *, of_each: int = 2
) -> Iterator[tuple[str, str]]:
    """(name of the change, claim) for a few sentences of the paragraph."""
    own = split(paragraph)
    for name, change in changes.items():
        chosen = [sentence for sentence in own if 30 < len(sentence) < 260]
        rng.shuffle(chosen)
        for sentence in chosen[:of_each]:
            claim = change(sentence, paragraph, rng)
            if claim and (changes is FAITHFUL or claim not in own):
                yield name, claim


def _names(text: str) -> list[re.Match[str]]:
    return [m for m in _NAME.finditer(text) if not is_function_word(m.group().lower())]


def _swapped(
    sentence: str, found: dict[str, re.Match[str]], rng: random.Random, *, apart: int = 1
) -> str | None:
    if len(found) < 2:
        return None
    a, b = sorted(rng.sample(list(found.values()), 2), key=lambda match: match.start())
    between = sentence[a.end() : b.start()]
    if len(between) < apart or re.fullmatch(r"(?:,|\s|and|or)*", between):
        return None
    return sentence[: a.start()] + b.group() + between + a.group() + sentence[b.end() :]
