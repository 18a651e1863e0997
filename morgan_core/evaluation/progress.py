"""How far an evaluation is."""

from __future__ import annotations

from collections.abc import Callable

from morgan_core.types import Record


class Progress(Record, frozen=True, kw_only=True):
    """``done`` of ``total`` (0: not known) of one step, which is named as people read it."""

    step: str
    done: int
    total: int = 0


OnProgress = Callable[[Progress], None]


def unseen(_: Progress) -> None:
    """Nobody watches."""
