"""What a sequence of the KV cache holds, and how much of a new prompt it can spare.

The text a model generated need not be tokenised the way it was generated: "un" + "able" may
come back as "unable". So the cache remembers, beside its tokens, the places where its text was
appended in one piece (checkpoints). A new prompt that begins with the text up to a checkpoint
keeps the very tokens up to there, and only what follows is tokenised.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

Tokenise = Callable[[str, bool], list[int]]


class CachedSequence:
    """Tokens that stand in one sequence of the KV cache, with the text they came from."""

    def __init__(self) -> None:
        self.tokens: list[int] = []
        self._text = ""
        self._checkpoints: list[tuple[int, int]] = []

    def plan(
        self, prompt: str, tokenise: Tokenise, *, in_parts: bool = True
    ) -> tuple[list[int], int]:
        """Tokens of ``prompt`` and how many of them, from the first, are in the cache.

        ``tokenise(text, first)`` is told whether ``text`` begins the prompt. Where the
        tokeniser treats the beginning of each text specially, ``in_parts`` must be false. At
        least one token is always left to read: the model needs it to predict the next.
        """
        chars, kept = self._checkpoint_within(prompt) if in_parts else (0, 0)
        tokens = self.tokens[:kept] + tokenise(prompt[chars:], chars == 0)
        return tokens, min(common_prefix(tokens, self.tokens), max(len(tokens) - 1, 0))

    def keep(self, count: int) -> None:
        """Forget all but the first ``count`` tokens."""
        del self.tokens[count:]
        self._checkpoints = [c for c in self._checkpoints if c[1] <= count]
        self._text = self._text[: self._checkpoints[-1][0]] if self._checkpoints else ""

    def read(self, tokens: Sequence[int]) -> None:
        """Note tokens that were decoded; they count as text at the next checkpoint only."""
        self.tokens.extend(tokens)

    def checkpoint(self, text: str, count: int) -> None:
        """The first ``count`` tokens are exactly ``text``."""
        if count > len(self.tokens):
            raise ValueError(f"checkpoint at {count} of {len(self.tokens)} tokens")
        self._checkpoints = [c for c in self._checkpoints if c[1] < count and c[0] < len(text)]
        self._checkpoints.append((len(text), count))
        self._text = text

    def _checkpoint_within(self, prompt: str) -> tuple[int, int]:
        for chars, count in reversed(self._checkpoints):
            if prompt.startswith(self._text[:chars]):
                return chars, count
        return 0, 0


def common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """Length of the longest common prefix."""
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return i
    return min(len(a), len(b))
