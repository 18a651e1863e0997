"""Making a follow-up question stand alone, by rule and without a model."""

from __future__ import annotations

import re

from morgan_core.retrieval.words import content_stems

_refers_back = re.compile(
    r"\b(?:it|its|itself|they|them|their|theirs|he|him|his|she|hers?|that|this|those|these|"
    r"there|then|one|ones|former|latter|same|else)\b|^(?:and|but|or|so|what about|how about|why)\b",
    re.IGNORECASE,
)
MIN_STEMS = 2


def search_query(question: str, earlier: list[str]) -> str:
    """What to search for: the question, preceded by the one before it when it leans on it.

    ``earlier`` are the conversation's questions, oldest first. A question leans on the one
    before it when it refers back ("how heavy is it?") or holds hardly a word of its own.
    """
    if not earlier:
        return question
    if _refers_back.search(question) or len(content_stems(question)) < MIN_STEMS:
        return f"{earlier[-1]}\n{question}"
    return question
