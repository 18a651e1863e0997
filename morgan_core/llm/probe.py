"""A GGUF seen for the first time is loaded in a child: llama.cpp can abort its process.

This module is both the child's service and the parent's ``ensure_tested``.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from morgan_core.errors import ModelError, WorkerDied
from morgan_core.llm.base import ChatMessage
from morgan_core.llm.checked import Remembered, identity
from morgan_core.paths import Paths
from morgan_core.worker.channel import Handler

TEST_SECONDS = 120.0
_CONTEXT = 512

log = logging.getLogger(__name__)


class _Probe:
    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {"test": self.test}

    async def test(self, path: str) -> dict[str, Any]:
        """Load, render the chat template, generate one token."""
        return await asyncio.to_thread(_load_and_generate, Path(path))

    async def close(self) -> None:
        return None


async def start(config: dict[str, Any], parent: Any) -> _Probe:
    return _Probe()


def _load_and_generate(path: Path) -> dict[str, Any]:
    from morgan_core.llm.generation import Generator
    from morgan_core.llm.offload import Placement, physical_cores
    from morgan_core.llm.weights import LoadedModel, Sampling

    placement = Placement(gpu_layers=0, threads=physical_cores(), batch=64)
    model = LoadedModel(path, placement, _CONTEXT)
    try:
        written: list[str] = []
        done = Generator(model).run(
            [
                ChatMessage(role="system", content="Answer."),
                ChatMessage(role="user", content="Hello"),
            ],
            "",
            1,
            Sampling(temperature=0.0),
            written.append,
            lambda: False,
        )
        return {"tokens": done.completion_tokens if done else 0}
    finally:
        model.free()


async def ensure_tested(path: Path, paths: Paths, *, sha256: str = "", again: bool = False) -> None:
    """Test ``path`` in a child unless it passed before with this version of llama.cpp.

    Passing is remembered in ``models/tested.json`` by checksum, or by path, size and time
    where none is known. Raises ModelError when the model is refused, crashes its process or
    does not answer within TEST_SECONDS.
    """
    from morgan_core.worker.once import run_once

    remembered = Remembered(paths.models / "tested.json")
    version = importlib.metadata.version("llama-cpp-python")
    key = f"{sha256 or identity(path)}|llama-cpp-python {version}"
    if not again and await asyncio.to_thread(remembered.get, key) == "passed":
        return
    log.info("testing %s in a child process", path)
    try:
        await run_once(
            __name__,
            {},
            "test",
            timeout=TEST_SECONDS,
            log_file=paths.logs / "model-test.log",
            path=str(path),
        )
    except WorkerDied as error:
        raise ModelError(
            f"The model {path.name} made llama.cpp crash: {error.message}",
            mend="Choose another model.",
        ) from error
    except TimeoutError as error:
        raise ModelError(
            f"The model {path.name} did not answer a test within {TEST_SECONDS:.0f} s.",
            mend="Choose a smaller model.",
        ) from error
    await asyncio.to_thread(remembered.put, key, "passed")
