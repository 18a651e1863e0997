"""What every benchmark shares: its options, its results, and the arithmetic of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Metric = dict[str, Any]
Metrics = dict[str, Metric]


@dataclass(frozen=True)
class Options:
    """``quick`` only proves that a benchmark works: its numbers mean nothing. ``chunks`` is the
    size of the index that is searched, ``files`` of the folder that is reconciled, ``data`` a
    folder of collections in BEIR layout."""

    quick: bool = False
    chunks: int = 20_000
    files: int = 10_000
    data: Path | None = None

    def pick(self, full: int, quick: int) -> int:
        return quick if self.quick else full


class Skipped(Exception):
    """The benchmark cannot run here; the message says why."""


def metric(
    value: float | None,
    unit: str,
    *,
    n: int,
    how: str,
    bar: float | None = None,
    better: Literal["less", "more"] = "less",
    **details: Any,
) -> Metric:
    """One measured figure. ``n`` observations are behind it; ``bar`` is what it must not be
    above (or below, when more is better); ``ok`` is None without a bar."""
    ok = None
    if bar is not None and value is not None:
        ok = value <= bar if better == "less" else value >= bar
    return {
        "value": None if value is None else significant(value),
        "unit": unit,
        "bar": bar,
        "better": better,
        "ok": ok,
        "n": n,
        "how": how,
        **details,
    }


def significant(value: float, digits: int = 4) -> float:
    """``value`` rounded to ``digits`` significant digits."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(values: Sequence[float], factor: float = 1.0) -> dict[str, float]:
    """Minimum, median and maximum, times ``factor``."""
    return {
        "min": significant(min(values) * factor),
        "median": significant(percentile(values, 0.5) * factor),
        "max": significant(max(values) * factor),
    }
