"""Deciding before generation whether the documents hold anything about the question."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from morgan_core.retrieval.mismatch import Question
from morgan_core.types import Passage

COVERAGE_WEIGHT = 0.4
SENTENCE_WEIGHT = 0.2

DENIAL_WEIGHT = 0.2
OPPOSITE_WEIGHT = 0.2
NUMBER_WEIGHT = 0.1
NAME_WEIGHT = 0.1
"""What a mismatch takes away. On SQuAD 2.0 the four together raise the AUROC by .003 [.002, .004]
for questions whose article was left out and by .036 [.031, .041] for those whose paragraph is there
without the answer (paired bootstrap, 95 %); within .002 or better for each of the eight articles.

Tried without more gain, always on articles held out: 26 features in a logistic regression (.982);
spread and gaps of both lists; how much of the question no document holds; weighing mismatches over
all passages instead of one by one. The cosine of the best sentence gains .002, and would need an
embedding of every sentence."""

THRESHOLD = 0.57
"""Measured on eight articles of SQuAD 2.0 with all-MiniLM-L6-v2, between questions whose article is
in the library and questions whose article was left out: AUROC .983; here 3.9 % of the answerable
questions are refused and 91.5 % of the others (threshold from the other articles: 3.8 %, 91.6 %).
The cosine alone: AUROC .937; the best BM25 score per query term beside it .980, when the article is
left out of the weights of the words, too (.985 when it is not), and BM25 scores grow with the
library, and a threshold on them with it. Another embedder has other cosines, for which this is not
calibrated."""

WORDS_THRESHOLD = 0.13
"""By words alone: AUROC .941, 3.7 % and 72 %; without what mismatches take away .929 and 59 %."""


def is_relevant(question: str, passages: Sequence[Passage], *, words_only: bool) -> bool:
    """Whether one of the best passages is about the question at all."""
    return relevance(question, passages) >= threshold(words_only=words_only)


def threshold(*, words_only: bool) -> float:
    """The least signal of documents that hold something about the question."""
    return WORDS_THRESHOLD if words_only else THRESHOLD


def relevance(question: str, passages: Sequence[Passage]) -> float:
    """The signal that ``is_relevant`` compares with its threshold: the best passage's cosine, and
    how much of the question it and its best sentence hold, less what it says otherwise; never below
    0, and 0 without passages.

    A passage that the dense half did not return counts by its words.
    """
    asked = Question(question)
    return max((_signal(asked, passage) for passage in passages), default=0.0)


def _signal(asked: Question, passage: Passage) -> float:
    scores = passage.scores
    words = COVERAGE_WEIGHT * scores.coverage + SENTENCE_WEIGHT * scores.sentence
    found = asked.mismatch(passage.text, f"{PurePath(passage.path).stem} {passage.heading}")
    less = (
        DENIAL_WEIGHT * found.denial
        + OPPOSITE_WEIGHT * found.opposite
        + NUMBER_WEIGHT * found.number
        + NAME_WEIGHT * found.name
    )
    return max(0.0, (scores.dense or 0.0) + words - less)
