"""Checking the sentences of an answer while it streams, in a thread beside it."""

from __future__ import annotations

import asyncio
import logging
import operator
import time
from array import array
from collections.abc import Sequence

from morgan_core.chat.turn import Turn
from morgan_core.embedding.base import Embedder
from morgan_core.errors import MorganError
from morgan_core.events import Checked
from morgan_core.retrieval.grounding import Grounded, Grounder, Verdict
from morgan_core.types import Source

# No sentence ends within a token that holds none of these.
_ENDS = frozenset(".!?。！？\n")

# The cosine of all-MiniLM-L6-v2 from which a claim counts as partly supported by a span that
# holds all its names and numbers.
ALIKE = 0.75
# The share of the answer's own time that comparing by meaning may add, and how many claims.
LIKENESS_TIME = 0.1
MOST_COMPARED = 8

log = logging.getLogger(__name__)


class AnswerChecker:
    """Emits ``Checked`` for each sentence of ``turn`` once the next one has begun.

    The token path pays for a look at each token; all else happens in a thread, one stretch of
    the text at a time, beginning with the sources while the model reads them.
    """

    def __init__(self, turn: Turn, sources: Sequence[Source], embedder: Embedder) -> None:
        self._turn = turn
        self._embedder = embedder
        self._began = time.perf_counter()
        self._sources = sources
        self._grounder: Grounder | None = None
        self._more = asyncio.Event()
        self._ending = False
        self._since = max(
            (e.sentence.end for e in turn.events if isinstance(e, Checked)), default=0
        )
        self._task = asyncio.create_task(self._run(), name=f"check turn {turn.id}")
        self._more.set()

    def grow(self, text: str) -> None:
        """The answer has grown by ``text``."""
        if not _ENDS.isdisjoint(text):
            self._more.set()

    async def finish(self, *, complete: bool) -> Grounded:
        """Tell the verdicts that are still missing, and check the answer as a whole."""
        self._ending = True
        self._more.set()
        await self._task
        text = self._turn.text
        self._emit(await asyncio.to_thread(self._check, text, complete=complete))
        await self._look_for_likeness()
        return await asyncio.to_thread(self._ready().ground, text, complete=complete)

    def drop(self) -> None:
        """Stop; the turn goes on elsewhere or has failed."""
        self._task.cancel()

    async def _run(self) -> None:
        while not self._ending:
            await self._more.wait()
            self._more.clear()
            if not self._ending:
                self._emit(await asyncio.to_thread(self._check, self._turn.text, growing=True))

    def _emit(self, verdicts: Sequence[Verdict]) -> None:
        for verdict in verdicts:
            self._since = verdict.end
            if sentence := verdict.sentence():
                self._turn.emit(Checked, sentence=sentence)

    async def _look_for_likeness(self) -> None:
        """Compare doubtful claims with their nearest spans by meaning, as far as time allows."""
        doubtful = self._ready().doubtful()[:MOST_COMPARED]
        if not doubtful or not self._embedder.ready:
            return
        texts = [text for pair in doubtful for text in pair]
        seconds = LIKENESS_TIME * (time.perf_counter() - self._began)
        try:
            async with asyncio.timeout(seconds):
                vectors = array("f", await self._embedder.embed(texts, "passage"))
        except TimeoutError:
            log.info("no time to compare %d claims by meaning", len(doubtful))
            return
        except MorganError as error:
            log.warning("claims are checked by words alone: %s", error)
            return
        size = len(vectors) // len(texts)
        for at, (claim, _) in enumerate(doubtful):
            first = 2 * at * size
            a, b = vectors[first : first + size], vectors[first + size : first + 2 * size]
            if sum(map(operator.mul, a, b)) >= ALIKE:
                self._ready().found_alike(claim)

    def _check(self, text: str, *, complete: bool = True, growing: bool = False) -> list[Verdict]:
        return self._ready().verdicts(text, complete=complete, growing=growing, since=self._since)

    def _ready(self) -> Grounder:
        if self._grounder is None:
            self._grounder = Grounder(
                self._sources,
                self._turn.asked.question.text,
                items_only=self._turn.method == "extracted",
            )
        return self._grounder
