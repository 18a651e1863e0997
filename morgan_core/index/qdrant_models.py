"""Filters and sparse vectors in the words of ``qdrant_client.models``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from morgan_core.types import Scope

if TYPE_CHECKING:
    from qdrant_client import models


def sparse(indices: list[int], values: list[float]) -> models.SparseVector:
    from qdrant_client import models

    return models.SparseVector(indices=indices, values=values)


def document_filter(document_id: str, *, keep_revision: int | None = None) -> models.Filter:
    from qdrant_client import models

    kept: list[models.Condition] = []
    if keep_revision is not None:
        match = models.MatchValue(value=keep_revision)
        kept.append(models.FieldCondition(key="revision", match=match))
    match_document = models.MatchValue(value=document_id)
    return models.Filter(
        must=[models.FieldCondition(key="document_id", match=match_document)], must_not=kept
    )


def at_filter(path: str) -> models.Filter:
    """The points whose document is at ``path`` or below it."""
    from qdrant_client import models

    match = models.MatchValue(value=path)
    return models.Filter(
        should=[models.FieldCondition(key=key, match=match) for key in ("paths", "folders")]
    )


def scope_filter(scope: Scope | None, exclude: Sequence[str]) -> models.Filter | None:
    from qdrant_client import models

    def any_of(field: str, values: Sequence[str]) -> models.FieldCondition:
        return models.FieldCondition(key=field, match=models.MatchAny(any=list(values)))

    inside: list[models.Condition] = []
    if scope and scope.documents:
        inside.append(any_of("document_id", scope.documents))
    if scope and scope.folders:
        inside.append(any_of("folders", scope.folders))
    if not inside and not exclude:
        return None
    return models.Filter(
        must=[models.Filter(should=inside)] if inside else None,
        must_not=[any_of("document_id", exclude)] if exclude else None,
    )
