"""What a sentence says beyond its words: what it denies, what it only supposes, and where in it
another subject takes over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from morgan_core.retrieval.stop_words import (
    AUXILIARIES,
    HEDGES,
    IRREGULAR,
    NEGATIONS,
    PRONOUNS,
    word_set,
)
from morgan_core.retrieval.terms import Term, terms

# How many terms a "not" or a "may" reaches.
_REACH_OF_MARKER = 3
_CLAUSE_ENDS = frozenset(";:.!?")
_ENDS_SUBJECT = _CLAUSE_ENDS | word_set(", ( in on at by with from to for as into near who which")
_CONJUNCTIONS = word_set(
    "and but while whereas although though or yet where when because since if unless until "
    "after before so as"
)
_DETERMINERS = word_set("the a an his her its their this these that those")
_SUBJECTS = word_set("he she it they")
_OBJECTS = word_set("it him them")
_MANY = word_set("people men women children police british french dutch english chinese")
_POINTING = word_set("this these that those")
_RELATIVES = word_set("who whom whose which that where")

Marker = Literal["negation", "hedge"]


class Scope(NamedTuple):
    """Which terms (by index) a word like "not" or "may" bears on."""

    kind: Marker
    terms: frozenset[int]


class Reading(NamedTuple):
    """A sentence as it is compared. ``clauses`` are the indices of the terms at which a clause
    with a subject of its own begins."""

    terms: tuple[Term, ...]
    scopes: tuple[Scope, ...]
    clauses: tuple[int, ...]
    rest: tuple[str, ...] = ()


EMPTY = Reading((), (), ())


@lru_cache(maxsize=4096)
def read(text: str) -> Reading:
    """The terms of one sentence, and how they hang together."""
    found = terms(text)
    return reading_of(found.items, found.rest)


def reading_of(items: tuple[Term, ...], rest: tuple[str, ...] = ()) -> Reading:
    """The reading of terms that were put together from several places."""
    return Reading(items, tuple(_scopes(items, rest)), tuple(_clauses(items)), rest)


def is_verb_like(term: Term) -> bool:
    """Whether a word looks like a finite verb in the past or a participle."""
    word = term.surface.casefold()
    return term.kind == "word" and (word in IRREGULAR or word.endswith("ed"))


def has_verb(reading: Reading) -> bool:
    return any(
        is_verb_like(term) or not AUXILIARIES.isdisjoint(term.before) for term in reading.terms
    )


def subject_pronoun(reading: Reading) -> bool:
    """Whether the sentence begins with a pronoun for its subject."""
    return bool(next(_pronouns(reading))[1]) and bool(reading.terms)


def may_have_verb(reading: Reading) -> bool:
    """Whether a word could be a verb in the present, as in "the library closes at noon"."""
    items = reading.terms
    return any(
        word.kind == "word" and word.surface.endswith("s") and not word.before and after.before
        for word, after in pairwise(items[1:])
    )


def points_back(reading: Reading) -> bool:
    """Whether the sentence begins with a word that points to what was named before."""
    return bool(reading.terms) and not PRONOUNS.isdisjoint(reading.terms[0].before)


def has_pronoun(reading: Reading) -> bool:
    """Whether a word of the sentence stands for something that was named before it."""
    return any(word for _, word in _pronouns(reading))


def with_antecedent(reading: Reading, antecedent: Sequence[Term]) -> Reading:
    """The sentence with ``antecedent`` put where pronouns stand that can mean it."""
    items: list[Term] = []
    rest = reading.rest
    for (at, word), term in zip(_pronouns(reading), (*reading.terms, None), strict=True):
        before = rest if term is None else term.before
        if word and _can_mean(word, antecedent):
            items.append(antecedent[0]._replace(before=before[:at]))
            items += antecedent[1:]
            before = before[at + 1 :]
        if term is None:
            rest = before
        else:
            items.append(term._replace(before=before))
    return reading_of(tuple(items), rest)


def _pronouns(reading: Reading) -> Iterator[tuple[int, str]]:
    """For each term and for the rest: where a pronoun stands before it, and which; else "".

    A subject counts at the beginning only, because later ones mean what the sentence itself
    has named; "this" is one only before a verb.
    """
    for place, before in enumerate((*(term.before for term in reading.terms), reading.rest)):
        following = reading.terms[place] if place < len(reading.terms) else None
        found = 0, ""
        for at, word in enumerate(before):
            verb = bool(AUXILIARIES.intersection(before[at + 1 :])) or (
                following is not None and is_verb_like(following)
            )
            if (
                (place == 0 and word in _SUBJECTS)
                or (place == 0 and word in _POINTING and verb)
                or (word in _OBJECTS and not verb)
            ):
                found = at, word
                break
        yield found


def _can_mean(pronoun: str, antecedent: Sequence[Term]) -> bool:
    """Whether number and kind agree."""
    if pronoun in ("they", "them", "these", "those"):
        return any(
            term.surface.endswith("s") or "and" in term.before or term.surface.casefold() in _MANY
            for term in antecedent
        )
    if pronoun in ("he", "she", "him"):
        return any(term.kind == "name" for term in antecedent)
    return bool(antecedent)


def subject(reading: Reading, longest: int = 6) -> tuple[Term, ...]:
    """The terms before the first verb."""
    found: list[Term] = []
    for term in reading.terms[:longest]:
        if found and (is_verb_like(term) or not AUXILIARIES.isdisjoint(term.before)):
            break
        if found and not _ENDS_SUBJECT.isdisjoint(term.before):
            break
        found.append(term)
    return tuple(found)


def _scopes(items: Sequence[Term], rest: Sequence[str]) -> list[Scope]:
    scopes = []
    for at, term in enumerate(items):
        for place, word in enumerate(term.before):
            kind = _marker(word)
            if kind and not (word == "not" and "only" in term.before[place + 1 :]):
                scopes.append(Scope(kind, _reach(items, at)))
        kind = _marker(term.surface.casefold())
        if kind:
            scopes.append(Scope(kind, _reach(items, at + 1) or frozenset({max(0, at - 1)})))
    if items:
        last = frozenset({len(items) - 1})
        scopes += [Scope(kind, last) for word in rest if (kind := _marker(word))]
    return scopes


def _marker(word: str) -> Marker | None:
    if word in NEGATIONS or word.endswith("n't"):
        return "negation"
    return "hedge" if word in HEDGES else None


def _reach(items: Sequence[Term], first: int) -> frozenset[int]:
    reached: set[int] = set()
    for at in range(first, min(first + _REACH_OF_MARKER, len(items))):
        before = items[at].before
        if reached and (not _CLAUSE_ENDS.isdisjoint(before) or "but" in before):
            break
        reached.add(at)
    return frozenset(reached)


def _clauses(items: Sequence[Term]) -> list[int]:
    found = []
    introduced = bool(items) and bool(_CONJUNCTIONS.intersection(items[0].before[:1]))
    for at in range(1, len(items)):
        before = items[at].before
        if ";" in before:
            found.append(at)
            continue
        joins = [place for place, word in enumerate(before) if word in _CONJUNCTIONS]
        if introduced and "," in before:
            introduced = False
            joins.append(before.index(","))
        if joins and _starts_subject(items, at, before[joins[-1] + 1 :]):
            found.append(at)
    return found


def _starts_subject(items: Sequence[Term], at: int, lead: Sequence[str]) -> bool:
    """Whether a noun with a verb of its own begins at ``at``."""
    if not (_DETERMINERS & set(lead) or (not lead and items[at].kind == "name")):
        return False
    for next_at in range(at + 1, min(at + 5, len(items))):
        before = set(items[next_at].before)
        if before & (_RELATIVES | {",", "(", ")", ";"}):
            return False
        if before & AUXILIARIES or is_verb_like(items[next_at]):
            return True
    return False
