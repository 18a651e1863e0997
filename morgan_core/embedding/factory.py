"""Which embedder the settings ask for."""

from __future__ import annotations

from collections.abc import Callable

from morgan_core.embedding.base import Embedder
from morgan_core.paths import Paths
from morgan_core.settings import Settings
from morgan_core.types import WorkerInfo


def make_embedder(
    settings: Settings, paths: Paths, *, on_state: Callable[[WorkerInfo], None] | None = None
) -> Embedder:
    """The remote embedder when ``embedding_base_url`` is set, else a child process.

    Raises ModelError when the model is missing.
    """
    if settings.embedding_base_url:
        from morgan_core.embedding.remote import RemoteEmbedder

        return RemoteEmbedder(settings)
    from morgan_core.embedding.local import LocalEmbedder

    return LocalEmbedder(settings, paths, on_state=on_state)
