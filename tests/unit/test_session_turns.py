"""A session gives every event of a turn once, however often its backend is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_core.errors import BadInput, Disconnected, Leaving, MorganError, NotFound, OwnerBusy
from morgan_core.events import AnyTurnEvent, Done, Queued, Token
from morgan_core.session.election import Backend
from morgan_core.session.session import Session
from morgan_core.types import Answer

TURN = "e" * 32
EVENTS: list[AnyTurnEvent] = [
    Queued(turn_id=TURN, seq=1, conversation_id="c"),
    *(Token(turn_id=TURN, seq=seq, text=str(seq), start=seq) for seq in range(2, 9)),
    Done(turn_id=TURN, seq=9, answer=Answer(answer="2345678")),
]


class Disk:
    """What the backends share: whether the question was saved, and how often it was asked."""

    def __init__(self) -> None:
        self.saved = False
        self.asked = 0


class Breaking:
    """A backend whose streams break with ``error`` after ``events`` more events."""

    def __init__(self, disk: Disk, events: int, error: type[MorganError], *, saves: bool) -> None:
        self.disk, self.events, self.error, self.saves = disk, events, error, saves
        self.closed = False
        self.calls = 0

    async def ask(self, question: str, **given: Any) -> AsyncIterator[AnyTurnEvent]:
        if self.saves:
            self.disk.asked += not self.disk.saved
            self.disk.saved = True
        async for event in self._stream(0):
            yield event

    async def resume(self, turn_id: str, *, after_seq: int = 0) -> AsyncIterator[AnyTurnEvent]:
        if not self.disk.saved:
            raise NotFound(f"There is no turn {turn_id}.")
        async for event in self._stream(after_seq):
            yield event

    async def _stream(self, after_seq: int) -> AsyncIterator[AnyTurnEvent]:
        for sent, event in enumerate(EVENTS[after_seq:] if self.disk.saved else []):
            if sent == self.events:
                raise self.error("gone")
            yield event
        if not self.disk.saved:
            raise self.error("gone")

    async def health(self) -> str:
        self.calls += 1
        if self.events < len(EVENTS):
            raise self.error("gone")
        return "well"

    async def close(self) -> None:
        self.closed = True


class Scripted:
    """An election that the backends of a list win in turn."""

    def __init__(self, backends: list[Any]) -> None:
        self.backends = backends

    async def settle(self) -> Backend:
        if not self.backends:
            raise OwnerBusy("nobody is left")
        return Backend(self.backends.pop(0))


def _session(*backends: Any) -> Session:
    first, *rest = backends
    return Session(Scripted(rest), Backend(first))


@given(
    breaks=st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from([Disconnected, Leaving]), st.booleans()),
        max_size=6,
    )
)
def test_events_arrive_once_and_in_order_over_any_losses(breaks: list[Any]):
    async def ask() -> list[AnyTurnEvent]:
        disk = Disk()
        lossy = [Breaking(disk, after, error, saves=saves) for after, error, saves in breaks]
        session = _session(*lossy, Breaking(disk, 99, Disconnected, saves=True))
        events = [event async for event in session.ask("hello", turn_id=TURN)]
        await session.close()
        assert disk.asked == 1
        return events

    assert asyncio.run(ask()) == EVENTS


async def test_a_question_that_was_saved_unseen_is_not_asked_again():
    disk = Disk()
    session = _session(
        Breaking(disk, 0, Disconnected, saves=True), Breaking(disk, 99, Disconnected, saves=True)
    )

    events = [event async for event in session.ask("hello", turn_id=TURN)]

    assert (events, disk.asked) == (EVENTS, 1)
    await session.close()


async def test_a_call_in_flight_is_repeated_on_the_next_backend():
    lost, found = (Breaking(Disk(), n, Disconnected, saves=True) for n in (0, 99))
    session = _session(lost, found)
    changes: list[bool] = []
    session.on_backend_change.append(lambda: changes.append(True))

    assert await session.health() == "well"

    assert (lost.calls, found.calls, lost.closed, changes) == (1, 1, True, [True])
    await session.close()


async def test_many_losses_at_once_are_one_election():
    lost, found = (Breaking(Disk(), n, Disconnected, saves=True) for n in (0, 99))
    session = _session(lost, found)

    answers = await asyncio.gather(*(session.health() for _ in range(10)))

    assert answers == ["well"] * 10
    await session.close()


async def test_when_nobody_is_left_the_caller_is_told_and_the_next_call_elects_again():
    session = _session(Breaking(Disk(), 0, Disconnected, saves=True))

    with pytest.raises(OwnerBusy):
        await session.health()
    session._election.backends.append(  # type: ignore[attr-defined]
        Breaking(Disk(), 99, Disconnected, saves=True)
    )

    assert await session.health() == "well"
    await session.close()


async def test_an_error_of_the_core_is_no_loss():
    class Refusing(Breaking):
        async def health(self) -> str:
            raise BadInput("no")

    session = _session(Refusing(Disk(), 0, Disconnected, saves=True))

    with pytest.raises(BadInput):
        await session.health()
    await session.close()


async def test_a_deletion_that_had_happened_before_the_loss_is_done():
    class Gone:
        async def close(self) -> None: ...

        @property
        def conversations(self) -> Gone:
            return self

        async def delete(self, conversation_id: str) -> None:
            raise NotFound(conversation_id)

    class Broken(Gone):
        async def delete(self, conversation_id: str) -> None:
            raise Disconnected("gone")

    session = _session(Broken(), Gone())

    await session.conversations.delete("c")
    with pytest.raises(NotFound):
        await session.conversations.delete("c")
    await session.close()


async def test_a_session_that_closes_does_not_elect():
    session = _session(Breaking(Disk(), 0, Leaving, saves=True))
    await session.close()

    with pytest.raises(Leaving):
        await session.health()
