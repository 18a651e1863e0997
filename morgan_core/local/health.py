"""The state of every part, asked now and within a time limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from morgan_core import __version__
from morgan_core.errors import MorganError
from morgan_core.types import Health, WorkerInfo

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from morgan_core.embedding.base import Embedder
    from morgan_core.library.service import LibraryService
    from morgan_core.local.models import LocalModels
    from morgan_core.retrieval.reranking import Reranking
    from morgan_core.settings import Settings

TIMEOUT_SECONDS = 2.0
_NEEDED = ("llm", "library", "database")


class HealthReport:
    """Asks the parts. ``began`` is when this owner started, on the monotonic clock."""

    def __init__(self, settings: Settings, began: float) -> None:
        self._settings = settings
        self._began = began

    async def now(
        self,
        *,
        engine: AsyncEngine | None,
        library: LibraryService | None,
        embedder: Embedder | None,
        models: LocalModels | None,
        reranking: Reranking | None = None,
    ) -> Health:
        if engine is None or library is None or embedder is None or models is None:
            return self._health({"core": "starting"}, ())
        index = "qdrant" if self._settings.qdrant_url else "index"
        rerank = reranking.reranker.worker if reranking is not None else None
        workers = tuple(w for w in (library.worker, embedder.worker, rerank) if w is not None)
        components = {
            "llm": models.component(),
            "embedder": _embedder(embedder),
            "database": await _asked(_select(engine)),
        }
        if reranking is not None:
            components["reranker"] = _reranker(reranking)
        state = library.worker.state
        if state == "ready":
            answers = await _asked(counts := asyncio.ensure_future(library.counts()))
            components["library"] = components[index] = answers
            if answers == "ok" and counts.result().paused:
                components["library"] = "paused"
        else:
            components["library"] = components[index] = _worker(library.worker)
        return self._health(components, workers)

    def _health(self, components: Mapping[str, str], workers: tuple[WorkerInfo, ...]) -> Health:
        return Health(
            status=_status(components),
            components=dict(components),
            version=__version__,
            uptime_seconds=time.monotonic() - self._began,
            workers=workers,
            remote_hosts=_remote_hosts(self._settings),
        )


def _status(components: Mapping[str, str]) -> Literal["ok", "starting", "degraded", "error"]:
    failed = {name for name, state in components.items() if state.startswith("error")}
    if failed & set(_NEEDED):
        return "error"
    if failed:
        return "degraded"
    if any(state not in ("ok", "not loaded", "paused") for state in components.values()):
        return "starting"
    return "ok"


def _embedder(embedder: Embedder) -> str:
    if embedder.ready:
        return "ok"
    return "not loaded" if embedder.worker is None else _worker(embedder.worker)


def _reranker(reranking: Reranking) -> str:
    worker = reranking.reranker.worker
    if worker is not None and worker.state != "ready":
        return _worker(worker)
    if reranking.error:
        return f"error: {reranking.error}"
    return "ok" if reranking.reranker.ready else "not loaded"


def _worker(worker: WorkerInfo) -> str:
    match worker.state:
        case "ready":
            return "ok"
        case "failed":
            return f"error: {worker.reason}"
        case "stopped":
            return "not loaded"
        case _:
            return "loading…"


async def _asked(question: Awaitable[object]) -> str:
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await question
    except TimeoutError:
        return f"error: no answer within {TIMEOUT_SECONDS:g} s"
    except MorganError as error:
        return f"error: {error.message}"
    except OSError as error:
        return f"error: {error.strerror or type(error).__name__}"
    return "ok"


async def _select(engine: AsyncEngine) -> None:
    from morgan_core.storage.engine import ping

    await ping(engine)


def _remote_hosts(settings: Settings) -> tuple[str, ...]:
    urls = (
        settings.llm_base_url,
        settings.embedding_base_url,
        settings.reranker_url,
        settings.qdrant_url,
        settings.redis_url,
        settings.database_url,
    )
    hosts = (urlsplit(url).hostname for url in urls if url)
    return tuple(dict.fromkeys(host for host in hosts if host))
