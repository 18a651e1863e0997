"""The link between the app and the core, which opens after the first paint.

One task enters the opener's context and leaves it, so that the core is closed by whoever opened
it; every other part awaits ``CoreLink.morgan()``.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from morgan_core.errors import MorganError

if TYPE_CHECKING:
    from morgan_core.assistant import Morgan

Opener = Callable[[], "AbstractAsyncContextManager[Morgan]"]


class CoreLink:
    """Opens the core in the background and closes it at the end."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._morgan: asyncio.Future[Morgan] | None = None
        self._leave: asyncio.Event | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def open(self) -> Morgan | None:
        """The core when it is open, else None."""
        future = self._morgan
        if future is None or not future.done() or future.cancelled() or future.exception():
            return None
        return future.result()

    @property
    def error(self) -> MorganError | None:
        """Why the core did not open; None while it is opening or open."""
        future = self._morgan
        if future is None or not future.done() or future.cancelled():
            return None
        error = future.exception()
        return error if isinstance(error, MorganError) else None

    def start(self) -> None:
        """Begin to open; call it once the first frame is painted, and again after an error."""
        if self._task is not None and not self._task.done():
            return
        if self._morgan is None or self._morgan.done():
            self._morgan = asyncio.get_running_loop().create_future()
        self._leave = asyncio.Event()
        self._task = asyncio.create_task(self._hold(self._morgan, self._leave))

    async def morgan(self) -> Morgan:
        """The core, once it is open.

        Raises the error that kept it from opening.
        """
        if self._morgan is None:
            self._morgan = asyncio.get_running_loop().create_future()
        return await asyncio.shield(self._morgan)

    async def close(self) -> None:
        """Close the core; a second call waits for the same end.

        Raises what went wrong while it closed.
        """
        if self._task is None:
            return
        if self._leave is not None:
            self._leave.set()
        if self.open is None:
            self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.shield(self._task)

    async def _hold(self, opened: asyncio.Future[Morgan], leave: asyncio.Event) -> None:
        try:
            async with self._opener() as morgan:
                opened.set_result(morgan)
                await leave.wait()
        except asyncio.CancelledError:
            opened.cancel()
            raise
        except Exception as error:
            if opened.done():
                raise
            opened.set_exception(_named(error))
            opened.exception()


def _named(error: Exception) -> MorganError:
    if isinstance(error, MorganError):
        return error
    named = MorganError(
        f"Morgan could not start: {type(error).__name__}: {error}.",
        mend="`morgan-tui doctor` says what is wrong.",
    )
    named.__cause__ = error
    return named
