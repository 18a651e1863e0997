"""Writes that meet share a transaction, and none is acknowledged or lost early."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from morgan_core.storage.group_commit import GroupCommit


class Store:
    """Keeps the groups it was given; is slow while ``gate`` is clear, and refuses ``"bad"``."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = asyncio.Event()
        self.turn = asyncio.Lock()
        self.commits = GroupCommit(self.commit, self.turn)

    async def commit(self, writes: Sequence[str]) -> None:
        self.begun.set()
        await self.gate.wait()
        if "bad" in writes:
            raise ValueError("bad")
        self.groups.append(list(writes))

    async def begin(self, write: str) -> asyncio.Task[None]:
        """Start a write and let it come as far as it can."""
        task = asyncio.create_task(self.commits.write(write))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return task


@pytest.fixture
async def store() -> Store:
    return Store()


async def test_a_write_alone_is_committed_at_once(store: Store) -> None:
    await store.commits.write("a")

    assert store.groups == [["a"]]


async def test_what_is_written_during_a_commit_goes_together_in_order(store: Store) -> None:
    store.gate.clear()
    tasks = [await store.begin(write) for write in "abcd"]
    assert not any(task.done() for task in tasks)

    store.gate.set()
    await asyncio.gather(*tasks)

    assert store.groups == [["a"], ["b", "c", "d"]]


async def test_a_write_that_fails_fails_alone(store: Store) -> None:
    store.gate.clear()
    first = await store.begin("a")
    others = [await store.begin(write) for write in ("b", "bad", "c")]

    store.gate.set()
    await first
    outcomes = await asyncio.gather(*others, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [type(None), ValueError, type(None)]
    assert store.groups == [["a"], ["b"], ["c"]]


async def test_a_writer_that_is_cancelled_in_its_commit_leaves_the_others_theirs(
    store: Store,
) -> None:
    await store.turn.acquire()
    tasks = [await store.begin(write) for write in "abc"]
    store.gate.clear()
    store.turn.release()
    await store.begun.wait()

    tasks[0].cancel()
    store.gate.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert isinstance(outcomes[0], asyncio.CancelledError)
    assert outcomes[1:] == [None, None]
    assert store.groups == [["b", "c"]]


async def test_others_who_hold_the_turn_are_waited_for(store: Store) -> None:
    await store.turn.acquire()
    task = await store.begin("a")
    assert store.groups == []

    store.turn.release()
    await task

    assert store.groups == [["a"]]
