"""Look at the app without a core: ``python -m tests.tui.fake_app [DATA_DIR]``."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from morgan_core.types import Folder, ModelInfo
from morgan_tui.app import MorganApp, run_app
from tests.tui.fake_morgan import FakeMorgan, FakeOpener, Reply, document, passage, sources

ANSWER = "The lease ends on **30 June 2027** [1]. It may be prolonged [1]. The cat is blue. " * 3


async def main() -> None:
    statuses = ("supported", "partly", "unsupported") * 3
    morgan = FakeMorgan(Reply(ANSWER, sources=sources(), statuses=statuses, delay=0.03))
    morgan.library.texts["d1"] = "x" * 100 + passage().text + "\nMore text.\n" * 500
    morgan.library.models["m"] = ModelInfo(name="fake-model", role="chat", state="active")
    morgan.library.folders["/papers"] = Folder(path="/papers", state="watching", documents=900)
    states = ("ready", "findable", "failed", "reading")
    morgan.library.put(*(document(n, states[n % 4], reason="Why.") for n in range(900)))
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
    await run_app(MorganApp(FakeOpener(morgan), data))


if __name__ == "__main__":
    asyncio.run(main())
