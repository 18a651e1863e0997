"""What a point carries beside its vectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from morgan_core.index.base import Candidate, Candidates, Chunk
from morgan_core.index.context import in_context

DENSE = "dense"
BM25 = "bm25"
ALIAS = "morgan_knowledge"

# ``version`` joins document and revision, so that one facet counts the points of each.
KEYWORD_FIELDS = ("document_id", "folders", "language", "version")
INTEGER_FIELDS = ("revision", "average")

CHUNK_FIELDS = Chunk.__struct_fields__
"""What of a payload makes the chunk; the rest is for filters and facets."""

CANDIDATE_FIELDS = ("id", "document_id", "revision", "ordinal")
"""What of a payload makes a candidate; its score is the point's."""


WORDS_FIELDS = ("title", "heading", "text", "language")
"""What of a payload its words are counted from."""


def words_of(payload: Mapping[str, Any]) -> str:
    """``Chunk.indexed_text`` of the chunk that the payload is of."""
    return in_context(payload["title"], payload["heading"], payload["text"])


def payload_of(chunk: Chunk, *, length: int, average: int) -> dict[str, Any]:
    """``length`` is the chunk's number of terms, ``average`` the one it was weighed with."""
    return {
        # The point has it too, but as a UUID, whose conversion costs more than all the rest.
        "id": chunk.id,
        "document_id": chunk.document_id,
        "revision": chunk.revision,
        "version": f"{chunk.document_id}#{chunk.revision}",
        "ordinal": chunk.ordinal,
        "text": chunk.text,
        "page": chunk.page,
        "heading": chunk.heading,
        "place": chunk.place,
        "title": chunk.title,
        "start": chunk.start,
        "end": chunk.end,
        "paths": list(chunk.paths),
        "folders": list(chunk.folders),
        "language": chunk.language,
        "length": length,
        "average": average,
    }


def candidate_of(payload: Mapping[str, Any], score: float) -> Candidate:
    return Candidate(
        id=payload["id"],
        document_id=payload["document_id"],
        revision=payload["revision"],
        ordinal=payload["ordinal"],
        score=score,
    )


def candidates_of(found: Mapping[str, Sequence[Candidate]], *, dense_ready: bool) -> Candidates:
    """The lists that were asked for, by the name of their vector."""
    return Candidates(
        dense=tuple(found.get(DENSE, ())), bm25=tuple(found.get(BM25, ())), dense_ready=dense_ready
    )


def in_order(ids: Sequence[str], chunks: Iterable[Chunk]) -> list[Chunk]:
    """The chunks in the order of ``ids``, which may name some that are not there."""
    known = {chunk.id: chunk for chunk in chunks}
    return [known[id] for id in ids if id in known]


def chunk_of(payload: Mapping[str, Any]) -> Chunk:
    return Chunk(
        id=payload["id"],
        document_id=payload["document_id"],
        revision=payload["revision"],
        ordinal=payload["ordinal"],
        text=payload["text"],
        page=payload.get("page"),
        heading=payload["heading"],
        place=payload["place"],
        title=payload["title"],
        start=payload["start"],
        end=payload["end"],
        paths=tuple(payload["paths"]),
        folders=tuple(payload["folders"]),
        language=payload["language"],
    )


def versions_of(counts: Mapping[str, int]) -> dict[str, dict[int, int]]:
    """``{"id#revision": points}`` as ``{id: {revision: points}}``."""
    documents: dict[str, dict[int, int]] = {}
    for version, points in counts.items():
        document, _, revision = version.rpartition("#")
        documents.setdefault(document, {})[int(revision)] = points
    return documents
