"""One generation on a loaded model: read the prompt, then write token after token."""

from __future__ import annotations

import codecs
import time
from collections import deque
from collections.abc import Callable, Sequence

from morgan_core.errors import ModelError
from morgan_core.llm.base import ChatMessage, Finished
from morgan_core.llm.prefix import CachedSequence
from morgan_core.llm.weights import Aborted, LoadedModel, Sampling

LEAST_ANSWER = 16
"""A generation that could write fewer tokens than this is refused."""

_LEAST_MEASURED = 32
_WARM_UP_SECONDS = 0.05


class Generator:
    """Generates on one sequence and keeps its cache; belongs to the engine thread."""

    def __init__(self, model: LoadedModel) -> None:
        self.model = model
        self.cache = CachedSequence()
        self._measured: deque[tuple[int, float]] = deque(maxlen=4)

    @property
    def prefill_rate(self) -> float | None:
        """Tokens per second of the last prefills that were long enough to tell."""
        seconds = sum(s for _, s in self._measured)
        return sum(n for n, _ in self._measured) / seconds if seconds > 0 else None

    def warm_up(self) -> None:
        """Page the weights in and measure the prefill: by it the first question is limited, too.
        A slow model reads no more for it than it must."""
        text = "The quick brown fox jumps over the lazy dog. " * self.model.batch_size
        tokens = self.model.tokenise(text)[: self.model.batch_size]
        try:
            self._read(tokens[:1])
            started = time.perf_counter()
            self._read(tokens[1:2])
            quick = time.perf_counter() - started < _WARM_UP_SECONDS
            self._rewind(0)
            self._prefill(tokens if quick else tokens[:_LEAST_MEASURED], 0, lambda: False)
        except Aborted:
            pass
        self._rewind(0)

    def run(
        self,
        messages: Sequence[ChatMessage],
        prefix: str,
        max_tokens: int,
        sampling: Sampling,
        emit: Callable[[str], None],
        stopped: Callable[[], bool],
    ) -> Finished | None:
        """Generate after ``messages``; None when it was stopped.

        Whatever happens, the cache tells exactly what stands in the model's memory.
        Raises ModelError when the prompt leaves no room in the context window.
        """
        prompt = self.model.template.render(messages, prefix)
        # SentencePiece would give the beginning of a part a space of its own
        tokens, cached = self.cache.plan(
            prompt, self.model.tokenise, in_parts=not self.model.sentencepiece
        )
        room = self._room(len(tokens), max_tokens)
        try:
            cached = self._rewind(cached)
            if not self._prefill(tokens, cached, stopped):
                return None
            self.cache.checkpoint(prompt, len(tokens))
            history = self.model.tokenise(prefix, first=False) if prefix else []
            reason, written = self._write(prompt, room, sampling, history, emit, stopped)
        except Aborted:
            self._rewind(len(self.cache.tokens))
            return None
        except ModelError:
            self._rewind(0)
            raise
        if reason is None:
            return None
        return Finished(
            reason=reason,  # type: ignore[arg-type]
            prompt_tokens=len(tokens),
            cached_tokens=cached,
            completion_tokens=written,
        )

    def _room(self, prompt_tokens: int, max_tokens: int) -> int:
        context = self.model.context_tokens
        room = min(max_tokens, context - prompt_tokens)
        if room < min(max_tokens, LEAST_ANSWER):
            raise ModelError(
                f"The prompt has {prompt_tokens} tokens and the context window {context}: "
                "no room is left for an answer.",
                mend="Ask with fewer sources, start a new conversation, or raise max_context.",
                prompt_tokens=prompt_tokens,
                context_tokens=context,
            )
        return room

    def _rewind(self, length: int) -> int:
        kept = length if self.model.rewind(length) else 0
        self.cache.keep(kept)
        return kept

    def _read(self, tokens: Sequence[int]) -> None:
        self.model.decode(tokens, len(self.cache.tokens))
        self.cache.read(tokens)

    def _prefill(self, tokens: list[int], start: int, stopped: Callable[[], bool]) -> bool:
        """Read ``tokens`` from ``start`` on, batch by batch; False when stopped in between."""
        began = time.perf_counter()
        for at in range(start, len(tokens), self.model.batch_size):
            if stopped():
                return False
            self._read(tokens[at : at + self.model.batch_size])
        if len(tokens) - start >= _LEAST_MEASURED:
            self._measured.append((len(tokens) - start, time.perf_counter() - began))
        return True

    def _write(
        self,
        prompt: str,
        room: int,
        sampling: Sampling,
        history: Sequence[int],
        emit: Callable[[str], None],
        stopped: Callable[[], bool],
    ) -> tuple[str | None, int]:
        """Write at most ``room`` tokens; the reason of the end (None: stopped) and the count."""
        model, decoder = self.model, codecs.getincrementaldecoder("utf-8")("replace")
        pieces: list[str] = []
        whole_pieces, whole_tokens = 0, len(self.cache.tokens)
        written = 0
        chain = model.sampler(sampling, history)
        try:
            while True:
                token = model.sample(chain)
                piece = model.piece(token)
                if piece is None:
                    return "end", written
                written += 1
                if text := decoder.decode(piece):
                    pieces.append(text)
                    emit(text)
                if written >= room:
                    return "length", written
                if stopped():
                    return None, written
                self._read((token,))
                if not decoder.getstate()[0]:
                    whole_pieces, whole_tokens = len(pieces), len(self.cache.tokens)
        finally:
            model.free_sampler(chain)
            self.cache.checkpoint(prompt + "".join(pieces[:whole_pieces]), whole_tokens)
