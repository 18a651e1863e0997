"""Many small writes in few transactions.

A commit costs the same for one row as for hundreds. Whoever writes while a transaction is under
way joins the next one, and returns when that is committed: nothing is acknowledged early, and a
writer alone waits for nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Write = TypeVar("Write")


class GroupCommit(Generic[Write]):
    """Gathers writes for ``commit``, which must write all it is given, in order, or raise.

    ``turn`` is held during each transaction; others who write to the same place take it too.
    """

    def __init__(
        self, commit: Callable[[Sequence[Write]], Awaitable[None]], turn: asyncio.Lock
    ) -> None:
        self._commit = commit
        self._turn = turn
        self._waiting: list[tuple[Write, asyncio.Future[None]]] = []

    async def write(self, write: Write) -> None:
        """Returns when ``write`` is committed; raises what its commit raised.

        A write that was made before another one is never committed after it.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (write, done)
        self._waiting.append(entry)
        try:
            async with self._turn:
                if not done.done():
                    await self._commit_waiting()
        finally:
            with contextlib.suppress(ValueError):  # taken already
                self._waiting.remove(entry)
        done.result()

    async def _commit_waiting(self) -> None:
        group, self._waiting = self._waiting, []
        try:
            await self._commit([write for write, _ in group])
        except Exception as error:
            if len(group) == 1:
                _fail(group[0][1], error)
                return
        except BaseException:  # cancelled: the others' writes are for the next in line
            self._waiting = group + self._waiting
            raise
        else:
            for _, done in group:
                if not done.done():
                    done.set_result(None)
            return
        await self._commit_each(group)

    async def _commit_each(self, group: Sequence[tuple[Write, asyncio.Future[None]]]) -> None:
        """One of ``group`` cannot be written: find it, and do not let the others pay."""
        for number, (write, done) in enumerate(group):
            try:
                await self._commit([write])
            except Exception as error:
                _fail(done, error)
            except BaseException:
                self._waiting = [*group[number:], *self._waiting]
                raise
            else:
                if not done.done():
                    done.set_result(None)


def _fail(done: asyncio.Future[None], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
