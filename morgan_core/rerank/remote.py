"""A reranker over HTTP, in either of the two shapes that hosts speak.

``tei``, as Text Embeddings Inference: ``{query, texts}`` answered by ``[{index, score}]``.
``jina``, as Jina, Cohere, vLLM and llama.cpp: ``{model, query, documents, top_n}`` answered by
``{results: [{index, relevance_score}]}``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from morgan_core.errors import RemoteError, Unavailable
from morgan_core.settings import Settings
from morgan_core.types import WorkerInfo

if TYPE_CHECKING:
    import aiohttp

BATCH = 32
"""Texts per request: what Text Embeddings Inference takes unless it is told otherwise."""


class RemoteReranker:
    """A ``Reranker`` at ``reranker_url``. It is asked once; whoever asks has a fallback."""

    def __init__(self, settings: Settings) -> None:
        base = settings.reranker_url.rstrip("/")
        self._url = base if base.endswith("/rerank") else f"{base}/rerank"
        self._jina = settings.reranker_api == "jina"
        self._model = settings.reranker_model
        self._key = settings.reranker_api_key
        self._timeout = settings.reranker_timeout
        self._session: aiohttp.ClientSession | None = None

    @property
    def ready(self) -> bool:
        return True

    @property
    def worker(self) -> WorkerInfo | None:
        return None

    async def start(self) -> None: ...

    async def stop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def scores(self, query: str, texts: Sequence[str]) -> list[float]:
        """See ``Reranker.scores``. Raises Unavailable when the host cannot be reached,
        RemoteError when it refuses or answers nonsense."""
        found: list[float] = []
        for first in range(0, len(texts), BATCH):
            some = list(texts[first : first + BATCH])
            found += self._read(await self._ask(self._body(query, some)), len(some))
        return found

    def _body(self, query: str, texts: list[str]) -> dict[str, Any]:
        if self._jina:
            return {
                "model": self._model,
                "query": query,
                "documents": texts,
                "top_n": len(texts),
            }
        return {"query": query, "texts": texts, "truncate": True}

    async def _ask(self, body: dict[str, Any]) -> Any:
        import aiohttp

        headers = {}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key.get_secret_value()}"
        try:
            async with self._open().post(self._url, json=body, headers=headers) as response:
                if response.status != 200:
                    raise self._refused(response.status, await response.text())
                return await response.json(content_type=None)
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError) as error:
            raise Unavailable(
                f"The reranker at {self._url} does not answer"
                f" ({str(error) or type(error).__name__}).",
                mend="Check reranker_url and that the host runs.",
            ) from error
        except (aiohttp.ClientError, ValueError) as error:
            raise self._nonsense(str(error)) from error

    def _open(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._timeout)
            )
        return self._session

    def _read(self, answer: Any, count: int) -> list[float]:
        """The scores of ``answer`` in the order of the texts."""
        key = "relevance_score" if self._jina else "score"
        try:
            rows = answer["results"] if self._jina else answer
            scores = {int(row["index"]): float(row[key]) for row in rows}
            found = [scores[at] for at in range(count)]
        except (KeyError, TypeError, ValueError) as error:
            raise self._nonsense("there is no score for every text") from error
        if not all(map(math.isfinite, found)):
            raise self._nonsense("a score is no number")
        return found

    def _refused(self, status: int, body: str) -> RemoteError:
        mend = {
            401: "Check reranker_api_key.",
            403: "Check reranker_api_key.",
            404: "Check reranker_url.",
            422: "Check reranker_api: the host may speak the other shape.",
        }.get(status, "")
        reason = "".join(c if c.isprintable() else " " for c in body)[:300].strip()
        return RemoteError(
            f"The reranker at {self._url} refuses (status {status}): {reason}", mend=mend
        )

    def _nonsense(self, reason: str) -> RemoteError:
        return RemoteError(
            f"The reranker at {self._url} answers nonsense: {reason}.",
            mend="Check reranker_api: the host may speak the other shape.",
        )
