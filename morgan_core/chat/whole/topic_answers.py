"""What the documents say of several things, one after the other, in their own words.

For models that cannot be trusted to compare: of a comparison by SmolLM2-135M no sentence stood in
its sources.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from morgan_core.chat.whole.extract import is_quotable, on_one_line, without_heading
from morgan_core.chat.whole.told import Told, cited, in_plain
from morgan_core.retrieval.ranking import fold
from morgan_core.retrieval.sentences import sentences
from morgan_core.retrieval.words import content_stems
from morgan_core.sanitise import sanitise
from morgan_core.types import Source, Topic

EACH = 4
"""Sentences about one thing, at most."""


class _Quote(NamedTuple):
    source: Source
    at: int
    text: str
    held: int


def answer_by_topic(topics: Sequence[Topic], sources: Sequence[Source]) -> Told | None:
    """For each topic the sentences of the sources that hold most of its words; None when there
    are none for one of them."""
    quotes = list(_quotes(sources))
    lines = ["What your documents say of each, in their own words:"]
    said: set[str] = set()
    for topic in topics:
        fresh = [one for one in quotes if one.text not in said]
        chosen = _about(topic.text, fresh) or _about(topic.text, quotes)
        if not chosen:
            return None
        said.update(one.text for one in chosen)
        lines += ["", f"*{in_plain(topic.text)}*", ""]
        lines += [f"- {cited(one.text, one.source.n)}" for one in chosen]
    text = "\n".join(lines)
    return Told(text=text, method="extracted", sources=tuple(sources), gist=text)


def _quotes(sources: Sequence[Source]) -> Iterator[_Quote]:
    for source in sources:
        passage = source.passage
        heading = " ".join(passage.heading.rpartition(" › ")[2].split())
        for at, (start, end) in enumerate(sentences(passage.text)):
            sentence = passage.text[start:end]
            if is_quotable(sentence):
                text = without_heading(heading, on_one_line(sentence))
                yield _Quote(source, at, sanitise(text), 0)


def _about(topic: str, quotes: Sequence[_Quote]) -> list[_Quote]:
    """The sentences that hold most words of the topic, those of the better sources first; told in
    the order in which they stand."""
    wanted = set(content_stems(fold(topic)))
    holding = [
        one._replace(held=len(wanted & set(content_stems(fold(one.text))))) for one in quotes
    ]
    most = max((one.held for one in holding), default=0)
    if not most:
        return []
    best = [one for one in holding if one.held == most]
    return sorted(best, key=lambda one: (one.source.n, one.at))[:EACH]
