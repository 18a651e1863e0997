"""Putting documents in order for the screen: a few at once, many beside it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from morgan_core.types import Document
    from morgan_tui.library_view import LibraryView

AT_ONCE = 2000
"""Documents that are put in order between two keys; more are in a thread, which takes 0.3 s for
100,000."""

REST = 4.0
"""How long to rest after an arrangement until the next that only follows the library, in times of
what it took."""


class Arranger:
    """Lets ``view`` order documents and gives them to ``show``, with whether the person wants to
    see them from the top. ``start`` runs a task for as long as they are on screen."""

    def __init__(
        self,
        view: LibraryView,
        show: Callable[[Sequence[Document], bool], None],
        start: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._view = view
        self._show = show
        self._start = start
        self._arranging = False
        self._wanted: Collection[Document] | None = None
        self._to_top = False
        self._hurry = asyncio.Event()

    def arrange(
        self, documents: Collection[Document], *, to_top: bool = False, hurry: bool = True
    ) -> None:
        """Show ``documents`` as the view orders them now. What only follows the library needs no
        ``hurry``."""
        if not self._arranging and len(documents) <= AT_ONCE:
            self._show(self._view.shown(documents), to_top)
            return
        self._wanted = [*documents]
        self._to_top |= to_top
        if hurry:
            self._hurry.set()
        if not self._arranging:
            self._arranging = True
            self._start(self._arrange())

    async def _arrange(self) -> None:
        while (documents := self._wanted) is not None:
            self._wanted = None
            to_top, self._to_top = self._to_top, False
            self._hurry.clear()
            began = time.perf_counter()
            ordered = await asyncio.to_thread(self._view.shown, documents)
            self._show(ordered, to_top)
            await self._rest(REST * (time.perf_counter() - began))
        self._arranging = False

    async def _rest(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._hurry.wait(), seconds)
        except TimeoutError:
            return
