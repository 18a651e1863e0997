"""Which reranker the settings ask for."""

from __future__ import annotations

from collections.abc import Callable

from morgan_core.errors import ModelError
from morgan_core.paths import Paths
from morgan_core.rerank.base import AbsentReranker, Reranker
from morgan_core.settings import Settings
from morgan_core.types import WorkerInfo


def make_reranker(
    settings: Settings, paths: Paths, *, on_state: Callable[[WorkerInfo], None] | None = None
) -> Reranker | None:
    """The remote reranker when ``reranker_url`` is set, a child process when only
    ``reranker_model`` is; None without either. A model that is missing gives one that says so."""
    if settings.reranker_url:
        from morgan_core.rerank.remote import RemoteReranker

        return RemoteReranker(settings)
    if not settings.reranker_model:
        return None
    from morgan_core.rerank.local import LocalReranker

    try:
        return LocalReranker(settings, paths, on_state=on_state)
    except ModelError as error:
        return AbsentReranker(error)
