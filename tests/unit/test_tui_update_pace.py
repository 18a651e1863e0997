"""Updates of a streaming answer leave the screen time for keys."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from morgan_tui.drafts import Drafts
from morgan_tui.turns import (
    DRAWING,
    DRAWING_BESIDE_KEYS,
    LONGEST_WAIT,
    UPDATE_EVERY,
    Chat,
    LiveTurn,
    Turns,
    seconds_until_update,
)


async def never() -> Any:
    raise AssertionError("the core is not needed")


def test_what_is_drawn_quickly_is_drawn_often():
    assert seconds_until_update(0.002, typing=False) == UPDATE_EVERY


@given(st.floats(0, 0.15))
def test_drawing_takes_its_share_of_the_time_at_most(cost: float):
    assert cost / (cost + seconds_until_update(cost, typing=False)) <= DRAWING + 1e-9


@given(st.floats(0, 0.02))
def test_drawing_takes_less_of_the_time_while_somebody_types(cost: float):
    assert cost / (cost + seconds_until_update(cost, typing=True)) <= DRAWING_BESIDE_KEYS + 1e-9


def test_an_answer_that_takes_long_to_draw_is_followed_all_the_same():
    assert seconds_until_update(10.0, typing=True) == LONGEST_WAIT


def test_a_slow_drawing_is_followed_by_a_longer_wait():
    assert seconds_until_update(0.1, typing=False) == pytest.approx(0.3)


async def test_the_next_update_waits_by_what_the_last_one_cost(monkeypatch):
    spent = 0.0
    monkeypatch.setattr("morgan_tui.turns.time.thread_time", lambda: spent)
    turns = Turns(never, Drafts(Path()), lambda _turn, _what: None)
    turns._flush()
    spent = 0.15
    turns._flush()
    turns._changed(LiveTurn(Chat(), "When?", turn_id="t"))
    assert turns._timer is not None
    assert turns._timer.when() - asyncio.get_running_loop().time() > 0.3
    turns.close()


async def test_what_streams_waits_longer_after_a_key(monkeypatch):
    now = 100.0
    monkeypatch.setattr("morgan_tui.turns.time.monotonic", lambda: now)
    monkeypatch.setattr("morgan_tui.turns.time.thread_time", lambda: now / 20)
    turns = Turns(never, Drafts(Path()), lambda _turn, _what: None)
    turns._flush()
    now = 100.3
    turns._flush()
    turns.typed()
    turns._changed(LiveTurn(Chat(), "When?", turn_id="t"))
    assert turns._timer is not None
    assert turns._timer.when() - asyncio.get_running_loop().time() > 0.2
    turns.close()
