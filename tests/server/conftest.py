"""A served core without models, and a plain HTTP client in front of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from morgan_core.server.listen import Listener, listen_private, listen_tcp
from morgan_core.server.state import ServerState
from morgan_core.settings import Settings
from tests.journalled_core import JournalledMorgan, make_paths


@dataclass
class Served:
    """``http`` sends requests with paths only; ``morgan`` is the core behind them."""

    morgan: JournalledMorgan
    state: ServerState
    http: aiohttp.ClientSession
    listener: Listener


Serve = Callable[..., Awaitable[Served]]


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """``await serve(socket=False, pace=0.0, **settings)``."""
    async with AsyncExitStack() as stack:

        async def start(*, socket: bool = False, pace: float = 0.0, **settings: Any) -> Served:
            paths = make_paths(tmp_path)
            paths.create()
            morgan = JournalledMorgan(None, paths, pace=pace)
            await morgan.start()
            stack.push_async_callback(morgan.close)
            state, values = ServerState(), Settings(**settings)
            if socket:
                listener = await listen_private(morgan, values, paths, state)
                connector = aiohttp.UnixConnector(listener.socket)
                http = aiohttp.ClientSession("http://localhost", connector=connector)
            else:
                listener = await listen_tcp(morgan, values, paths, state, "127.0.0.1", 0)
                http = aiohttp.ClientSession(listener.url)
            stack.push_async_callback(listener.close)
            await stack.enter_async_context(http)
            return Served(morgan, state, http, listener)

        yield start
