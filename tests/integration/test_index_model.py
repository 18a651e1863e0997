"""Any sequence of operations leaves the index as a dictionary would be."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from morgan_core.index.base import VectorIndex
from morgan_core.types import Scope
from tests.hits import ask

from .index_parts import chunk, make, vectors

DOCUMENTS = st.sampled_from(["a", "b", "c"])
REVISIONS = st.integers(1, 3)
FOLDERS = st.sampled_from(["/x", "/y"])
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("words"), DOCUMENTS, REVISIONS, FOLDERS, st.integers(0, 3)),
        st.tuples(st.just("vectors"), DOCUMENTS, REVISIONS),
        st.tuples(st.just("paths"), DOCUMENTS, FOLDERS),
        st.tuples(st.just("delete"), DOCUMENTS, st.one_of(st.none(), REVISIONS)),
        st.tuples(st.just("reopen")),
    ),
    max_size=12,
)


class Model:
    """id -> (document, revision, folder, has a vector)."""

    def __init__(self) -> None:
        self.points: dict[str, tuple[str, int, str, bool]] = {}

    def documents(self) -> dict[str, dict[int, int]]:
        counts: dict[str, dict[int, int]] = {}
        for document, revision, _, _ in self.points.values():
            of = counts.setdefault(document, {})
            of[revision] = of.get(revision, 0) + 1
        return counts


async def apply(index: VectorIndex, model: Model, operation: tuple[Any, ...]) -> None:
    match operation:
        case ("words", document, revision, folder, count):
            chunks = [
                chunk(f"word {n}", document, revision=revision, ordinal=n, folders=(folder,))
                for n in range(count)
            ]
            await index.upsert_words(chunks)
            model.points |= {c.id: (document, revision, folder, False) for c in chunks}
        case ("vectors", document, revision):
            ids = [chunk(f"word {n}", document, revision=revision, ordinal=n).id for n in range(3)]
            await index.upsert_vectors(ids, vectors(*[[1, n, 0, 0] for n in range(3)]))
            for point in set(ids) & set(model.points):
                model.points[point] = (*model.points[point][:3], True)
        case ("paths", document, folder):
            await index.set_paths(document, [f"{folder}/{document}.md"], [folder])
            for point, (of, revision, _, dense) in model.points.items():
                if of == document:
                    model.points[point] = (of, revision, folder, dense)
        case ("delete", document, keep):
            await index.delete_document(document, keep_revision=keep)
            model.points = {
                point: value
                for point, value in model.points.items()
                if value[0] != document or value[1] == keep
            }
        case ("reopen",):
            await index.close()
            await index.open()


async def check(kind: str, operations: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        index, model = make(kind, Path(directory)), Model()
        await index.open()
        try:
            for operation in operations:
                await apply(index, model, operation)
            assert await index.count() == len(model.points)
            assert await index.documents() == model.documents()
            for folder in ("/x", "/y"):
                inside = {i for i, value in model.points.items() if value[2] == folder}
                found = await ask(
                    index, "word", vectors([1, 0, 0, 0]), limit=50, scope=Scope(folders=(folder,))
                )
                assert {hit.chunk.id for hit in found.bm25} == inside
                assert {hit.chunk.id for hit in found.dense} == {
                    i for i in inside if model.points[i][3]
                }
        finally:
            await index.close()


@pytest.mark.parametrize("kind", ["edge", "qdrant"])
def test_the_index_equals_a_dictionary(kind: str) -> None:
    @settings(max_examples=15, suppress_health_check=list(HealthCheck))
    @given(OPERATIONS)
    def equal(operations: list[tuple[Any, ...]]) -> None:
        asyncio.run(check(kind, operations))

    equal()
