"""A finished answer with everything that can be told of it."""

from __future__ import annotations

from morgan_core.types import (
    Answer,
    Conflict,
    ConflictSide,
    Considered,
    Elsewhere,
    HistoryUse,
    Passage,
    PromptUse,
    Retrieval,
    Scores,
    Source,
    SourceUse,
    Timings,
    Usage,
    Why,
)


def found(at: int, fate: str, n: int | None, **scores: float) -> Considered:
    return Considered(
        document=f"d{at}",
        path=f"/papers/lease-of-the-house-in-the-north-{at}.pdf",
        page=at,
        start=0,
        end=900,
        score=1.5 - at / 10,
        scores=Scores(**{"dense": 0.6, "bm25": 12.34, "fused": 0.8} | scores),
        fate=fate,  # type: ignore[arg-type]
        n=n,
    )


def source(n: int, **fields) -> Source:
    return Source(
        n=n,
        passage=Passage(
            document=f"d{n}",
            path=f"/papers/lease-{n}.pdf",
            page=n,
            heading="Term",
            text="x" * 900,
            start=0,
            end=900,
            score=1.0,
            scores=Scores(),
            **fields,
        ),
    )


def side(n: int, name: str, value: str, day: int = 0, **fields) -> ConflictSide:
    """What ``name`` says; ``day`` counts from 1 January 2026, 0 for a day that is not known."""
    return ConflictSide(
        n=n,
        document=f"d{n}",
        path=f"/papers/{name}",
        page=None,
        start=0,
        end=20,
        quote=fields.pop("quote", f"The notice is {value}."),
        value=value,
        modified=1767268800.0 + 86400 * (day - 1) if day else 0.0,
        **fields,
    )


CONFLICT = Conflict(
    kind="number",
    sides=(
        side(2, "new\x1b[2J.md", "14 days", 60),
        side(1, "old.md", "30 days", 2, sentences=(0,)),
    ),
)
COPY = Elsewhere(document="d9", path="/old/\x1b[2Jlease.pdf")
WHY = Why(
    retrieval=Retrieval(
        query="When does the lease end?\nAnd the deposit?",
        rewritten="rule",
        signal=0.912,
        threshold=0.6,
        considered=(
            found(1, "source", 1),
            found(2, "merged", 1),
            found(3, "duplicate", 1),
            found(4, "source", 2, rerank=0.25),
            found(5, "crowded", None),
            found(6, "beyond", None),
        ),
    ),
    prompt=PromptUse(
        model="smollm2",
        window=8192,
        reserved=512,
        tokens=900,
        budget=700,
        sources=(
            SourceUse(n=1, start=0, end=900, tokens=300),
            SourceUse(n=2, start=100, end=120, tokens=150, limit="first_token"),
            SourceUse(n=3, limit="first_token"),
        ),
        history=HistoryUse(turns=2, earlier=5, cut_sources=2, cut_turns=3, by="model"),
        context_sent=1200,
        context_total=9000,
    ),
)
ANSWER = Answer(
    answer="In May.",
    sources=(source(1, also_in=(COPY,)), source(2), source(3)),
    usage=Usage(prompt_tokens=900, cached_tokens=400, completion_tokens=10),
    timings=Timings(search_ms=200, first_token_ms=1500, total_ms=4000),
    why=WHY,
)
