"""Measures of a ranking against judgements, as trec_eval and BEIR compute them.

A ranking is a list of document ids, best first; judgements map document ids to relevance, where
0 and less is not relevant and a document without judgement counts as not relevant. Averages are
over the queries that have a relevant document, as in BEIR; a query without results counts 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from morgan_core.types import Record

Judgements = Mapping[str, int]
Measure = Callable[[Sequence[str], Judgements], float]


class PerQuery(Record, frozen=True, kw_only=True):
    """Each measure query by query, in the order of ``queries``; every value is from 0 to 1."""

    queries: tuple[str, ...]
    ndcg_at_10: tuple[float, ...]
    recall_at_100: tuple[float, ...]
    mrr_at_10: tuple[float, ...]


def measure(
    rankings: Mapping[str, Sequence[str]], judgements: Mapping[str, Judgements]
) -> PerQuery:
    """Measure ``rankings`` by query id. Raises ValueError when no query has a relevant document."""
    judged = {query: found for query, found in judgements.items() if relevant(found)}
    if not judged:
        raise ValueError("No query has a relevant document.")

    def each(value: Measure) -> tuple[float, ...]:
        return tuple(value(rankings.get(query, ()), found) for query, found in judged.items())

    return PerQuery(
        queries=tuple(judged),
        ndcg_at_10=each(lambda ranking, found: ndcg(ranking, found, 10)),
        recall_at_100=each(lambda ranking, found: recall(ranking, found, 100)),
        mrr_at_10=each(lambda ranking, found: reciprocal_rank(ranking, found, 10)),
    )


def ndcg(ranking: Sequence[str], judgements: Judgements, depth: int) -> float:
    """Normalised discounted cumulative gain of the first ``depth``: the gain is the relevance
    itself (linear), discounted by log2(rank + 1). Järvelin and Kekäläinen 2002; trec_eval's
    ndcg_cut. 0 when nothing is relevant."""
    best = sorted((max(grade, 0) for grade in judgements.values()), reverse=True)
    ideal = _discounted(best[:depth])
    if not ideal:
        return 0.0
    gains = (max(judgements.get(document, 0), 0) for document in ranking[:depth])
    return _discounted(gains) / ideal


def recall(ranking: Sequence[str], judgements: Judgements, depth: int) -> float:
    """The share of the relevant documents among the first ``depth``; 0 when nothing is relevant."""
    wanted = relevant(judgements)
    return len(wanted & set(ranking[:depth])) / len(wanted) if wanted else 0.0


def reciprocal_rank(ranking: Sequence[str], judgements: Judgements, depth: int) -> float:
    """1 / rank of the first relevant document among the first ``depth``; 0 without one."""
    wanted = relevant(judgements)
    ranks = (rank for rank, found in enumerate(ranking[:depth], start=1) if found in wanted)
    return 1 / next(ranks, math.inf)


def relevant(judgements: Judgements) -> set[str]:
    """The documents judged relevant."""
    return {document for document, grade in judgements.items() if grade > 0}


def documents_of(passages: Iterable[str]) -> list[str]:
    """The ranking of documents that a ranking of passages makes, given as their document ids:
    each document stands where its best passage does."""
    return list(dict.fromkeys(passages))


def _discounted(gains: Iterable[float]) -> float:
    return math.fsum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))
