"""Comparing an answer with known ones, as SQuAD's evaluation script does."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_CITATION = re.compile(r"\s*\[\d+(?:\s*,\s*\d+)*\]")


def normalised(text: str) -> str:
    """Lower case, without punctuation, articles, citations and extra white space."""
    text = _CITATION.sub("", text).lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", text).split())


def exact_match(answer: str, known: Iterable[str]) -> float:
    """1 when ``answer`` is one of ``known``, else 0."""
    return float(any(normalised(answer) == normalised(one) for one in known))


def f1(answer: str, known: Iterable[str]) -> float:
    """The best overlap in words with one of ``known``: harmonic mean of precision and recall."""
    return max(
        (_overlap(normalised(answer).split(), normalised(k).split()) for k in known), default=0.0
    )


def contains(text: str, known: Iterable[str]) -> bool:
    """Whether ``text`` holds the words of one of ``known`` next to each other."""
    inside = f" {normalised(text)} "
    return any(f" {one} " in inside for one in map(normalised, known) if one)


def _overlap(ours: list[str], theirs: list[str]) -> float:
    common = sum((Counter(ours) & Counter(theirs)).values())
    if not common:
        return 0.0
    precision, recall = common / len(ours), common / len(theirs)
    return 2 * precision * recall / (precision + recall)
