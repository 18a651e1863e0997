"""Words as evidence: tokens and stems."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from morgan_core.retrieval.stop_words import FILLER_WORDS, STOP_WORDS

_NO_CLAIM = STOP_WORDS | FILLER_WORDS
_token = re.compile(r"\d+(?:[.,:/-]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\W_]+")
_number = re.compile(r"\d")
_citation = re.compile(r"\[\d+(?:\s*,\s*\d+)*\]")


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


def content_words(text: str) -> list[str]:
    """The words that carry a claim, as written, in order."""
    return [word for word in tokens(text) if word.casefold() not in _NO_CLAIM]


def content_stems(text: str) -> list[str]:
    """Stems of the words that carry a claim, in order."""
    return [stem(word) for word in content_words(text)]
