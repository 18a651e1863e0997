"""What the embedded index keeps when its process is killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from morgan_core.errors import Unavailable
from morgan_core.types import Scope
from tests.hits import ask

from .index_parts import INFO, chunk, make, vectors


def write_until_killed(directory: Path, first: int, lines: int) -> int:
    """Let a child write, kill it after ``lines`` acknowledged documents; returns the last one."""
    command = [sys.executable, "-m", "tests.integration.index_writer", str(directory), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        last = first
        for _ in range(lines):
            last = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
        # What reached the pipe before the kill was acknowledged too.
        return int((child.stdout.read().split() or [str(last)])[-1])


async def test_killed_writers_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(7)
    done: list[tuple[int, int]] = []
    first = 0
    for _ in range(5):
        last = write_until_killed(tmp_path, first, chance.randint(1, 60))
        done.append((first, last))
        first = last + 2  # the one after the last may be there in part

    index = make("edge", tmp_path)
    await index.open()
    documents = await index.documents()
    for start, end in done:
        for n in range(start, end + 1):
            assert documents.get(f"d{n}") == (None if n % 7 == 0 else {1: 5}), n
    found = await ask(
        index, "document", vectors([1, 0, 0, 0]), limit=20_000, scope=Scope(documents=("d1", "d2"))
    )
    assert len(found.bm25) == len(found.dense) == 10
    moved = await ask(index, "document", None, limit=20_000, scope=Scope(folders=("/moved",)))
    known = {h.chunk.document_id for h in moved.bm25}
    assert {f"d{n}" for a, b in done for n in range(a, b + 1) if n % 5 == 0 and n % 7} <= known
    await index.close()


async def test_a_shard_that_was_half_created_is_begun_anew(tmp_path: Path) -> None:
    leftover = tmp_path / f"morgan_knowledge__{INFO.name}__{INFO.dimension}.new"
    (leftover / "segments").mkdir(parents=True)

    index = make("edge", tmp_path)
    await index.open()
    await index.upsert_words([chunk("rent")])

    assert await index.count() == 1
    assert not leftover.exists()
    await index.close()


async def test_a_damaged_shard_is_an_error_with_a_mend(tmp_path: Path) -> None:
    damaged = tmp_path / f"morgan_knowledge__{INFO.name}__{INFO.dimension}"
    damaged.mkdir(parents=True)
    (damaged / "edge_config.json").write_text("not json")

    with pytest.raises(Unavailable, match="move that folder away"):
        await make("edge", tmp_path).open()
