"""The reranker child: a cross-encoder on a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from morgan_core.embedding.cross_encoder import Judge, load_judge
from morgan_core.worker.channel import Handler
from morgan_core.worker.main import Parent

log = logging.getLogger(__name__)


class RerankerService:
    """Scores one query after the other; the event loop stays free."""

    def __init__(self, judge: Judge, thread: ThreadPoolExecutor) -> None:
        self._judge = judge
        self._thread = thread
        self.handlers: Mapping[str, Handler] = {"scores": self._scores}

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _scores(self, query: str, texts: list[str]) -> list[float]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._judge.scores, query, texts)


async def start(config: dict[str, Any], _parent: Parent) -> RerankerService:
    """Load the model of ``config``: ``directory`` and ``device``."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="reranker")
    judge = await asyncio.get_running_loop().run_in_executor(
        thread, load_judge, Path(config["directory"]), config["device"], os.cpu_count() or 1
    )
    log.info("%s is loaded", config["directory"])
    return RerankerService(judge, thread)
