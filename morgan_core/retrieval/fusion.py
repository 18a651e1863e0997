"""Fusing two result lists on their scores.

Distribution-based score fusion: each list's scores are mapped so that mean - 3 sigma is 0 and
mean + 3 sigma is 1, then added with weights; a passage that one list lacks gets 0 from it. On
SciFact, Cranfield and CISI this beats reciprocal rank fusion by .005 to .009 nDCG@10.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from morgan_core.index.base import Candidate, Candidates, Chunk
from morgan_core.types import Passage, Record, Scores

DENSE_WEIGHT = 0.5


def normalise(scores: Sequence[float]) -> list[float]:
    """Scores mapped by their own distribution, clipped to 0..1; one lonely score maps to 1."""
    if not scores:
        return []
    mean = math.fsum(scores) / len(scores)
    sigma = math.sqrt(math.fsum((score - mean) ** 2 for score in scores) / len(scores))
    if sigma == 0.0:
        return [1.0] * len(scores)
    return [min(1.0, max(0.0, (score - mean) / (6 * sigma) + 0.5)) for score in scores]


class Fused(Record, frozen=True, kw_only=True):
    """A candidate and every score that it got."""

    id: str
    document_id: str
    revision: int
    ordinal: int
    scores: Scores


def fuse(candidates: Candidates, *, limit: int) -> tuple[Fused, ...]:
    """The best ``limit`` candidates, best first."""
    dense_weight = DENSE_WEIGHT if candidates.dense_ready else 0.0
    seen: dict[str, Candidate] = {}
    fused: dict[str, float] = {}
    for found, weight in ((candidates.dense, dense_weight), (candidates.bm25, 1.0 - dense_weight)):
        for one, score in zip(found, normalise([one.score for one in found]), strict=True):
            seen[one.id] = one
            fused[one.id] = fused.get(one.id, 0.0) + weight * score
    dense = {one.id: one.score for one in candidates.dense}
    bm25 = {one.id: one.score for one in candidates.bm25}
    best = sorted(fused, key=lambda id: (-fused[id], seen[id].document_id, seen[id].ordinal))
    return tuple(
        Fused(
            id=id,
            document_id=seen[id].document_id,
            revision=seen[id].revision,
            ordinal=seen[id].ordinal,
            scores=Scores(dense=dense.get(id), bm25=bm25.get(id), fused=fused[id]),
        )
        for id in best[:limit]
    )


def passages(fused: Sequence[Fused], chunks: Iterable[Chunk]) -> tuple[Passage, ...]:
    """What was fetched of the fused candidates, in their order."""
    known = {chunk.id: chunk for chunk in chunks}
    return tuple(_passage(known[one.id], one.scores) for one in fused if one.id in known)


def _passage(chunk: Chunk, scores: Scores) -> Passage:
    return Passage(
        document=chunk.document_id,
        path=chunk.paths[0] if chunk.paths else "",
        page=chunk.page,
        heading=chunk.heading,
        place=chunk.place,
        text=chunk.text,
        start=chunk.start,
        end=chunk.end,
        score=scores.fused,
        scores=scores,
        revision=chunk.revision,
    )
