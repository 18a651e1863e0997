"""Dense vectors as bytes, and the names of collections."""

from __future__ import annotations

import hashlib
import math
import re
from array import array

from morgan_core.embedding.base import EmbedderInfo
from morgan_core.errors import BadInput, Unavailable
from morgan_core.index.payload import ALIAS, DENSE

COLLECTIONS = "morgan_knowledge__"
"""What the names of all collections begin with."""


def rows(vectors: bytes, count: int, dimension: int) -> list[list[float]]:
    """Float32 row-major bytes of shape (count, dimension) as lists; BadInput when they are not."""
    if len(vectors) != count * dimension * 4:
        raise BadInput(
            f"{len(vectors)} bytes of vectors were given for {count} passages of "
            f"{dimension} dimensions."
        )
    flat = array("f", vectors).tolist()
    if not math.isfinite(sum(flat)):
        raise BadInput("The vectors hold a value that is not a finite number.")
    return [flat[i : i + dimension] for i in range(0, len(flat), dimension)]


def dense_of(vectors: object) -> bytes:
    """The dense one of a point's named vectors as float32; empty when it has none."""
    dense = vectors.get(DENSE) if isinstance(vectors, dict) else None
    return array("f", dense).tobytes() if isinstance(dense, list) else b""


def info_of(collection: str) -> EmbedderInfo:
    """What a collection's name tells of its embedder; what stands for the model's name is not
    always that itself. Raises Unavailable when the collection is not one of ours."""
    model, _, dimension = collection.removeprefix(COLLECTIONS).rpartition("__")
    if not collection.startswith(COLLECTIONS) or not dimension.isdecimal():
        raise Unavailable(
            f"{ALIAS} points at {collection!r}, which is not a collection of Morgan's.",
            mend="Point it back, or delete it and start Morgan again.",
        )
    return EmbedderInfo(name=model, dimension=int(dimension), max_tokens=0)


def collection_name(info: EmbedderInfo) -> str:
    """A name that carries the model and the dimension, and is safe as a folder's."""
    slug = re.sub(r"[^a-z0-9._-]+", "-", info.name.lower()).strip("-.")[:60]
    if slug != info.name:
        slug += "-" + hashlib.sha256(info.name.encode()).hexdigest()[:8]
    return f"{COLLECTIONS}{slug}__{info.dimension}"
