"""The embedder child with the real model."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from morgan_core.embedding.catalogue import locate
from morgan_core.embedding.local import LocalEmbedder
from morgan_core.errors import ModelError, Unavailable
from morgan_core.paths import Paths, find_paths
from morgan_core.settings import Settings

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

PASSAGE = "The lease of the flat in the Rosengasse ends on the last day of September. " * 8


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    paths = find_paths(tmp_path_factory.mktemp("data"))
    paths.create()
    return paths


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def embedder(paths: Paths) -> AsyncIterator[LocalEmbedder]:
    embedder = LocalEmbedder(Settings(), paths)
    await embedder.start()
    yield embedder
    await embedder.stop()


def vectors_of(data: bytes, dimension: int = 384) -> list[tuple[float, ...]]:
    return list(struct.iter_unpack(f"<{dimension}f", data))


def dot(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


async def test_starting_returns_before_the_model_is_loaded(embedder: LocalEmbedder) -> None:
    assert not embedder.ready
    assert embedder.worker is not None
    assert embedder.worker.state == "starting"
    await embedder.embed(["hello"], "query")
    assert embedder.ready


async def test_meaning_is_near_in_whatever_order_texts_come(embedder: LocalEmbedder) -> None:
    texts = [
        "Cats sleep most of the day. " * 20,
        "The invoice is due in March.",
        "A kitten naps all afternoon.",
        "x",
    ]
    there = vectors_of(await embedder.embed(texts, "passage"))
    back = vectors_of(await embedder.embed(texts[::-1], "passage"))[::-1]
    for one, two in zip(there, back, strict=True):
        assert dot(one, one) == pytest.approx(1, abs=1e-4)
        assert dot(one, two) == pytest.approx(1, abs=1e-4)
    assert dot(there[0], there[2]) > dot(there[1], there[2]) + 0.3


async def test_it_agrees_with_the_published_figures(embedder: LocalEmbedder) -> None:
    """The similarities on the model card of all-MiniLM-L6-v2."""
    texts = [
        "That is a happy person",
        "That is a happy dog",
        "That is a very happy person",
        "Today is a sunny day",
    ]
    first, *others = vectors_of(await embedder.embed(texts, "passage"))
    found = [dot(first, other) for other in others]
    assert found == pytest.approx([0.695, 0.943, 0.257], abs=0.005)


async def test_nothing_in_gives_nothing_out_and_odd_texts_are_taken(
    embedder: LocalEmbedder,
) -> None:
    assert await embedder.embed([], "passage") == b""
    odd = ["", " \n", "\x00", "😀" * 5000, "ü" * 100_000]
    assert len(vectors_of(await embedder.embed(odd, "passage"))) == len(odd)


async def test_a_query_goes_ahead_of_passages(embedder: LocalEmbedder) -> None:
    passages = asyncio.create_task(embedder.embed([PASSAGE] * 120, "passage"))
    await asyncio.sleep(0)
    await embedder.embed(["warm"], "query")
    began = time.monotonic()
    await embedder.embed(["When does the lease end?"], "query")
    waited = time.monotonic() - began
    assert not passages.done()
    await passages
    assert waited < (time.monotonic() - began) / 2


async def test_what_nobody_waits_for_is_not_embedded(embedder: LocalEmbedder) -> None:
    lost = asyncio.create_task(embedder.embed([PASSAGE] * 5000, "passage"))
    await embedder.embed(["warm"], "query")
    lost.cancel()
    began = time.monotonic()
    await embedder.embed([PASSAGE], "passage")
    assert time.monotonic() - began < 10


async def test_a_killed_child_returns_and_the_passages_are_embedded(
    embedder: LocalEmbedder,
) -> None:
    work = asyncio.create_task(embedder.embed([PASSAGE] * 40, "passage"))
    await embedder.embed(["warm"], "query")
    assert embedder.worker is not None
    assert embedder.worker.pid is not None
    os.kill(embedder.worker.pid, signal.SIGKILL)
    assert len(vectors_of(await work)) == 40
    assert embedder.worker.restarts == 1


async def test_the_sum_of_the_weights_was_taken(embedder: LocalEmbedder, paths: Paths) -> None:
    assert locate(Settings()).sha256 in (paths.cache / "embedders.json").read_text()


async def test_a_damaged_model_is_refused_with_its_reason(paths: Paths, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(
        locate(Settings()).directory, folder, ignore=shutil.ignore_patterns("*.safetensors")
    )
    (folder / "model.safetensors").write_bytes(b"not weights at all")
    embedder = LocalEmbedder(Settings(embedding_model=str(folder)), paths)
    with pytest.raises(ModelError, match="cannot be loaded on"):
        await embedder.embed(["a"], "query")
    assert embedder.worker is not None
    assert embedder.worker.state == "failed"
    await embedder.stop()
    with pytest.raises(Unavailable):
        await embedder.embed(["a"], "query")


async def test_prompts_of_the_catalogue_go_before_the_texts() -> None:
    from morgan_core.embedding.model import load

    directory = locate(Settings()).directory
    prompts = {"query": "query: ", "document": "passage: "}
    with_prompts = load(directory, "cpu", 2, prompts, bfloat16=False)
    plain = load(directory, "cpu", 2, bfloat16=False)

    assert with_prompts.encode(["rent"], "query") == plain.encode(["query: rent"], "query")
    assert with_prompts.encode(["rent"], "passage") == plain.encode(["passage: rent"], "passage")
    assert plain.encode(["rent"], "query") == plain.encode(["rent"], "passage")


async def test_passages_in_bfloat16_are_those_in_float32_and_queries_are_not_touched() -> None:
    from morgan_core.embedding.model import load

    directory = locate(Settings()).directory
    short, whole = (load(directory, "cpu", 2, bfloat16=short) for short in (True, False))
    texts = [PASSAGE, "A kitten naps all afternoon.", "x", "for n in range(10): print(n ** 2)"]

    pairs = zip(
        vectors_of(short.encode(texts, "passage")),
        vectors_of(whole.encode(texts, "passage")),
        strict=True,
    )
    assert all(dot(one, two) > 0.9999 for one, two in pairs)
    assert short.encode(texts, "passage") != whole.encode(texts, "passage")
    assert short.encode(texts, "query") == whole.encode(texts, "query")
