"""Questions about several things: each is searched for, and all of them must be found."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.chat.finding import Finder
from morgan_core.chat.rewrite import Query
from morgan_core.chat.topics import Topics, topics
from morgan_core.index.base import Candidates, Chunk
from morgan_core.retrieval.search import Searcher
from tests.core_fakes import ReadyEmbedder, candidate, chunk

DOME = chunk("1", "The dome is closed at dawn by a motor.", document="rules")
KEEPER = chunk("2", "The keeper walks round the site at night.", document="duty")
SOUP = chunk("3", "The soup is hot and stands on the stove.", document="soup")


class WordLibrary:
    """Finds the chunks that hold a word of the query, those with more words first."""

    def __init__(self, *chunks: Chunk) -> None:
        self.known = {one.id: one for one in chunks}
        self.queries: list[str] = []

    async def query(self, text, vector, *, limit, scope=None) -> Candidates:
        self.queries.append(text)
        words = set(text.lower().rstrip("?.").replace(",", "").split()) - {"the", "and"}
        found = [(len(words & set(one.text.lower().split())), one) for one in self.known.values()]
        hits = sorted(((n, one) for n, one in found if n), key=lambda hit: -hit[0])
        return Candidates(
            dense=tuple(candidate(one, 0.2) for _, one in hits),
            bm25=tuple(candidate(one, float(n)) for n, one in hits),
            dense_ready=True,
        )

    async def vectors(self, ids: Sequence[str]) -> dict[str, bytes]:
        return {}

    async def chunks(self, ids: Sequence[str]) -> list[Chunk]:
        return [self.known[id] for id in ids]


async def find(question: str, *chunks: Chunk, **kwargs):
    library = WordLibrary(*chunks)
    finder = Finder(Searcher(library, ReadyEmbedder()), None, 6)
    return await finder.find(Query(text=question), None, **kwargs), library


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("Compare the dome and the keeper", ("dome", "keeper")),
        ("Please compare Margit with the Old Lady.", ("Margit", "Old Lady")),
        ("What is the difference between Gannet and Petrel?", ("Gannet", "Petrel")),
        ("How does Gannet differ from Petrel?", ("Gannet", "Petrel")),
        ("Margit vs. Pip", ("Margit", "Pip")),
        (
            "How do the opening and the closing of the dome differ?",
            ("opening of the dome", "closing of the dome"),
        ),
    ],
)
def test_a_comparison_has_two_sides(question, texts):
    assert topics(question) == Topics(texts=texts, compared=True)


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        (
            "Describe everything about the domes, the keeper and the mirror",
            ("domes", "keeper", "mirror"),
        ),
        ("Tell me about the soup and the cake", ("soup", "cake")),
        ("What do the documents say about coffee and soup?", ("coffee", "soup")),
    ],
)
def test_a_broad_question_is_about_several_things(question, texts):
    assert topics(question) == Topics(texts=texts)


@pytest.mark.parametrize(
    "question",
    [
        "Describe the dome",
        "Describe how the dome opens and closes",
        "explain why the dome is closed and who decides",
        "What is the difference between them?",
        "Compare it with the other",
        "Compare the dome and the dome",
        "Who built the dome and the mirror?",
        "Tell me a joke and a story",
    ],
)
def test_other_questions_are_searched_for_as_they_stand(question):
    assert topics(question) is None


@given(st.text(max_size=200))
def test_no_question_breaks_the_rules(question):
    found = topics(question)
    assert found is None or len(found.texts) >= 2


async def test_each_side_of_a_comparison_gets_its_sources_in_turn():
    found, library = await find("Compare the dome and the keeper", SOUP, KEEPER, DOME)
    assert found.relevant
    assert [source.passage.document for source in found.sources] == ["rules", "duty"]
    assert [source.n for source in found.sources] == [1, 2]
    assert library.queries[1:] == ["dome", "keeper"]
    assert [(t.text, t.found) for t in found.retrieval.topics] == [("dome", True), ("keeper", True)]


async def test_a_broad_question_is_answered_when_each_of_its_things_is_found():
    question = "Explain the dome, the keeper and the soup"
    found, _ = await find(question, DOME, KEEPER, SOUP)
    assert found.relevant
    assert {source.passage.document for source in found.sources} == {"rules", "duty", "soup"}


async def test_what_is_not_found_is_named_and_the_question_refused():
    found, _ = await find("Compare the dome and the helicopter", DOME, KEEPER)
    assert not found.relevant
    assert [t.text for t in found.retrieval.topics if not t.found] == ["helicopter"]


async def test_a_question_that_is_found_as_a_whole_is_taken_apart_only_on_request():
    whole = chunk("4", "The dome and the keeper and the night.", document="both")
    question = "Explain the dome and the keeper"
    found, library = await find(question, whole)
    assert found.relevant and not found.retrieval.topics and library.queries == [question]
    found, _ = await find(question, whole, one_by_one=True)
    assert found.relevant and len(found.retrieval.topics) == 2
    assert [source.passage.document for source in found.sources] == ["both"]
