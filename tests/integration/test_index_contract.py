"""What every vector index does, shown on the embedded engine, on qdrant-client's local engine,
and over Qdrant's REST API.

With MORGAN_TEST_QDRANT_URL the same holds on a real server.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from morgan_core.embedding.base import EmbedderInfo
from morgan_core.errors import BadInput, Unavailable
from morgan_core.index.base import Candidate, Chunk, VectorIndex
from morgan_core.index.qdrant import QdrantIndex
from morgan_core.types import Scope
from tests.hits import ask

from .index_parts import INFO, chunk, make, vectors
from .qdrant_wire import WireQdrant

SERVER = os.environ.get("MORGAN_TEST_QDRANT_URL", "")


@pytest.fixture(params=["edge", "qdrant", "wire", *(["server"] if SERVER else [])])
async def index(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[VectorIndex]:
    wire = WireQdrant(api_key="key") if request.param == "wire" else None
    if request.param == "server":
        info = EmbedderInfo(name=f"test-{tmp_path.name}", dimension=4, max_tokens=16)
        index: VectorIndex = QdrantIndex.at(SERVER, info)
    elif wire:
        await wire.start()
        index = QdrantIndex.at(wire.url, INFO, api_key="key")
    else:
        index = make(request.param, tmp_path)
    await index.open()
    yield index
    await index.close()
    if wire:
        await wire.close()


async def words(index: VectorIndex, text: str, **options: object) -> list[str]:
    found = await ask(index, text, None, limit=10, **options)  # type: ignore[arg-type]
    return [hit.chunk.text for hit in found.bm25]


async def test_a_chunk_is_found_by_its_words_before_it_has_a_vector(index: VectorIndex) -> None:
    rent = chunk("The rent is due on the third working day.")
    await index.upsert_words([rent, chunk("Cats sleep a lot.", "cats")])

    found = await ask(index, "When is the rent due?", None, limit=10)

    assert [hit.chunk for hit in found.bm25] == [rent]
    assert found.bm25[0].score > 0
    assert found.dense == ()
    assert not found.dense_ready


async def test_words_are_found_in_their_other_forms(index: VectorIndex) -> None:
    await index.upsert_words([chunk("Tenants were paying deposits.")])

    assert await words(index, "tenant pays deposit")


async def test_the_rarer_word_ranks_higher(index: VectorIndex) -> None:
    common = [chunk(f"The contract number {n} is signed.", ordinal=n) for n in range(20)]
    rare = chunk("The indemnity is signed.", "other")
    await index.upsert_words([*common, rare])

    assert (await words(index, "contract indemnity"))[0] == rare.text


async def test_both_lists_come_from_one_query(index: VectorIndex) -> None:
    near, far = chunk("alpha"), chunk("beta", "other")
    await index.upsert_words([near, far])
    await index.upsert_vectors([near.id, far.id], vectors([1, 0, 0, 0], [0.6, 0.8, 0, 0]))

    found = await ask(index, "beta", vectors([1, 0, 0, 0]), limit=10)

    assert found.dense_ready
    assert [hit.chunk.text for hit in found.dense] == ["alpha", "beta"]
    assert [hit.score for hit in found.dense] == pytest.approx([1.0, 0.6], abs=0.006)
    assert [hit.chunk.text for hit in found.bm25] == ["beta"]


async def test_limit_cuts_each_list(index: VectorIndex) -> None:
    many = [chunk(f"word number {n}", ordinal=n) for n in range(8)]
    await index.upsert_words(many)
    await index.upsert_vectors([c.id for c in many], vectors(*[[1, n, 0, 0] for n in range(8)]))

    found = await ask(index, "word", vectors([1, 0, 0, 0]), limit=3)

    assert len(found.dense) == len(found.bm25) == 3


async def test_what_is_stored_comes_back_whole(index: VectorIndex) -> None:
    stored = chunk("Ein Satz mit \u201eAnf\u00fchrung\u201c \U0001f642", language="de", revision=7)
    await index.upsert_words([stored])

    found = await ask(index, "Satz", None, limit=1)

    assert found.bm25[0].chunk == stored


async def test_a_candidate_names_its_chunk(index: VectorIndex) -> None:
    rent = chunk("rent", ordinal=4, revision=7)
    await index.upsert_words([rent])

    (found,) = (await index.query("rent", None, limit=5)).bm25

    assert found == Candidate(rent.id, rent.document_id, 7, 4, found.score)


async def test_chunks_come_in_the_order_asked_and_those_that_are_gone_are_left_out(
    index: VectorIndex,
) -> None:
    one, two, gone = chunk("one"), chunk("two", ordinal=1), chunk("three", "gone")
    await index.upsert_words([one, two, gone])
    await index.delete_document("gone")

    assert await index.chunks([two.id, gone.id, one.id]) == [two, one]
    assert await index.chunks([]) == []


@pytest.mark.parametrize(
    ("language", "text", "query"),
    [
        ("de", "Die H\u00e4user wurden im Sommer gestrichen.", "Haus streichen"),
        ("de", "Die Miete betr\u00e4gt 900 Euro.", "Wie hoch ist die Miete?"),
        ("zh", "\u5317\u4eac\u662f\u4e2d\u56fd\u7684\u9996\u90fd\u3002", "\u9996\u90fd"),
        ("zh", "\u732b\u5728\u7761\u89c9\u3002", "\u732b"),
        ("ja", "\u6771\u4eac\u30bf\u30ef\u30fc\u306f\u9ad8\u3044\u3002", "\u6771\u4eac"),
        (
            "th",
            "\u0e01\u0e32\u0e23\u0e40\u0e07\u0e34\u0e19\u0e02\u0e2d\u0e07\u0e1b\u0e23\u0e30\u0e40\u0e17\u0e28",
            "\u0e01\u0e32\u0e23\u0e40\u0e07\u0e34\u0e19",
        ),
        (
            "ar",
            "\u0627\u0644\u0643\u062a\u0627\u0628 \u0639\u0644\u0649 \u0627\u0644\u0637\u0627\u0648\u0644\u0629",
            "\u0643\u062a\u0627\u0628",
        ),
        (
            "ru",
            "\u0414\u043e\u0433\u043e\u0432\u043e\u0440\u044b \u043f\u043e\u0434\u043f\u0438\u0441\u0430\u043d\u044b.",
            "\u0434\u043e\u0433\u043e\u0432\u043e\u0440",
        ),
        ("en", "The Beijing office is \u5317\u4eac\u529e\u516c\u5ba4.", "\u5317\u4eac"),
        ("xx", "Zwykly tekst po polsku", "tekst"),
        ("fr", "Cafe\u0301 ouvert", "caf\u00e9"),
    ],
)
async def test_words_of_many_languages_are_found_beside_english(
    index: VectorIndex, language: str, text: str, query: str
) -> None:
    english = [chunk(f"An English sentence, number {n}.", "en", ordinal=n) for n in range(5)]
    await index.upsert_words([*english, chunk(text, language=language)])

    assert await words(index, query) == [text]


async def test_stop_words_of_the_query_match_nothing_elsewhere(index: VectorIndex) -> None:
    german = chunk("Der Film \u201eWhat is the matter\u201c l\u00e4uft.", "film", language="de")
    rent = chunk("Rent: 900.", "rent")
    await index.upsert_words([german, rent])

    assert await words(index, "what is the rent") == [rent.text]


async def test_a_chunk_without_a_word_is_kept_and_can_have_a_vector(index: VectorIndex) -> None:
    dashes = chunk("---")
    await index.upsert_words([dashes])
    await index.upsert_vectors([dashes.id], vectors([0, 1, 0, 0]))

    found = await ask(index, "...", vectors([0, 1, 0, 0]), limit=5)

    assert await index.count() == 1
    assert [hit.chunk.text for hit in found.dense] == ["---"]
    assert found.bm25 == ()


async def test_scope_limits_to_documents_or_folders(index: VectorIndex) -> None:
    a = chunk("rent in a", "a", folders=("/x",))
    b = chunk("rent in b", "b", folders=("/x", "/x/sub"))
    c = chunk("rent in c", "c", folders=("/y",))
    await index.upsert_words([a, b, c])
    await index.upsert_vectors([a.id, b.id, c.id], vectors(*[[1, 0, 0, 0]] * 3))

    async def found(scope: Scope) -> set[str]:
        both = await ask(index, "rent", vectors([1, 0, 0, 0]), limit=10, scope=scope)
        dense, bm25 = ({h.chunk.document_id for h in hits} for hits in (both.dense, both.bm25))
        assert dense == bm25
        return bm25

    assert await found(Scope(documents=("a", "c"))) == {"a", "c"}
    assert await found(Scope(folders=("/x",))) == {"a", "b"}
    assert await found(Scope(folders=("/x/sub",))) == {"b"}
    assert await found(Scope(documents=("c",), folders=("/x/sub",))) == {"b", "c"}
    assert await found(Scope(documents=("nothing",))) == set()
    assert await found(Scope()) == {"a", "b", "c"}


async def test_excluded_documents_do_not_appear(index: VectorIndex) -> None:
    a, b = chunk("rent", "a"), chunk("rent", "b")
    await index.upsert_words([a, b])
    await index.upsert_vectors([a.id, b.id], vectors(*[[1, 0, 0, 0]] * 2))

    found = await ask(
        index,
        "rent",
        vectors([1, 0, 0, 0]),
        limit=5,
        scope=Scope(folders=("/home",)),
        exclude=["a"],
    )

    assert {hit.chunk.document_id for hit in (*found.dense, *found.bm25)} == {"b"}


async def test_a_new_revision_stands_beside_the_old_until_that_is_deleted(
    index: VectorIndex,
) -> None:
    await index.upsert_words([chunk("old rent", revision=1), chunk("x", "other")])
    await index.upsert_words([chunk("new rent", revision=2)])
    assert await index.documents() == {"lease": {1: 1, 2: 1}, "other": {1: 1}}

    await index.delete_document("lease", keep_revision=2)

    assert await index.documents() == {"lease": {2: 1}, "other": {1: 1}}
    assert await words(index, "rent") == ["new rent"]


async def test_a_deleted_document_is_gone_and_the_others_stay(index: VectorIndex) -> None:
    await index.upsert_words([chunk("rent one", "a"), chunk("rent two", "b")])

    await index.delete_document("a")
    await index.delete_document("never there")

    assert await words(index, "rent") == ["rent two"]
    assert (await index.count("a"), await index.count("b"), await index.count()) == (0, 1, 1)


async def test_a_moved_document_is_found_in_its_new_folder(index: VectorIndex) -> None:
    moved = chunk("rent", "a", folders=("/old",))
    await index.upsert_words([moved])
    await index.upsert_vectors([moved.id], vectors([1, 0, 0, 0]))

    await index.set_paths("a", ["/new/a.md", "/new/copy.md"], ["/new"])

    assert await words(index, "rent", scope=Scope(folders=("/old",))) == []
    found = await ask(index, "rent", vectors([1, 0, 0, 0]), limit=5, scope=Scope(folders=("/new",)))
    assert found.bm25[0].chunk.paths == ("/new/a.md", "/new/copy.md")
    assert len(found.dense) == 1, "moving must not cost the vector"


async def test_writing_twice_changes_nothing(index: VectorIndex) -> None:
    chunks = [chunk(f"rent {n}", ordinal=n) for n in range(3)]
    await index.upsert_words(chunks)
    once = await ask(index, "rent", None, limit=10)

    await index.upsert_words(chunks)
    await index.upsert_words([chunks[0], chunks[0]])

    assert await ask(index, "rent", None, limit=10) == once
    assert await index.count() == 3


async def test_a_point_that_is_written_again_loses_its_vector(index: VectorIndex) -> None:
    one = chunk("rent")
    await index.upsert_words([one])
    await index.upsert_vectors([one.id], vectors([1, 0, 0, 0]))

    await index.upsert_words([one])

    assert (await ask(index, "rent", vectors([1, 0, 0, 0]), limit=5)).dense == ()


async def test_vectors_of_points_that_are_gone_are_dropped(index: VectorIndex) -> None:
    kept, gone = chunk("kept", "a"), chunk("gone", "b")
    await index.upsert_words([kept, gone])
    await index.delete_document("b")

    await index.upsert_vectors([kept.id, gone.id], vectors([1, 0, 0, 0], [1, 0, 0, 0]))

    found = await ask(index, "", vectors([1, 0, 0, 0]), limit=5)
    assert [hit.chunk.text for hit in found.dense] == ["kept"]
    assert await index.count() == 1


async def test_points_with_a_vector_are_counted(index: VectorIndex) -> None:
    both = [chunk("one", "a"), chunk("two", "a", ordinal=1), chunk("three", "b", revision=2)]
    await index.upsert_words(both)
    await index.upsert_vectors([both[0].id, both[2].id], vectors([1, 0, 0, 0], [0, 1, 0, 0]))

    assert await index.embedded() == {"a": {1: 1}, "b": {2: 1}}


async def test_vectors_of_the_wrong_size_are_refused(index: VectorIndex) -> None:
    one = chunk("rent")
    await index.upsert_words([one])

    with pytest.raises(BadInput):
        await index.upsert_vectors([one.id], vectors([1, 0, 0]))
    with pytest.raises(BadInput):
        await index.upsert_vectors([one.id], vectors([1, 0, 0, float("nan")]))


@pytest.mark.parametrize("text", ["", "   ", "the", "!?", "\u200b", "a" * 100_000])
async def test_any_query_text_is_answered(index: VectorIndex, text: str) -> None:
    await index.upsert_words([chunk("rent")])

    assert await words(index, text) == []


async def test_an_empty_index_answers_nothing(index: VectorIndex) -> None:
    found = await ask(index, "rent", vectors([1, 0, 0, 0]), limit=5)

    assert found.dense == found.bm25 == ()
    assert await index.count() == 0
    assert await index.documents() == {}


async def test_a_corpus_that_changes_its_length_is_weighed_as_if_written_at_once(
    index: VectorIndex, tmp_path: Path
) -> None:
    short = [chunk(f"rent w{n}", ordinal=n) for n in range(10)]
    tail = " ".join(f"filler{n}" for n in range(100))
    long = [chunk(f"rent l{n} {tail}", "long", ordinal=n) for n in range(30)]
    await index.upsert_words(short)
    await index.upsert_words(long)
    await index.settled()  # type: ignore[attr-defined]

    at_once = make("edge", tmp_path / "at-once")
    await at_once.open()
    await at_once.upsert_words([*long, *short])
    await at_once.settled()  # type: ignore[attr-defined]
    expected = {h.chunk.id: h.score for h in (await ask(at_once, "rent", None, limit=40)).bm25}
    await at_once.close()

    found = {h.chunk.id: h.score for h in (await ask(index, "rent", None, limit=40)).bm25}
    assert found == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("kind", ["edge", "qdrant"])
async def test_everything_is_there_after_reopening(kind: str, tmp_path: Path) -> None:
    german = chunk("Die H\u00e4user", "de", language="de")
    first = make(kind, tmp_path)
    await first.open()
    await first.upsert_words([chunk("rent"), german])
    await first.upsert_vectors([german.id], vectors([0, 0, 1, 0]))
    await first.close()

    again = make(kind, tmp_path)
    await again.open()

    found = await ask(again, "Haus", vectors([0, 0, 1, 0]), limit=5)
    assert [h.chunk for h in found.bm25] == [h.chunk for h in found.dense] == [german]
    assert await again.documents() == {"lease": {1: 1}, "de": {1: 1}}
    await again.close()


@pytest.mark.parametrize("kind", ["edge", "qdrant"])
async def test_each_embedder_has_its_own_collection(kind: str, tmp_path: Path) -> None:
    first = make(kind, tmp_path)
    await first.open()
    await first.upsert_words([chunk("rent")])
    await first.close()

    other = make(kind, tmp_path, EmbedderInfo(name="Other/Model", dimension=8, max_tokens=16))
    await other.open()
    assert await other.count() == 0
    await other.close()

    again = make(kind, tmp_path)
    await again.open()
    assert await again.count() == 1
    await again.close()


@pytest.mark.parametrize("kind", ["edge", "qdrant"])
async def test_an_index_that_is_not_open_says_so(kind: str, tmp_path: Path) -> None:
    index = make(kind, tmp_path)

    with pytest.raises(Unavailable):
        await index.count()
    await index.close()


async def test_both_implementations_rank_words_alike(tmp_path: Path) -> None:
    chunks: list[Chunk] = [
        chunk(f"{'rent ' * (n % 5 + 1)} due {'filler ' * n} day", ordinal=n) for n in range(30)
    ]
    scores = []
    for kind in ("edge", "qdrant"):
        index = make(kind, tmp_path / kind)
        await index.open()
        await index.upsert_words(chunks)
        await index.settled()  # type: ignore[attr-defined]
        found = await ask(index, "rent due", None, limit=30)
        scores.append({hit.chunk.id: hit.score for hit in found.bm25})
        await index.close()

    assert scores[0] == pytest.approx(scores[1], rel=1e-3)


async def test_points_are_counted_by_path_and_by_folder(index: VectorIndex) -> None:
    await index.upsert_words([chunk("The rent is due.", "lease"), chunk("Cats sleep.", "cats")])

    assert await index.count_at("/home/papers/lease.md") == 1
    assert await index.count_at("/home/papers") == 2
    assert await index.count_at("/home/pap") == 0


async def test_collections_of_other_embedders_are_told(tmp_path: Path) -> None:
    other = EmbedderInfo(name="other-model", dimension=4, max_tokens=16)
    for kind in ("edge", "qdrant"):
        for info in (other, INFO):
            index = make(kind, tmp_path / kind, info)
            await index.open()
            found = await index.other_collections()
            await index.close()
        assert found == ["morgan_knowledge__other-model__4"]


async def test_vectors_come_by_id_for_points_that_have_one(index: VectorIndex) -> None:
    one, two = chunk("one"), chunk("two", ordinal=1)
    await index.upsert_words([one, two])
    await index.upsert_vectors([two.id], vectors((0.6, 0.8, 0, 0)))

    found = await index.vectors([one.id, two.id])

    assert list(found) == [two.id]
    assert array("f", found[two.id]).tolist() == pytest.approx([0.6, 0.8, 0, 0], abs=0.02)


async def test_a_chunk_is_found_by_the_words_of_its_title_and_heading(index: VectorIndex) -> None:
    one = msgspec.structs.replace(chunk("It is 900."), title="Lease of the mill", heading="Rent")
    await index.upsert_words([one, chunk("It is 300.", "other")])

    found = await ask(index, "rent of the mill", None, limit=5)

    assert found.bm25[0].chunk == one
