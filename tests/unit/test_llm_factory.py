"""Which chat model the settings ask for, and that asking costs nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from morgan_core.llm.factory import make_chat_model
from morgan_core.llm.llama import LlamaModel
from morgan_core.llm.remote import RemoteModel
from morgan_core.paths import find_paths
from morgan_core.settings import Settings


def test_without_a_host_the_model_runs_in_this_process(tmp_path: Path) -> None:
    model = make_chat_model(Settings(), find_paths(tmp_path))

    assert isinstance(model, LlamaModel)
    assert model.info.name == "smollm2-135m-instruct"


def test_with_a_host_the_model_is_remote(tmp_path: Path) -> None:
    settings = Settings(llm_base_url="http://user:secret@models.lan:8000/v1")

    model = make_chat_model(settings, find_paths(tmp_path))

    assert isinstance(model, RemoteModel)
    assert model.info.source == "models.lan:8000"


def test_making_a_model_imports_nothing_heavy(tmp_path: Path) -> None:
    script = f"""
import sys
from morgan_core.llm.factory import make_chat_model
from morgan_core.paths import find_paths
from morgan_core.settings import Settings
make_chat_model(Settings(), find_paths({str(tmp_path)!r}))
make_chat_model(Settings(llm_base_url="http://h/v1"), find_paths({str(tmp_path)!r}))
heavy = {{"llama_cpp", "aiohttp", "huggingface_hub", "torch", "numpy", "jinja2", "psutil"}}
print(sorted(heavy & set(sys.modules)))
"""
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )

    assert run.stdout.strip() == "[]"
