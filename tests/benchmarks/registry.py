"""Every benchmark, in the order in which they run."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from tests.benchmarks.base import Metrics, Options

# name: (module, seconds it may take, whether it runs without being asked for)
BENCHMARKS: dict[str, tuple[str, int, bool]] = {
    "startup": ("startup", 120, True),
    "first_paint": ("first_paint", 300, True),
    "ask": ("ask_attached", 120, True),
    "open_chat": ("open_chat", 180, True),
    "idle": ("idle", 300, True),
    "generation": ("generation", 600, True),
    "second_turn": ("second_turn", 300, True),
    "embedder": ("embedder", 600, True),
    "ingest": ("ingest", 900, True),
    "echo": ("echo", 600, True),
    "search": ("search", 3600, True),
    "findable": ("findable", 120, True),
    "reconcile": ("reconcile", 1800, True),
    "retrieval": ("retrieval", 1800, True),
    "grounding": ("grounding", 600, True),
    "contention": ("contention", 900, False),
}


def load(name: str) -> Callable[[Options], Metrics]:
    """The ``run`` of the benchmark ``name``."""
    module, _, _ = BENCHMARKS[name]
    run: Callable[[Options], Metrics] = importlib.import_module(f"tests.benchmarks.{module}").run
    return run


def seconds_allowed(name: str) -> int:
    return BENCHMARKS[name][1]


def names_by_default() -> list[str]:
    return [name for name, (_, _, by_default) in BENCHMARKS.items() if by_default]
