"""An embedder behind an OpenAI-compatible ``/v1/embeddings``."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from morgan_core.embedding.base import EmbedderInfo, TextKind
from morgan_core.embedding.catalogue import describe
from morgan_core.errors import ModelError, RemoteError, Unavailable
from morgan_core.settings import Settings
from morgan_core.types import WorkerInfo

if TYPE_CHECKING:
    import aiohttp

BATCH_SIZE = 64
ATTEMPTS = 5
FIRST_DELAY = 0.5
LONGEST_DELAY = 30.0
TIMEOUT = 60.0
PASSAGE_REQUESTS = 2  # at a time, so that a query finds the host free
REST_AFTER_FAILURE = 10.0

log = logging.getLogger(__name__)


class _Again(Exception):
    """The request failed in a way that another attempt may cure. ``after`` is seconds."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class RemoteEmbedder:
    """An ``Embedder`` over HTTP.

    429, 5xx and lost connections are tried again, ``attempts`` times in all, with a delay that
    doubles from ``first_delay`` seconds and honours Retry-After. After a failure it counts as
    not ready for ten seconds, so that searches go by words and do not wait for a dead host.
    """

    def __init__(
        self, settings: Settings, *, attempts: int = ATTEMPTS, first_delay: float = FIRST_DELAY
    ) -> None:
        self._info = describe(settings)
        self._url = _endpoint(settings.embedding_base_url)
        self._key = settings.embedding_api_key
        self._batch_size = settings.embedding_batch_size or BATCH_SIZE
        self._attempts = attempts
        self._first_delay = first_delay
        self._passages = asyncio.Semaphore(PASSAGE_REQUESTS)
        self._session: aiohttp.ClientSession | None = None
        self._stopped = False
        self._resting_until = 0.0

    @property
    def info(self) -> EmbedderInfo:
        return self._info

    @property
    def ready(self) -> bool:
        return not self._stopped and time.monotonic() >= self._resting_until

    @property
    def worker(self) -> WorkerInfo | None:
        return None

    async def start(self) -> None:
        self._stopped = False

    async def stop(self) -> None:
        self._stopped = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def embed(self, texts: Sequence[str], kind: TextKind) -> bytes:
        """See ``Embedder.embed``. Raises RemoteError when the host refuses, Unavailable when it
        cannot be reached, ModelError when its vectors are not of the expected length."""
        batches = [
            list(texts[i : i + self._batch_size]) for i in range(0, len(texts), self._batch_size)
        ]
        return b"".join(
            await asyncio.gather(*(self._embed_batch(batch, kind) for batch in batches))
        )

    async def _embed_batch(self, texts: list[str], kind: TextKind) -> bytes:
        if kind == "query":
            return await self._persist(texts)
        async with self._passages:
            return await self._persist(texts)

    async def _persist(self, texts: list[str]) -> bytes:
        """Ask until there is an answer or the attempts are used up."""
        for attempt in range(1, self._attempts + 1):
            if self._stopped:
                raise Unavailable("The embedder is stopped.")
            try:
                vectors = self._vectors(await self._ask(texts), len(texts))
            except _Again as error:
                self._resting_until = time.monotonic() + REST_AFTER_FAILURE
                if attempt == self._attempts:
                    raise Unavailable(
                        f"The embedder at {self._url} does not answer: {error}.",
                        mend="Check embedding_base_url and that the host runs.",
                    ) from error
                await asyncio.sleep(self._delay(attempt, error.after))
            else:
                self._resting_until = 0.0
                return vectors
        raise AssertionError("unreachable")

    def _delay(self, attempt: int, asked: float | None) -> float:
        if asked is not None:
            return min(asked, LONGEST_DELAY)
        delay: float = self._first_delay * 2 ** (attempt - 1)
        return min(delay, LONGEST_DELAY) * random.uniform(0.8, 1.2)

    async def _ask(self, texts: list[str]) -> Any:
        import aiohttp

        headers = {}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        body = {"model": self._info.name, "input": texts, "encoding_format": "float"}
        try:
            async with self._open().post(self._url, json=body, headers=headers) as response:
                if response.status == 429 or response.status >= 500:
                    raise _Again(
                        f"status {response.status}", _seconds(response.headers.get("Retry-After"))
                    )
                if response.status != 200:
                    raise self._refused(response.status, await response.text())
                return await response.json(content_type=None)
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
            raise _Again(str(error) or type(error).__name__) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise RemoteError(f"The embedder at {self._url} answers nonsense: {error}.") from error

    def _open(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT, connect=10)
            self._session = aiohttp.ClientSession(timeout=timeout)
        return self._session

    def _refused(self, status: int, body: str) -> RemoteError:
        mend = {
            401: "Check embedding_api_key.",
            403: "Check embedding_api_key.",
            404: "Check embedding_base_url and embedding_model.",
        }.get(status, "")
        reason = "".join(c if c.isprintable() else " " for c in body)[:300].strip()
        return RemoteError(
            f"The embedder at {self._url} refuses (status {status}): {reason}", mend=mend
        )

    def _vectors(self, answer: Any, count: int) -> bytes:
        """The rows of ``answer`` in the order of the texts, normalised."""
        try:
            rows = {int(item["index"]): item["embedding"] for item in answer["data"]}
            ordered = [rows[i] for i in range(count)]
        except (KeyError, TypeError, ValueError) as error:
            raise RemoteError(
                f"The embedder at {self._url} answers nonsense: no embedding for every text."
            ) from error
        for row in ordered:
            if not isinstance(row, list) or len(row) != self._info.dimension:
                length = len(row) if isinstance(row, list) else 0
                raise ModelError(
                    f"{self._info.name} at {self._url} gives vectors of length {length}, "
                    f"not {self._info.dimension}.",
                    mend="Set embedding_dimension to the model's own, or correct embedding_model.",
                )
        return _normalised(ordered)


def _normalised(rows: list[list[float]]) -> bytes:
    import numpy as np

    try:
        vectors = np.asarray(rows, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise RemoteError(
            f"The remote embedder gave vectors that are no numbers: {error}."
        ) from error
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(norms).all():
        raise RemoteError("The remote embedder gave vectors that are no numbers.")
    scaled: bytes = (vectors / np.maximum(norms, 1e-12)).astype(np.float32).tobytes()
    return scaled


def _endpoint(base: str) -> str:
    """``…/v1/embeddings``, whether or not ``base`` ends with ``/v1``."""
    base = base.rstrip("/")
    if base.endswith("/embeddings"):
        return base
    return f"{base}/embeddings" if base.endswith("/v1") else f"{base}/v1/embeddings"


def _seconds(header: str | None) -> float | None:
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None
