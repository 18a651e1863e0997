"""The embedder child: sentence-transformers behind a queue in which queries go first."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from morgan_core.embedding.base import TextKind
from morgan_core.embedding.batches import Pace, Queue, Request
from morgan_core.embedding.checksum import check_weights
from morgan_core.embedding.model import Model, load
from morgan_core.errors import ModelError, MorganError
from morgan_core.worker.channel import Handler
from morgan_core.worker.main import Parent

log = logging.getLogger(__name__)


class EmbedderService:
    """Runs the model on one thread of its own; the event loop stays free to take queries."""

    def __init__(self, model: Model, config: Mapping[str, Any], thread: ThreadPoolExecutor) -> None:
        self._model = model
        self._dimension: int = config["dimension"]
        self._pace = Pace(
            config["max_tokens"], fixed=model.gpu_batch_size(), limit=config["batch_size"]
        )
        self._thread = thread
        self._queue = Queue()
        self._wake = asyncio.Event()
        self._working = asyncio.create_task(self._work())
        self.handlers: dict[str, Handler] = {"embed": self.embed, "device": self.device}

    async def close(self) -> None:
        self._working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._working

    async def device(self) -> str:
        return self._model.device

    async def embed(self, texts: list[str], kind: TextKind) -> dict[str, Any]:
        """``vectors``: normalised float32 bytes, shape (len(texts), dimension)."""
        if not texts:
            return {"vectors": b"", "dimension": self._dimension}
        request = Request(texts, kind)
        self._queue.add(request)
        self._wake.set()
        await request.done
        return {
            "vectors": b"".join(row for row in request.rows if isinstance(row, bytes)),
            "dimension": self._dimension,
        }

    async def _work(self) -> None:
        while True:
            request = self._queue.first()
            if request is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            try:
                await self._pass(request)
            except MorganError as error:
                _fail(request, error)
            except Exception as error:
                log.exception("embedding failed")
                _fail(request, ModelError(f"The embedder failed: {error}."))

    async def _pass(self, request: Request) -> None:
        """Embed the next micro-batch of ``request``."""
        length = request.next_length()
        positions = request.take(self._pace.batch_size(length))
        texts = [request.texts[i] for i in positions]
        began = time.perf_counter()
        vectors = await asyncio.get_running_loop().run_in_executor(
            self._thread, self._model.encode, texts, request.kind
        )
        self._pace.record(len(texts), length, time.perf_counter() - began)
        size = 4 * self._dimension
        if len(vectors) != size * len(texts):
            raise ModelError(
                f"The model gives vectors of length {len(vectors) // len(texts) // 4}, "
                f"not {self._dimension}.",
                mend="Check embedding_model.",
            )
        for row, position in enumerate(positions):
            request.rows[position] = vectors[row * size : (row + 1) * size]
        if request.taken and not request.done.done():
            request.done.set_result(None)


def _fail(request: Request, error: MorganError) -> None:
    if not request.done.done():
        request.done.set_exception(error)


async def start(config: dict[str, Any], parent: Parent) -> EmbedderService:
    """Check the weights and load the model, telling the parent the ``stage``."""
    thread = ThreadPoolExecutor(1, thread_name_prefix="embedder")
    loop = asyncio.get_running_loop()
    directory = Path(config["directory"])
    if config["sha256"]:
        await parent.notify("progress", stage="checking")
        weights = directory / "model.safetensors"
        await loop.run_in_executor(
            thread, check_weights, weights, config["sha256"], Path(config["checked"])
        )
    await parent.notify("progress", stage="loading")
    model = await loop.run_in_executor(
        thread,
        load,
        directory,
        config["device"],
        config.get("threads") or os.cpu_count() or 1,
        config.get("prompts"),
    )
    log.info("%s is loaded on %s", config["name"], model.device)
    await parent.notify("progress", stage="ready")
    return EmbedderService(model, config, thread)
