"""What the index tests share: both implementations, and small chunks."""

from __future__ import annotations

import hashlib
import uuid
from array import array
from collections.abc import Sequence
from pathlib import Path

from morgan_core.embedding.base import EmbedderInfo
from morgan_core.index.base import Chunk, VectorIndex
from morgan_core.index.edge import EdgeIndex
from morgan_core.index.qdrant import QdrantIndex

INFO = EmbedderInfo(name="test-model", dimension=4, max_tokens=16)


def make(kind: str, directory: Path, info: EmbedderInfo = INFO) -> VectorIndex:
    return EdgeIndex(directory, info) if kind == "edge" else QdrantIndex.local(directory, info)


def chunk(
    text: str,
    document: str = "lease",
    *,
    revision: int = 1,
    ordinal: int = 0,
    folders: Sequence[str] = ("/home", "/home/papers"),
    language: str = "en",
) -> Chunk:
    digest = hashlib.sha256(text.encode()).hexdigest()
    name = f"{document}/{revision}/{digest}/{ordinal}"
    return Chunk(
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        document_id=document,
        revision=revision,
        ordinal=ordinal,
        text=text,
        page=3,
        heading="Terms",
        start=10,
        end=10 + len(text),
        paths=(f"{folders[-1]}/{document}.md",),
        folders=tuple(folders),
        language=language,
    )


def vectors(*rows: Sequence[float]) -> bytes:
    return b"".join(array("f", row).tobytes() for row in rows)
