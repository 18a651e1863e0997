"""The collector's full passes come when nobody waits, and spare what stays anyway."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from morgan_tui.collector import ENOUGH, QUIET, TOO_MUCH, QuietCollector

FULL = 2


class App:
    """A collector with a clock, in an app that may be at work."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.busy = False
        self.collector = QuietCollector(lambda: self.busy, clock=lambda: self.now)


@pytest.fixture
def app() -> Iterator[App]:
    gc.collect()
    gc.disable()
    yield App()
    gc.enable()
    gc.unfreeze()


def leave_to_collect(times: int) -> None:
    for _ in range(times):
        gc.collect(1)


def full_collections() -> int:
    return gc.get_stats()[FULL]["collections"]


def looks(app: App) -> int:
    before = full_collections()
    app.collector.look()
    return full_collections() - before


def test_a_quiet_moment_is_used_once_there_is_enough_to_collect(app: App):
    app.collector.keep()
    leave_to_collect(ENOUGH - 1)
    assert looks(app) == 0
    leave_to_collect(1)
    assert looks(app) == 1
    assert looks(app) == 0


def test_nothing_is_collected_while_keys_are_typed(app: App):
    app.collector.keep()
    leave_to_collect(ENOUGH)
    app.collector.typed()
    assert looks(app) == 0
    app.now += QUIET
    assert looks(app) == 1


def test_nothing_is_collected_while_the_app_is_busy(app: App):
    app.collector.keep()
    leave_to_collect(ENOUGH)
    app.busy = True
    assert looks(app) == 0
    app.busy = False
    assert looks(app) == 1


def test_too_much_is_collected_even_while_keys_are_typed(app: App):
    leave_to_collect(TOO_MUCH)
    app.collector.typed()
    app.busy = True
    assert looks(app) == 1


def test_what_is_kept_is_not_looked_at_again(app: App):
    before = gc.get_freeze_count()
    app.collector.keep()
    assert gc.get_freeze_count() > before
    assert len(gc.get_objects()) < 1000
