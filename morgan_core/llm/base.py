"""Chat models: a prompt goes in, text streams out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Literal, Protocol

from morgan_core.types import ModelInfo, Record


class ChatMessage(Record, frozen=True, kw_only=True):
    """``content`` is exactly what the model reads or wrote."""

    role: Literal["system", "user", "assistant"]
    content: str


class Delta(Record, frozen=True, kw_only=True):
    """A piece of the answer."""

    text: str


class Finished(Record, frozen=True, kw_only=True):
    """The end of a generation. ``cached_tokens`` of the prompt were reused, not read again."""

    reason: Literal["end", "length"]
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


class ChatModel(Protocol):
    """One chat model. Generations queue first-in first-out; cancelling the iterator stops the
    generation within one prefill batch or token."""

    @property
    def info(self) -> ModelInfo: ...

    @property
    def context_tokens(self) -> int:
        """Size of the context window in tokens, prompt and answer together."""
        ...

    @property
    def prefill_rate(self) -> float | None:
        """Measured prompt tokens per second, None before the first measurement and for remote
        models."""
        ...

    async def load(self, on_progress: Callable[[float], None] | None = None) -> None:
        """Load the weights; returns at once when loaded. Raises ModelError with the mend."""
        ...

    async def count_tokens(self, messages: Sequence[ChatMessage]) -> int:
        """Tokens of the rendered prompt, generation prompt included. Exact in process; a remote
        model estimates."""
        ...

    def generate(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        temperature: float,
        prefix: str = "",
        on_position: Callable[[int], None] | None = None,
    ) -> AsyncIterator[Delta | Finished]:
        """Stream the assistant's next message; ``Finished`` comes last.

        ``prefix`` is the beginning of that message, already shown (a turn that is continued).
        ``on_position`` is told the place in the queue whenever it changes; 0 is running.
        """
        ...

    async def close(self) -> None: ...
