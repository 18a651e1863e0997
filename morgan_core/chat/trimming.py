"""Cutting texts at the ends of sentences."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from morgan_core.retrieval.sentences import sentences
from morgan_core.retrieval.words import content_stems

Span = tuple[int, int]


def units(text: str) -> list[Span]:
    """What is never cut through: sentences; in a text of at most one, such as a table or code,
    its lines."""
    found = list(sentences(text))
    if len(found) > 1:
        return found
    spans, at = [], 0
    for line in text.splitlines(keepends=True):
        if line.strip():
            spans.append((at + len(line) - len(line.lstrip()), at + len(line.rstrip())))
        at += len(line)
    return spans


def best_run(text: str, question: str, most: int) -> Span | None:
    """The stretch of whole sentences of at most ``most`` characters that holds the most words of
    the question; of such the longest, and of these the first. None when no sentence fits."""
    wanted = set(content_stems(question))
    spans = units(text)
    holds = [wanted & set(content_stems(text[start:end])) for start, end in spans]
    best: tuple[tuple[int, int], Span] | None = None
    for first, (start, _) in enumerate(spans):
        held: set[str] = set()
        for last in range(first, len(spans)):
            end = spans[last][1]
            if end - start > most:
                break
            held |= holds[last]
            rank = (len(held), end - start)
            if best is None or rank > best[0]:
                best = rank, (start, end)
    return best[1] if best else None


async def beginning(text: str, most: int, tokens: Callable[[str], Awaitable[int]]) -> str:
    """``text``, or its longest beginning of whole sentences for which ``tokens`` counts at most
    ``most``; empty when not even the first sentence fits."""
    if not text or await tokens(text) <= most:
        return text
    ends = [end for _, end in units(text)]
    fits, too_long = 0, len(ends)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if await tokens(text[: ends[middle - 1]]) <= most:
            fits = middle
        else:
            too_long = middle
    return text[: ends[fits - 1]] if fits else ""
