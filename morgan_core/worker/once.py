"""Disposable children: one call, then gone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from morgan_core.errors import MorganError, WorkerDied, error_from
from morgan_core.worker.channel import Handler
from morgan_core.worker.spawn import spawn


async def run_once(
    module: str,
    config: dict[str, Any],
    method: str,
    *,
    timeout: float,
    memory_limit: int | None = None,
    handlers: Mapping[str, Handler] | None = None,
    log_file: Path | None = None,
    env: Mapping[str, str] | None = None,
    niceness: int = 5,
    **params: Any,
) -> Any:
    """Start ``module`` in a child, call ``method`` once, end the child, return the result.

    ``timeout`` is seconds for all of it, ``memory_limit`` bytes of address space; by ``niceness``
    it stands back from the processor. Raises the
    MorganError that the child raised, WorkerDied with the reason when it died, TimeoutError.
    Cancelling kills the child.
    """
    name = module.rpartition(".")[2]
    ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def on_ready() -> None:
        if not ready.done():
            ready.set_result(None)

    async def on_failed(error: list[Any]) -> None:
        if not ready.done():
            ready.set_exception(error_from(*error))

    child = await spawn(
        name,
        module,
        config,
        {**(handlers or {}), "$ready": on_ready, "$failed": on_failed},
        log_file=log_file,
        env=env,
        memory_limit=memory_limit,
        niceness=niceness,
    )
    serving = asyncio.create_task(child.serve())
    try:
        async with asyncio.timeout(timeout):
            await asyncio.wait((ready, serving), return_when=asyncio.FIRST_COMPLETED)
            if ready.done():
                ready.result()
            result = await child.channel.call(method, **params)
            await child.stop(grace=1.0)
            return result
    except WorkerDied:
        if not child.channel.closed:
            raise
        reason = await serving
        raise WorkerDied(f"The {name} process ended while it was working ({reason}).") from None
    except MorganError:
        raise
    finally:
        child.kill_if_running()
        with contextlib.suppress(Exception):
            await serving
        child.close_log()
