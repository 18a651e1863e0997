"""``health``: how the running core is. It never starts one."""

from __future__ import annotations

import asyncio
from argparse import Namespace

from morgan_core.assistant import Morgan
from morgan_core.errors import MorganError
from morgan_tui.cli.console import Console, name

UNHEALTHY = 3
TIMEOUT = 10.0


async def health(morgan: Morgan, args: Namespace, console: Console) -> int:
    """Print the health; 0 while questions are answered, else 3."""
    try:
        async with asyncio.timeout(TIMEOUT):
            found = await morgan.health()
    except TimeoutError:
        return unhealthy(f"Morgan did not answer within {TIMEOUT:.0f} seconds.", console)
    except MorganError as error:
        return unhealthy(str(error), console)
    if console.as_json:
        console.json(found)
    else:
        console.line(found.status)
        for component, state in found.components.items():
            console.line(f"{name(component)}: {name(state)}")
        for worker in found.workers:
            reason = f" ({name(worker.reason)})" if worker.reason else ""
            console.line(f"process {name(worker.name)}: {worker.state}{reason}")
    return 0 if found.status in ("ok", "degraded") else UNHEALTHY


def unhealthy(reason: str, console: Console) -> int:
    """Say why there is no health to report."""
    console.say(reason)
    if console.as_json:
        console.json({"status": "error", "components": {"core": f"error: {reason}"}})
    return UNHEALTHY
