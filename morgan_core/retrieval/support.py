"""Whether a sentence of a source carries a claim: every term of the claim stands in it, in the
order of the claim, denied or supposed alike, and with the same direction.

Order is what tells "A defeated B" from "B defeated A" and keeps each number with its name. What
may move are an adverbial of time or place, the two sides of "is", and who did what in the
passive; ``claims.variants`` makes these.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from morgan_core.retrieval.claims import Claim, active, variants
from morgan_core.retrieval.reading import Marker, Reading, is_verb_like
from morgan_core.retrieval.stop_words import AUXILIARIES, DIRECTIONS, REACH, word_set
from morgan_core.retrieval.terms import Term

# Terms of the sentence that may stand between those of a claim, apart from as many as it has.
_SKIPPED = 8
# Words that may describe what a number counts.
_DESCRIBING = 2
_PREPOSITIONS = word_set(
    "of in on at from to by with for under near between against into as among within over"
)
_RELATIVES = word_set("who which whose that where")
_PLACES = _PREPOSITIONS | DIRECTIONS | {"during", "since", "around"}
_AT = {"on": "in", "at": "in", "during": "in"}
_JOINS = frozenset({"and", "but", "or", "then", ",", ";"})
_LIMITS = word_set("more less fewer least most over under above below up")

Finding = Literal["carried", "denied", "not carried"]


class Match(NamedTuple):
    """The claim's terms and where each stands in the sentence."""

    claim: Claim
    positions: tuple[int, ...]


def judge(claim: Claim, sentence: Reading) -> Finding:
    """Compare the claim, in every permitted order, with one sentence of a source."""
    finding: Finding = "not carried"
    held = {key for term in sentence.terms for key in term.keys}
    for variant in variants(claim):
        if any(term.keys.isdisjoint(held) for term in (*variant.terms, *variant.floating)):
            continue
        for order in _orders(sentence):
            outcome = _judge(variant, order)
            if outcome == "carried":
                return outcome
            if outcome == "denied":
                finding = outcome
    return finding


def _orders(sentence: Reading) -> list[Reading]:
    turned = active(sentence)
    return [sentence] if turned is None else [sentence, turned]


def _judge(claim: Claim, sentence: Reading) -> Finding:
    finding: Finding = "not carried"
    for positions in _windows(claim.terms, sentence.terms):
        match = Match(claim, positions)
        skipped = positions[-1] - positions[0] + 1 - len(positions)
        if skipped > _SKIPPED + len(positions):
            continue
        if not (
            _same_subject(match, sentence)
            and _same_predicate(match, sentence)
            and _same_directions(match, sentence)
            and _same_reach(match, sentence)
            and _same_counts(match, sentence)
            and _floats(match, sentence)
        ):
            continue
        if not _same_scopes(match, sentence, "negation"):
            finding = "denied"
        elif _same_scopes(match, sentence, "hedge"):
            return "carried"
    return finding


def _windows(claim: Sequence[Term], sentence: Sequence[Term]) -> list[tuple[int, ...]]:
    """Every tightest stretch of the sentence that holds the claim's terms in order."""
    windows: list[tuple[int, ...]] = []
    for start, term in enumerate(sentence):
        if not term.same(claim[0]):
            continue
        at, end = 0, -1
        for place in range(start, len(sentence)):
            if sentence[place].same(claim[at]):
                at += 1
                if at == len(claim):
                    end = place
                    break
        if end < 0:
            break
        positions = [0] * len(claim)
        at = len(claim) - 1
        for place in range(end, start - 1, -1):
            if at >= 0 and sentence[place].same(claim[at]):
                positions[at] = place
                at -= 1
        if not windows or windows[-1] != tuple(positions):
            windows.append(tuple(positions))
    return windows


def _same_subject(match: Match, sentence: Reading) -> bool:
    """No other subject takes over between the claim's terms."""
    held, terms = set(match.positions), sentence.terms
    for clause in sentence.clauses:
        if match.positions[0] < clause <= match.positions[-1]:
            verb = next(
                (at for at in range(clause + 1, len(terms)) if _is_predicate(terms[at])),
                clause + 1,
            )
            if held.isdisjoint(range(clause, verb)):
                return False
    return not any(_rival(terms, p, q) for p, q in pairwise(match.positions) if q - p > 1)


def _is_predicate(term: Term) -> bool:
    return is_verb_like(term) or not AUXILIARIES.isdisjoint(term.before)


def _rival(terms: Sequence[Term], p: int, q: int) -> bool:
    """Whether the subject of ``q`` is a name between ``p`` and ``q`` that the claim leaves out."""
    for at in range(p + 2, q + 1):
        if terms[at - 1].kind == "name" and _RELATIVES.intersection(terms[at].before):
            return True
    if _loses_its_noun(terms, p, q):
        return True
    if terms[q - 1].kind != "name" or terms[q].kind == "name" or "," in terms[q].before:
        return False
    first = q - 1
    while first - 1 > p and terms[first - 1].kind == "name" and not terms[first].before:
        first -= 1
    if first == p + 1 and "and" in terms[first].before:
        return False
    return _PREPOSITIONS.isdisjoint(terms[first].before)


