"""Which index the settings ask for."""

from __future__ import annotations

from morgan_core.embedding.base import EmbedderInfo
from morgan_core.index.moving import Collection, MovingIndex
from morgan_core.paths import Paths
from morgan_core.settings import Settings


def make_index(settings: Settings, paths: Paths, info: EmbedderInfo) -> MovingIndex:
    """The remote index when ``qdrant_url`` is set, else the embedded one; not yet opened."""
    return MovingIndex(_collection(settings, paths, info))


def _collection(settings: Settings, paths: Paths, info: EmbedderInfo) -> Collection:
    if settings.qdrant_url:
        from morgan_core.index.qdrant import QdrantIndex

        key = settings.qdrant_api_key
        return QdrantIndex.at(
            settings.qdrant_url, info, api_key=key.get_secret_value() if key else None
        )
    from morgan_core.index.edge import EdgeIndex

    return EdgeIndex(paths.index, info)
