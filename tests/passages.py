"""Passages and sources that hold a text, with what a test does not care for filled in."""

from __future__ import annotations

from morgan_core.types import Passage, Scores, Source


def passage_of(
    text: str,
    *,
    document: str = "d",
    path: str = "/d.txt",
    heading: str = "",
    start: int = 0,
    **scores: float,
) -> Passage:
    """A passage that is ``text``, ``start`` characters into its document."""
    return Passage(
        document=document,
        path=path,
        page=None,
        heading=heading,
        text=text,
        start=start,
        end=start + len(text),
        score=1.0,
        scores=Scores(**scores),
    )


def source_of(n: int, text: str, path: str = "", **fields) -> Source:
    """The source [n], a document of its own; ``fields`` as in ``passage_of``."""
    fields = {"document": f"d{n}"} | fields
    return Source(n=n, passage=passage_of(text, path=path or f"/docs/d{n}.txt", **fields))
