"""Why an answer is as it is, in words: what was searched for, found, sent, cut and left out.

The shell and the terminal app show the same lines; nothing in them can steer a terminal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from morgan_tui.conflicts import DISAGREE, conflict_notes
from morgan_tui.text import METHODS, clean_line, clean_name, document_name, passage_place, plural

if TYPE_CHECKING:
    from morgan_core.types import (
        Answer,
        Considered,
        Passage,
        PromptUse,
        Retrieval,
        Source,
        SourceUse,
    )

WIDTH = 100
"""Columns of the table of what was found, where nobody says how many there are."""

LEAST_NAME = 12

LIMITS = {
    "window": "the model's window is full",
    "first_token": "so that the first word comes soon",
    "small_model": "a small model is confused by more",
}

LEGEND = (
    "[n] source n  +n joined to it as its neighbour  =n left out as its copy",
    "·   left out for other documents as good  –  after the last place",
)


class Section(NamedTuple):
    """A heading and its lines."""

    title: str
    lines: list[str]


def searched_for(query: str) -> str:
    """A query on one line."""
    return " · ".join(clean_line(part) for part in query.splitlines() if part.strip())


def notices(answer: Answer) -> list[str]:
    """What of the sources, the conversation and the given text the model did not read, each a
    clause; empty when it read everything."""
    prompt = answer.why.prompt if answer.why else None
    if prompt is None:
        return []
    found = []
    read = sum(use.tokens > 0 for use in prompt.sources)
    if read < len(prompt.sources):
        found.append(f"the model read {read} of {plural(len(prompt.sources), 'source')}")
    if cut := [use for use in prompt.sources if use.tokens and use.limit]:
        found.append(f"[{cut[0].n}] was cut at a sentence")
    if prompt.context_sent < prompt.context_total:
        found.append(
            f"of the text given with the question it read the first {prompt.context_sent:,} of"
            f" {prompt.context_total:,} characters"
        )
    history = prompt.history
    if history.cut_sources:
        found.append(f"the sources of {plural(history.cut_sources, 'earlier turn')} were taken out")
    if history.cut_turns:
        how = "summed up" if history.by == "model" else "shortened to a line each"
        found.append(f"{plural(history.cut_turns, 'earlier turn')} no longer fit and were {how}")
    return found


def sections(answer: Answer, *, width: int = WIDTH) -> list[Section]:
    """Everything that is known; one line that says so when nothing was recorded. The table of
    what was found takes at most ``width`` columns, if that is enough for its numbers."""
    why = answer.why
    if why is None:
        return [Section("Why this answer", ["Nothing was recorded with this answer."])]
    found = [Section("Why this answer", list(_summary(answer, why.retrieval, why.prompt)))]
    if why.prompt is not None:
        lines = [_sent(use, answer.sources) for use in why.prompt.sources]
        found.append(Section("What the model read", lines or ["No source."]))
        if left := notices(answer):
            found.append(Section("What it did not read", [_sentence(clause) for clause in left]))
    if disagree := conflict_notes(answer):
        found.append(Section(DISAGREE, disagree))
    copies = [
        f"[{source.n}] is also in {clean_name(other.path)}"
        for source in answer.sources
        for other in source.passage.also_in
    ]
    if copies:
        found.append(Section("Copies", copies))
    if why.retrieval.considered:
        table = [*_table(why.retrieval.considered, width), "", *LEGEND]
        found.append(Section("What was found, by score", table))
    return found


def _summary(answer: Answer, retrieval: Retrieval, prompt: PromptUse | None) -> Iterator[str]:
    if answer.own_knowledge:
        yield "Nothing was searched: the model was asked for what it knows by itself."
    elif answer.method in METHODS:
        yield f"The answer is {METHODS[answer.method]}."
        if retrieval.query:
            yield from _search(retrieval)
    else:
        yield from _search(retrieval)
    if prompt is None:
        yield "The model was not asked."
    else:
        yield _tokens(answer, prompt)
        if prompt.history.earlier:
            yield (
                f"Conversation: {prompt.history.turns} of"
                f" {plural(prompt.history.earlier, 'earlier turn')}, as they were sent"
            )
    yield _time(answer)


def _search(retrieval: Retrieval) -> Iterator[str]:
    by = {"rule": " (made to stand alone by rule)", "model": " (made to stand alone by the model)"}
    yield f"Searched for: {searched_for(retrieval.query)}{by.get(retrieval.rewritten, '')}"
    enough = retrieval.signal >= retrieval.threshold
    verdict = "enough to answer" if enough else "too little to answer"
    halves = "; by words alone, the embedder was not ready" if retrieval.words_only else ""
    yield (
        f"Relevance {retrieval.signal:.2f} of at least {retrieval.threshold:.2f}: {verdict}{halves}"
    )
    if retrieval.topics:
        each = [f"{clean_line(topic.text)} {topic.signal:.2f}" for topic in retrieval.topics]
        yield f"Searched for one by one: {', '.join(each)}"
    if retrieval.not_reranked:
        yield f"Not reranked: {clean_line(retrieval.not_reranked)}"


def _tokens(answer: Answer, prompt: PromptUse) -> str:
    sources = sum(use.tokens for use in prompt.sources)
    text = (
        f"Model {clean_line(prompt.model)}: {prompt.tokens:,} tokens of {prompt.window:,},"
        f" {sources:,} of them sources (at most {prompt.budget:,}),"
        f" {prompt.reserved:,} kept for the answer"
    )
    if answer.usage.prompt_tokens:
        fresh = answer.usage.prompt_tokens - answer.usage.cached_tokens
        text += f"; {answer.usage.cached_tokens:,} were in the cache, {fresh:,} were read"
    return text


def _time(answer: Answer) -> str:
    times = answer.timings
    parts = [("search", times.search_ms), ("first word", times.first_token_ms)]
    told = [f"{name} {milliseconds / 1000:.1f} s" for name, milliseconds in parts if milliseconds]
    return "Time: " + ", ".join([*told, f"{times.total_ms / 1000:.1f} s in all"])


def _sent(use: SourceUse, sources: Sequence[Source]) -> str:
    passage = next((source.passage for source in sources if source.n == use.n), None)
    what = f"[{use.n}] {_place(passage) if passage else ''}".rstrip()
    if not use.tokens:
        return f"{what}: left out, {LIMITS.get(use.limit, 'no room')}"
    text = f"{what}: {use.tokens:,} tokens"
    if use.limit and passage is not None:
        whole = passage.end - passage.start
        text += f", {use.end - use.start:,} of {whole:,} characters, {LIMITS[use.limit]}"
    return text


def _table(considered: Sequence[Considered], width: int) -> Iterator[str]:
    columns: dict[str, list[float | None]] = {
        "score": [one.score for one in considered],
        "prior": [one.prior for one in considered],
        "dense": [one.scores.dense for one in considered],
        "bm25": [one.scores.bm25 for one in considered],
        "fused": [one.scores.fused for one in considered],
        "words": [one.scores.coverage for one in considered],
        "sent.": [one.scores.sentence for one in considered],
        "near": [one.scores.neighbours for one in considered],
        "rank": [one.scores.rerank for one in considered],
    }
    used = {name: values for name, values in columns.items() if any(values)}
    yield "    " + " ".join(f"{name:>5}" for name in used)
    for at, one in enumerate(considered):
        numbers = f"{_mark(one):<4}" + " ".join(_number(values[at]) for values in used.values())
        where = _where(one)
        most = max(LEAST_NAME, width - len(numbers) - 2 - len(where))
        yield f"{numbers}  {_cut(document_name(one.path), most)}{where}"


def _mark(one: Considered) -> str:
    return {
        "source": f"[{one.n}]",
        "merged": f"+{one.n}",
        "duplicate": f"={one.n}",
        "crowded": "·",
    }.get(one.fate, "–")


def _number(value: float | None) -> str:
    if value is None:
        return " " * 5
    return f"{value:5.1f}" if abs(value) >= 10 else f"{value:5.2f}"


def _where(one: Considered) -> str:
    if one.place:
        return f" {clean_line(one.place)}"
    return "" if one.page is None else f" p. {one.page}"


def _cut(name: str, most: int) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _place(passage: Passage) -> str:
    return " · ".join(
        part for part in (document_name(passage.path), passage_place(passage)) if part
    )


def _sentence(clause: str) -> str:
    return clause[0].upper() + clause[1:] + "."
