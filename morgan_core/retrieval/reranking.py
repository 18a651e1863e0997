"""The best passages in the order of a reranker, or as they were when it fails.

A reranker is a help and never a reason for an error: what it does not answer in time stays in the
order that ``ranking`` gave it, and the response says so.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

import msgspec

from morgan_core.errors import MorganError
from morgan_core.index.context import in_context
from morgan_core.rerank.base import AbsentReranker, Reranker
from morgan_core.types import Passage

REST = 10.0
"""Seconds after a failure in which the reranker is not asked: each search would wait for it."""

LONGEST_LOADING = 60.0
"""Seconds that a patient search waits for the model to be loaded."""

log = logging.getLogger(__name__)


class Reranking:
    """Asks ``reranker`` about the best ``top`` passages, for at most ``timeout`` seconds. Only a
    ``patient`` one waits for it to load first."""

    def __init__(
        self, reranker: Reranker, *, top: int, timeout: float, patient: bool = False
    ) -> None:
        self.reranker = reranker
        self._top = top
        self._timeout = timeout
        self._patient = patient
        self._resting_until = 0.0
        self.error = str(reranker.reason) if isinstance(reranker, AbsentReranker) else ""
        """Why the last attempt failed; empty when it did not."""

    async def order(
        self, query: str, passages: Sequence[Passage]
    ) -> tuple[tuple[Passage, ...], str]:
        """The passages, the best ``top`` of them in the reranker's order, and why they are not.

        A reranked passage has ``scores.rerank``, which is then its ``score``, too. Passages
        beyond ``top`` follow as they were.
        """
        if len(passages) < 2:
            return tuple(passages), ""
        if not (self._patient or self.reranker.ready):
            return tuple(passages), "the reranker is still loading"
        if time.monotonic() < self._resting_until:
            return tuple(passages), self.error
        top, rest = passages[: self._top], passages[self._top :]
        texts = [in_context("", passage.heading, passage.text) for passage in top]
        try:
            waiting = LONGEST_LOADING if self._patient and not self.reranker.ready else 0.0
            async with asyncio.timeout(waiting + self._timeout):
                scores = await self.reranker.scores(query, texts)
        except TimeoutError:
            return self._failed(passages, f"no answer within {self._timeout:g} s")
        except MorganError as error:
            return self._failed(passages, str(error))
        self.error = ""
        ranked = sorted(zip(scores, top, strict=True), key=lambda pair: -pair[0])
        return (*(_scored(passage, score) for score, passage in ranked), *rest), ""

    def _failed(self, passages: Sequence[Passage], reason: str) -> tuple[tuple[Passage, ...], str]:
        log.warning("not reranked: %s", reason)
        self.error = reason
        self._resting_until = time.monotonic() + REST
        return tuple(passages), reason


def _scored(passage: Passage, score: float) -> Passage:
    scores = msgspec.structs.replace(passage.scores, rerank=score)
    return msgspec.structs.replace(passage, score=score, scores=scores)