def _loses_its_noun(terms: Sequence[Term], p: int, q: int) -> bool:
    """Whether the claim leaves out the noun that ``p`` only describes: "the British [surrender]
    was"."""
    if not (is_verb_like(terms[q]) or not AUXILIARIES.isdisjoint(terms[q].before)):
        return False
    left_out = terms[p + 1 : q]
    if any(term.before for term in left_out):
        return False
    nouns = [t for t in left_out if t.kind == "word" and not t.surface.endswith("ly")]
    return bool(nouns)


def _same_directions(match: Match, sentence: Reading) -> bool:
    """Each "by", "from", "to" … stands before the same term, and what follows a preposition
    follows one there."""
    previous = -1
    for number, (term, place) in enumerate(zip(match.claim.terms, match.positions, strict=True)):
        wanted = DIRECTIONS.intersection(term.before)
        there = DIRECTIONS.intersection(sentence.terms[place].before)
        if not number:
            if not wanted <= there:
                return False
        else:
            gap = {w for at in range(previous + 1, place + 1) for w in sentence.terms[at].before}
            if not wanted <= gap or not there <= set(term.before):
                return False
            if _PLACES.intersection(term.before):
                first = place
                while first > previous + 1 and not sentence.terms[first].before:
                    first -= 1
                if _PLACES.isdisjoint(sentence.terms[first].before):
                    return False
        previous = place
    return True


def _same_reach(match: Match, sentence: Reading) -> bool:
    """ "All", "more", "before" … of the claim stand in the sentence; limits of numbers in both."""
    words = {word for term in match.claim.terms for word in term.before}
    first, last = match.positions[0], match.positions[-1]
    near = sentence.terms[max(0, first - 2) : last + 2]
    there = {word for term in near for word in term.before}
    if not {REACH[w] for w in words if w in REACH} <= {REACH[w] for w in there if w in REACH}:
        return False
    for term, place in zip(match.claim.terms, match.positions, strict=True):
        if term.kind == "number":
            limits = {REACH.get(w, w) for w in sentence.terms[place].before if w in _LIMITS}
            if not limits <= {REACH.get(w, w) for w in term.before}:
                return False
    return True


def _same_counts(match: Match, sentence: Reading) -> bool:
    """A number counts the same thing, and of "A or B" neither is said alone."""
    terms = match.claim.terms
    chosen = any("or" in term.before for term in terms)
    for at, (p, q) in enumerate(pairwise(match.positions)):
        left_out = sentence.terms[p + 1 : q]
        if left_out and not chosen and any("or" in t.before for t in sentence.terms[p + 1 : q + 1]):
            return False
        if terms[at].kind == "number" and not terms[at + 1].before and left_out:
            of_another = any(t.kind == "number" or "and" in t.before for t in left_out)
            if of_another or len(left_out) > _DESCRIBING:
                return False
    return True


def _same_predicate(match: Match, sentence: Reading) -> bool:
    """No second verb takes over what follows: in "led by Ann and finished in June" it was not
    led in June. Of "designed and built in June" both are said."""
    held, terms = set(match.positions), sentence.terms
    return not any(
        at not in held
        and is_verb_like(terms[at])
        and not _JOINS.isdisjoint(terms[at].before)
        and not is_verb_like(terms[at - 1])
        for at in range(match.positions[0] + 1, match.positions[-1])
    )


def _floats(match: Match, sentence: Reading) -> bool:
    """The adverbial that was taken out of the claim belongs to the same verb."""
    floating = match.claim.floating
    if not floating:
        return True
    first, last = match.positions[0], match.positions[-1]
    for window in _windows(floating, sentence.terms):
        if window[-1] - window[0] + 1 > len(floating) + 1:
            continue
        if set(window) & set(match.positions):
            continue
        if not all(
            _same_place(term, sentence.terms[at]) for term, at in zip(floating, window, strict=True)
        ):
            continue
        low, high = min(window[0], last), max(window[-1], first)
        between = [
            at
            for at in range(low, high + 1)
            if not first <= at <= last and not window[0] <= at <= window[-1]
        ]
        if any(low < clause <= high for clause in sentence.clauses):
            continue
        if not any(
            is_verb_like(sentence.terms[at]) or sentence.terms[at].kind == "number"
            for at in between
        ):
            return True
    return False


def _same_place(term: Term, there: Term) -> bool:
    """Whether two terms of an adverbial stand behind the same preposition and reach."""
    a = {_AT.get(w, w) for w in term.before if w in _PLACES or w in REACH}
    b = {_AT.get(w, w) for w in there.before if w in _PLACES or w in REACH}
    return a == b


def _same_scopes(match: Match, sentence: Reading, kind: Marker) -> bool:
    """Whether claim and sentence deny (or suppose) the same, each as often."""
    held = set(match.positions)
    there = [s.terms & held for s in sentence.scopes if s.kind == kind and s.terms & held]
    claimed = [
        {match.positions[at] for at in scope.terms if at < len(match.positions)}
        for scope in match.claim.scopes
        if scope.kind == kind
    ]
    return len(there) == len(claimed) and all(
        a & b for a, b in zip(sorted(there, key=min), sorted(claimed, key=min), strict=True)
    )
