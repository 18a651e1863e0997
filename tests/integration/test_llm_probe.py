"""A GGUF is tried in a child before it may enter this process."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from morgan_core.errors import ModelError
from morgan_core.llm import probe
from morgan_core.llm.base import ChatMessage
from morgan_core.llm.catalogue import STARTER, Catalogue
from morgan_core.llm.llama import LlamaModel
from morgan_core.llm.probe import ensure_tested
from morgan_core.paths import Paths, find_paths
from morgan_core.settings import Settings
from tests.llm_files import gguf

pytestmark = pytest.mark.slow


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = find_paths(tmp_path)
    paths.create()
    paths.models.mkdir()
    return paths


def starter(paths: Paths) -> Path:
    return Catalogue(paths).resolve(STARTER).path


async def test_a_good_model_passes_and_is_remembered(
    paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ensure_tested(starter(paths), paths, sha256="abc")
    monkeypatch.setattr(probe, "TEST_SECONDS", 0.0)

    await ensure_tested(starter(paths), paths, sha256="abc")

    with pytest.raises(ModelError, match="did not answer"):
        await ensure_tested(starter(paths), paths, sha256="another")


async def test_a_truncated_model_is_refused_by_name(paths: Paths) -> None:
    cut = paths.models / "cut.gguf"
    cut.write_bytes(starter(paths).read_bytes()[:30_000_000])

    with pytest.raises(ModelError, match=r"cut\.gguf"):
        await ensure_tested(cut, paths)


async def test_a_model_without_weights_is_refused_and_the_app_lives(paths: Paths) -> None:
    (paths.models / "empty.gguf").write_bytes(gguf())
    model = LlamaModel(Settings(llm_model="empty.gguf", max_context=512), paths)
    stream = model.generate([ChatMessage(role="user", content="Hi")], max_tokens=4, temperature=0)

    with pytest.raises(ModelError, match=r"empty\.gguf"):
        await anext(stream)

    assert model.info.state == "failed"
    assert "empty.gguf" in model.info.reason
    await model.close()


async def test_a_model_that_kills_its_process_is_told_with_the_signal(
    paths: Paths, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lethal = tmp_path / "lethal_probe.py"
    lethal.write_text(
        "import os, signal\n"
        "class Service:\n"
        "    handlers = property(lambda self: {'test': self.test})\n"
        "    async def test(self, path):\n"
        "        os.kill(os.getpid(), signal.SIGABRT)\n"
        "    async def close(self): ...\n"
        "async def start(config, parent):\n"
        "    return Service()\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path.cwd())]))
    monkeypatch.setattr(probe, "__name__", "lethal_probe")

    with pytest.raises(ModelError, match=r"made llama\.cpp crash") as caught:
        await ensure_tested(starter(paths), paths, again=True)

    assert str(int(signal.SIGABRT)) in str(caught.value) or "SIGABRT" in str(caught.value)
    assert "hoose another" in str(caught.value)
