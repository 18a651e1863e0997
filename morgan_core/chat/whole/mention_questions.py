"""Recognising questions for every place where words stand: "which documents mention the dome?".

What is looked for are words, so that a clause ("which documents say that the tenant pays?") is
left to the search by meaning.
"""

from __future__ import annotations

import re

from morgan_core.chat.wording import plainly
from morgan_core.library.mentions import Phrase
from morgan_core.retrieval.words import tokens
from morgan_core.types import Record

MOST_WORDS = 5
"""Of a phrase; more are a clause."""

MOST_PHRASES = 6


class MentionQuestion(Record, frozen=True, kw_only=True):
    """Which phrases are looked for: ``every`` one in the same document, or any of them.

    ``about`` says that the question was for what documents are about, of which words are a sign
    only. ``type`` is a word for a type of documents, to be looked up in the library.
    """

    phrases: tuple[Phrase, ...]
    every: bool = False
    about: bool = False
    type: str = ""


_NOUN = r"(?:(?P<type>[\w+.-]+) )??(?:documents?|files?|docs?|pdfs?|passages?|sentences)"
_MY = r"(?:(?:all|every|each|any)(?: of)? )?(?:(?:my|the|our|your|these|those) )?"
_SHOW = r"(?:list|show|find|name|enumerate|count|give)(?: me| us)?"
_MENTION = (
    r"(?:mention(?:s|ed|ing)?|contain(?:s|ing)?|(?:hold|name) the word|refer(?:s|ring)? to"
    r"|with the (?:word|phrase|name|term))"
)
_ABOUT = r"(?:(?:(?:is|are) )?about|(?:talks?|speaks?) (?:about|of)|deals? with|discuss(?:es)?)"
_NAMED = r"(?:mentioned|named|referred to|spoken of|talked about)"
_APPEAR = r"(?:appear|appears|appearing|occur|occurs|occurring|come up|comes up|turn up|turns up)"
_WHAT = r"(?P<what>.+?)"
_IN = (
    r"(?: (?:(?:in|inside|within|across|throughout|by) (?:(?:all|any)(?: of)? )?(?:my|the|this|that|these|our|your|all) "
    r"(?:documents?|files?|docs?|library|collection|folder|text)"
    r"|in it|here|anywhere|in total|in all|altogether|in|inside|within|by)(?!\w))*+"
)
_RULES = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:which|what|how many|in which|{_SHOW}) (?:of )?{_MY}{_NOUN}(?: (?:do i|i|we|do we) have)? (?:(?:that|which) )?(?:{_MENTION}|(?P<about>{_ABOUT})) {_WHAT}{_IN}",
        rf"in (?:which|what|how many) (?:of )?{_MY}{_NOUN} (?:is|are|was|were|does|do) {_WHAT} (?:{_NAMED}|{_APPEAR}){_IN}",
        rf"where (?:is|are|was|were) {_WHAT} {_NAMED}{_IN}",
        rf"where (?:does|do) {_WHAT} {_APPEAR}{_IN}",
        rf"how (?:often|many times|frequently) (?:is|are|was|were) {_WHAT} {_NAMED}{_IN}",
        rf"how (?:often|many times|frequently) (?:does|do|did) {_WHAT} {_APPEAR}{_IN}",
        rf"how (?:often|many times) (?:does|do) (?:the|my|these|this) (?:documents?|files?|text) (?:mention|name|contain|say|use) {_WHAT}{_IN}",
        rf"how many (?:mentions|occurrences) of {_WHAT} are there{_IN}",
        rf"(?:how many|{_SHOW}) {_MY}(?:mentions|occurrences) of {_WHAT}{_IN}",
        rf"(?:how many|{_SHOW}) {_MY}(?:places|passages|sentences) where {_WHAT} (?:is|are) {_NAMED}{_IN}",
    )
]
_quoted = re.compile(r"[\"“„«]([^\"“”„«»]+)[\"”“»]")
_article = re.compile(
    r"^(?:(?:either|both|the (?:words?|terms?|names?|phrases?)|the|an?|any|my|our|your)\s+)+",
    re.IGNORECASE,
)
# A clause, or a word that means something said before.
_no_words = re.compile(
    r"^(?:that|who|whom|whose|what|how|when|why|where|whether|if|which|it|this|these|those|them|him|her|us"
    r"|me|you|i|we|they|he|she|anything|something|everything|nothing|all|more|less|at least|no|not|only)\b",
    re.IGNORECASE,
)
_NOT_TYPES = frozenset(["of", "many", "other", "such"])


def mention_question(question: str) -> MentionQuestion | None:
    """What is to be looked for; None when ``question`` asks for something else."""
    text = plainly(question)
    for pattern in _RULES:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        found = match.groupdict()
        kind = (found.get("type") or "").lower()
        phrases, every = _phrases(found["what"].strip())
        if not phrases or kind in _NOT_TYPES:
            return None
        if not kind and re.search(r"\bpdfs?\b", match[0][: match.start("what")], re.IGNORECASE):
            kind = "pdf"
        return MentionQuestion(
            phrases=phrases, every=every, about=bool(found.get("about")), type=kind
        )
    return None


def _phrases(what: str) -> tuple[tuple[Phrase, ...], bool]:
    """The phrases in ``what``, and whether all of them are wanted; none when it is no list of
    words."""
    if exact := _quoted.findall(what):
        between = " ".join(_quoted.sub(" ", what).lower().split())
        if not set(between.replace(",", " ").split()) <= {
            *["or", "and", "the", "word", "words", "phrase", "term"]
        }:
            return (), False
        phrases = [Phrase(text=one.strip(), exact=True) for one in exact if tokens(one)]
        return tuple(phrases), "and" in between.split()
    either = re.split(r"\s*,?\s+or\s+", what)
    every = len(either) == 1 and re.search(r"\s(?:and|as well as)\s", what) is not None
    parts = re.split(r"\s*,?\s+and\s+(?:also\s+)?|\s+as well as\s+", what) if every else either
    parts = [part for one in parts for part in (one.split(",") if len(parts) > 1 else [one])]
    phrases = []
    for part in parts:
        words = _article.sub("", part.strip())
        if _no_words.match(part.strip()) or _no_words.match(words):
            return (), False
        if not 1 <= len(tokens(words)) <= MOST_WORDS:
            return (), False
        phrases.append(Phrase(text=words))
    return (tuple(phrases), every) if len(phrases) <= MOST_PHRASES else ((), False)
