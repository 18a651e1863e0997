"""The real app with real models on a pseudo-terminal, and a second face to ask how it is."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from morgan_core.paths import Paths, find_paths
from morgan_core.session import Session, attach
from tests.benchmarks.terminal import Terminal
from tests.helpers import eventually

LOADED_WITHIN = 180.0
SAMPLE_DOCUMENTS = 6


def environment(folder: Path) -> dict[str, str]:
    """Settings of nobody: no config file, nothing of this shell's. Byte code is kept, as it is
    where the program is installed."""
    config = folder / "config"
    config.mkdir(exist_ok=True)
    return {"MORGAN_CONFIG_DIR": str(config), "PYTHONDONTWRITEBYTECODE": ""}


def paths_in(folder: Path) -> Paths:
    """The directories of an app that runs with ``--data-dir folder/data``."""
    return find_paths(folder / "data")


@asynccontextmanager
async def running_app(
    folder: Path | None = None, env: Mapping[str, str] | None = None
) -> AsyncIterator[tuple[Terminal, Session]]:
    """The app with its models loaded, and a session attached to its core."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = folder or Path(temporary)
        command = [sys.executable, "-m", "morgan_tui", "--data-dir", str(folder / "data")]
        with Terminal(command, {**environment(folder), **(env or {})}) as terminal:
            session = await eventually(lambda: attach(paths_in(folder)), timeout=60, every=0.2)
            assert session is not None
            try:
                await loaded(session)
                yield terminal, session
            finally:
                await asyncio.wait_for(session.close(), 10)


async def loaded(session: Session) -> None:
    """Wait until the chat model and the embedder are in memory."""

    async def healthy() -> bool:
        return (await session.health()).status == "ok"

    await eventually(healthy, timeout=LOADED_WITHIN, every=0.3)


async def settled(session: Session, *, documents: int, timeout: float = 300.0) -> None:
    """Wait until the library holds ``documents`` at least and has nothing to do."""

    async def idle() -> bool:
        counts = await session.library.counts()
        done = not counts.busy and not counts.pending_passages
        return done and counts.documents >= documents

    await eventually(idle, timeout=timeout, every=0.3)
