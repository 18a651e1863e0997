"""Helpers that every kind of test shares."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(
    condition: Callable[[], T | Awaitable[T]], timeout: float = 20.0, every: float = 0.02
) -> T:
    """Wait until ``condition()`` is truthy and return its value; fail after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        late = time.monotonic() > deadline  # before the look: a slow one gets another
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value  # type: ignore[return-value]
        if late:
            raise AssertionError(
                f"still {value!r} after {timeout} s: {inspect.getsource(condition)}"
            )
        await asyncio.sleep(every)
