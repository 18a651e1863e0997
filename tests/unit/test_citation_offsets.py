"""Every citation's quote stands in the document's text at the offsets that the citation names,
also across joined passages and in sources cut to what a model may read."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from morgan_core.chat.trimming import best_run
from morgan_core.library.chunking import chunk
from morgan_core.library.readers.base import Extracted
from morgan_core.retrieval.grounding import ground
from morgan_core.retrieval.sources import choose_sources
from morgan_core.types import DocumentText, Passage, Scores, Source

SIZE = 120

subjects = st.sampled_from(
    ("The keeper", "The lamp of the tower", "Anna Keller", "The Würzburg mill", "A storm 🌊", "It")
)
verbs = st.sampled_from(("moved", "repaired", "measured", "sold", "lit"))
objects = st.sampled_from(
    ("the foghorn", "14 barrels of oil", "the café’s sign", "𝔄 ledgers", "two boats in May 1913")
)
joins = st.sampled_from(
    (" ", " ", "  ", "\n", "\n\n", "\r\n", "\n\n\n", "\u00a0", "\n\n- ", "\n> ")
)
sentence = st.builds("{} {} {}.".format, subjects, verbs, objects)


@st.composite
def documents(draw: st.DrawFn) -> str:
    parts = draw(st.lists(st.tuples(sentence, joins), min_size=1, max_size=24))
    return "".join(part + join for part, join in parts)


class Shelf:
    """The stored text of one document."""

    def __init__(self, text: str) -> None:
        self._text = text

    async def text(
        self, document: str, *, start: int = 0, end: int | None = None, context: int = 2000
    ) -> DocumentText:
        end = len(self._text) if end is None else end
        first = max(0, start - context)
        return DocumentText(
            document=document,
            path="",
            offset=first,
            text=self._text[first : end + context],
            total=len(self._text),
        )

    async def modified(self, documents: Sequence[str]) -> dict[str, float]:
        return {}


async def sources_of(text: str, kind: str, order: Sequence[int]) -> tuple[Source, ...]:
    """The document's chunks, found in some order, as the sources of an answer."""
    pieces = chunk(Extracted(text=text, kind=kind), size=SIZE)
    found = [
        Passage(
            document="d",
            path="/docs/d.txt",
            page=None,
            heading="",
            text=pieces[at].text,
            start=pieces[at].start,
            end=pieces[at].end,
            score=1.0 - rank / 100,
            scores=Scores(fused=1.0 - rank / 100),
        )
        for rank, at in enumerate(dict.fromkeys(at % len(pieces) for at in order))
    ]
    chosen = await choose_sources("Who moved what?", found, Shelf(text), limit=4)
    return chosen.sources


@settings(max_examples=50)
@given(
    text=documents(),
    kind=st.sampled_from(("text", "markdown")),
    order=st.lists(st.integers(0, 99), min_size=1, max_size=12),
    said=st.lists(sentence, min_size=1, max_size=5),
    most=st.integers(40, 300),
)
async def test_a_quote_is_found_again_at_its_offsets(text, kind, order, said, most):
    sources = await sources_of(text, kind, order)
    answer = " ".join([*said, *(line for line in text.splitlines() if line.endswith("."))])
    cut = [
        source.cut(*run)
        for source in sources
        if (run := best_run(source.passage.text, answer, most)) is not None
    ]

    for given_sources in (sources, cut):
        for source in given_sources:
            passage = source.passage
            assert text[passage.start : passage.end] == passage.text
        for citation in ground(answer, given_sources).citations:
            assert citation.quote and text[citation.start : citation.end] == citation.quote


async def test_a_quote_can_span_the_join_of_two_passages():
    text = (
        "The lamp of the tower was lit by hand until the winter storms of that year. "
        "The keeper then repaired the foghorn.\r\n\n "
        "The boats were sold to the Würzburg mill in May 1913, with the sails and the ledgers."
    )
    pieces = chunk(Extracted(text=text, kind="text"), size=SIZE)
    sources = await sources_of(text, "text", range(len(pieces)))

    grounded = ground(
        "The keeper repaired the foghorn. The boats were sold to the Würzburg mill in May 1913.",
        sources,
    )

    [source] = sources
    [citation] = grounded.citations
    assert len(pieces) > 1 and source.passage.text == text
    assert any(citation.start < piece.end < citation.end for piece in pieces)
    assert text[citation.start : citation.end] == citation.quote
