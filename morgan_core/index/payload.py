"""What a point carries beside its vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from morgan_core.index.base import Chunk

DENSE = "dense"
BM25 = "bm25"
ALIAS = "morgan_knowledge"

# ``version`` joins document and revision, so that one facet counts the points of each.
KEYWORD_FIELDS = ("document_id", "folders", "language", "version")
INTEGER_FIELDS = ("revision", "average")

CHUNK_FIELDS = Chunk.__struct_fields__
"""What of a payload makes the chunk; the rest is for filters and facets."""


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
        "start": chunk.start,
        "end": chunk.end,
        "paths": list(chunk.paths),
        "folders": list(chunk.folders),
        "language": chunk.language,
        "length": length,
        "average": average,
    }


def chunk_of(point_id: str, payload: Mapping[str, Any]) -> Chunk:
    return Chunk(
        id=point_id,
        document_id=payload["document_id"],
        revision=payload["revision"],
        ordinal=payload["ordinal"],
        text=payload["text"],
        page=payload.get("page"),
        heading=payload["heading"],
        place=payload["place"],
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
