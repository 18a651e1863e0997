"""While the app runs, it decides when the collector walks through everything."""

from __future__ import annotations

import gc

from morgan_core import events
from morgan_core.types import ModelInfo
from tests.helpers import eventually
from tests.tui.conftest import OpenApp
from tests.tui.fake_morgan import FakeMorgan


async def test_full_collections_wait_for_the_app_and_are_pythons_own_again_after_it(
    open_app: OpenApp,
):
    before = gc.get_threshold()
    async with open_app():
        assert gc.get_threshold()[:2] == before[:2]
        assert gc.get_threshold()[2] > 1_000_000
    assert gc.get_threshold() == before


async def test_what_was_imported_is_spared_once_the_model_is_there(open_app: OpenApp):
    morgan = FakeMorgan()
    morgan.library.models["m"] = ModelInfo(name="m", role="chat", state="loading")
    gc.unfreeze()
    async with open_app(morgan) as (app, _pilot):
        await eventually(lambda: app.library.models)
        assert gc.get_freeze_count() == 0
        morgan.library.publish(
            events.ModelChanged(model=ModelInfo(name="m", role="chat", state="active"))
        )
        await eventually(lambda: gc.get_freeze_count() > 0)
    gc.unfreeze()


async def test_a_key_keeps_the_collector_waiting(open_app: OpenApp):
    async with open_app() as (app, pilot):
        assert app.collector.last_key == 0.0
        await pilot.press("a")
        assert app.collector.last_key > 0.0
