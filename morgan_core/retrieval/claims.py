"""A claim of an answer, and the other orders in which a source may say the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from morgan_core.retrieval.reading import Reading, Scope, is_verb_like, reading_of
from morgan_core.retrieval.stop_words import AUXILIARIES, PRONOUNS, word_set
from morgan_core.retrieval.terms import Term

_BE = word_set("is are was were be been being am")
_ADVERBIAL = word_set("in on at during since after before until from under near around by")
_HEADS_PHRASE = _ADVERBIAL | word_set("the a an his her its their , ; about")
_IN_PHRASE = word_set("the a an of and his her its their , .")
_BREAKS = word_set(", ; : ( ) and or but of in on at from to with for as who which that")


class Claim(NamedTuple):
    """What is to be found. ``floating`` is an adverbial that may stand elsewhere in the
    sentence; ``scopes`` count from the first of ``terms``."""

    terms: tuple[Term, ...]
    scopes: tuple[Scope, ...]
    floating: tuple[Term, ...] = ()


def claim_of(reading: Reading) -> Claim:
    return Claim(reading.terms, reading.scopes)


def variants(claim: Claim) -> Iterator[Claim]:
    """The claim as it is, then the orders that say the same."""
    yield claim
    for first, floating in _adverbials(claim.terms):
        rest = (*claim.terms[:first], *claim.terms[first + len(floating) :])
        if rest:
            yield _claim(rest, floating)
    turned = active(Reading(claim.terms, claim.scopes, ()))
    if turned is not None:
        yield Claim(turned.terms, turned.scopes)
    swapped = _around_is(claim.terms)
    if swapped is not None:
        yield _claim(swapped)


def active(sentence: Reading) -> Reading | None:
    """ "B was made by A" as "A made B"; None when the sentence is not in the passive."""
    items = sentence.terms
    for at in range(2, len(items)):
        verb = items[at - 1]
        if "by" not in items[at].before or not _is_participle(verb):
            continue
        near = set(verb.before) | set(items[at - 2].before)
        if not near & _BE:
            continue
        end = at + 1
        while end < len(items) and not _BREAKS & set(items[end].before):
            end += 1
        agent = [items[at]._replace(before=_without(items[at], {"by"})), *items[at + 1 : end]]
        done = verb._replace(before=_without(verb, _BE))
        turned = (*agent, done, *items[: at - 1], *items[end:])
        return reading_of(turned)
    return None


def parts(reading: Reading) -> tuple[Reading, Reading] | None:
    """A claim of two clauses, each with a subject that is no pronoun; None when it is one."""
    for at in reading.clauses:
        lead = reading.terms[at].before
        if PRONOUNS.isdisjoint(lead) and {"and", "but", "while", "whereas", ";"} & set(lead):
            first, second = reading.terms[:at], reading.terms[at:]
            if len(first) > 1 and len(second) > 1:
                return reading_of(first), reading_of(second)
    return None


def _claim(items: tuple[Term, ...], floating: tuple[Term, ...] = ()) -> Claim:
    return Claim(items, reading_of(items).scopes, floating)


def _adverbials(items: Sequence[Term]) -> Iterator[tuple[int, tuple[Term, ...]]]:
    """Adverbials of time and place at either end: the index of the first term, and the terms."""
    if items and _ADVERBIAL & set(items[0].before):
        comma = next((at for at in range(1, len(items)) if "," in items[at].before), 0)
        if comma and _is_phrase(items[:comma]):
            yield 0, tuple(items[:comma])
    for at in range(len(items) - 1, 0, -1):
        if _ADVERBIAL & set(items[at].before):
            tail = tuple(items[at:])
            if _is_phrase(tail) and _HEADS_PHRASE.issuperset(items[at].before):
                yield at, tail
            break


def _is_phrase(items: Sequence[Term]) -> bool:
    """Whether the terms are a short noun phrase with its preposition: no verb, no clause."""
    return (
        (len(items) <= 4 or any(term.kind != "word" for term in items))
        and not any(is_verb_like(term) for term in items)
        and all(_IN_PHRASE.issuperset(term.before) for term in items[1:])
    )


def _around_is(items: tuple[Term, ...]) -> tuple[Term, ...] | None:
    """ "A is B" as "B is A"."""
    verbs = [at for at, term in enumerate(items) if AUXILIARIES & set(term.before)]
    if len(verbs) != 1 or not verbs[0] or any("than" in term.before for term in items):
        return None
    at = verbs[0]
    if not _BE & set(items[at].before) or _is_participle(items[at]):
        return None
    head = items[at]._replace(before=_without(items[at], _BE))
    return (head, *items[at + 1 :], *items[:at])


def _is_participle(term: Term) -> bool:
    return is_verb_like(term) or term.surface.casefold().endswith(("en", "wn", "ing"))


def _without(term: Term, words: frozenset[str] | set[str]) -> tuple[str, ...]:
    return tuple(word for word in term.before if word not in words)
