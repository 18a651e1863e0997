"""The model's threads stand back behind the screen's."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from morgan_core.errors import ModelError
from morgan_core.llm.engine import NICENESS, Engine
from morgan_core.llm.offload import Placement


@pytest.mark.skipif(sys.platform != "linux", reason="niceness belongs to processes here")
def test_the_engine_is_nicer_than_the_thread_of_the_screen(tmp_path: Path):
    engine = Engine()
    placement = Placement(gpu_layers=0, threads=1, batch=64)
    loading = engine.load(tmp_path / "none.gguf", placement, 512, lambda _share: None)
    assert isinstance(loading.exception(), ModelError)
    thread = engine._thread
    assert thread is not None and thread.native_id is not None
    before = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, thread.native_id) == min(before + NICENESS, 19)
    engine.stop()
    thread.join()
