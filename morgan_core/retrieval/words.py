"""Words as evidence: tokens, stems, sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

# Words that carry no claim of their own.
STOP_WORDS = frozenset(
    [
        "a",
        "about",
        "above",
        "after",
        "again",
        "all",
        "also",
        "am",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "because",
        "been",
        "before",
        "being",
        "below",
        "between",
        "both",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "doing",
        "down",
        "during",
        "each",
        "few",
        "for",
        "from",
        "further",
        "had",
        "has",
        "have",
        "having",
        "he",
        "her",
        "here",
        "hers",
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "itself",
        "just",
        "me",
        "more",
        "most",
        "my",
        "of",
        "off",
        "on",
        "once",
        "only",
        "or",
        "other",
        "our",
        "out",
        "over",
        "own",
        "same",
        "she",
        "should",
        "so",
        "some",
        "such",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "through",
        "to",
        "too",
        "under",
        "until",
        "up",
        "very",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "whom",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
        "according",
        "based",
        "following",
        "mentioned",
        "provided",
        "source",
        "sources",
        "document",
        "documents",
        "passage",
        "answer",
        "question",
        "context",
        "information",
        "states",
        "stated",
        "says",
        "please",
        "tell",
        "give",
    ]
)
NEGATIONS = frozenset(
    [
        "not",
        "no",
        "never",
        "none",
        "neither",
        "nor",
        "without",
        "cannot",
        "nobody",
        "nothing",
        "nowhere",
        "isn't",
        "aren't",
        "wasn't",
        "weren't",
        "don't",
        "doesn't",
        "didn't",
        "can't",
        "couldn't",
        "won't",
        "wouldn't",
        "shouldn't",
        "hasn't",
        "haven't",
        "hadn't",
    ]
)

_token = re.compile(r"\d+(?:[.,:/-]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\W_]+")
_number = re.compile(r"\d")
_citation = re.compile(r"\[\d+(?:\s*,\s*\d+)*\]")
# A single line break is a wrapped line, unless a list item, heading or table row follows.
_sentence_end = re.compile(
    r"[.!?]+[\"'”’)\]]*(?:\s*\[\d+(?:\s*,\s*\d+)*\])*(?=\s|$)|[。！？]"
    r"|\n(?:[ \t]*\n)+|\n(?=[ \t]*(?:[-*•#|>]|\(?\d{1,3}[.)])[ \t])"
)
_abbreviation = re.compile(
    r"(?:\b(?:dr|mr|mrs|ms|prof|st|no|nr|vs|etc|e\.g|i\.e|fig|approx|inc|ltd|jan|feb|mar|apr|"
    r"jun|jul|aug|sep|sept|oct|nov|dec|p|pp|vol|ca|cf)|\b[A-Z])\.$",
    re.IGNORECASE,
)
_list_number = re.compile(r"^\s*\(?\d{1,3}[.)]$")


def tokens(text: str) -> list[str]:
    """Words and numbers in order, as written; citations like [2] are not words."""
    return _token.findall(_citation.sub(" ", text))


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Snowball's English stem of a casefolded word; numbers lose thousands separators."""
    if _number.search(word):
        return re.sub(r"(?<=\d),(?=\d{3}\b)", "", word)
    return _stemmer()(word.casefold().replace("’", "'"))


@lru_cache(maxsize=1)
def _stemmer() -> Callable[[str], str]:
    from snowballstemmer import stemmer

    stem_word: Callable[[str], str] = stemmer("english").stemWord
    return stem_word


def content_stems(text: str) -> list[str]:
    """Stems of the words that carry a claim, in order."""
    return [stem(word) for word in tokens(text) if word.casefold() not in STOP_WORDS]


def numbers(text: str) -> set[str]:
    """Every number of the text, thousands separators removed."""
    return {stem(word) for word in tokens(text) if _number.search(word)}


def is_negated(text: str) -> bool:
    words = {word.casefold().replace("’", "'") for word in tokens(text)}
    return bool(words & NEGATIONS)


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Half-open spans of the sentences, without surrounding white space, in order.

    Citations that follow a full stop belong to the sentence before them.
    """
    start = 0
    for match in _sentence_end.finditer(text):
        head = text[start : match.end()]
        if match.group().startswith(".") and len(match.group()) == 1:
            tail = head.rsplit(None, 1)[-1] if head.strip() else ""
            if _abbreviation.search(tail) or _list_number.match(head):
                continue
        yield from _trimmed(text, start, match.end())
        start = match.end()
    yield from _trimmed(text, start, len(text))


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
