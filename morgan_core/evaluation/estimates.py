"""Means and areas with bootstrap confidence intervals.

The percentile bootstrap over queries (Efron 1979; for rankings Sakai 2006): the queries are
drawn again with replacement, and the middle 95 % of the means of the draws are the interval. The
seed is fixed, so that the same values give the same interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from morgan_core.types import Record

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Values = NDArray[np.float64]
    Statistic = Callable[[NDArray[np.int64]], float]

DRAWS = 1000
CONFIDENCE = 0.95
SEED = 20


class Estimate(Record, frozen=True, kw_only=True):
    """A figure and its 95 % confidence interval; NaN never occurs: without values all are 0."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} [{self.low:.3f}, {self.high:.3f}]"


def mean(values: Sequence[float], *, seed: int = SEED) -> Estimate:
    """The mean of one value per query."""
    if not values:
        return Estimate(mean=0.0, low=0.0, high=0.0)
    import numpy as np

    array = np.asarray(values, dtype=np.float64)
    drawn = _draw(len(array), lambda rows: float(array[rows].mean()), seed)
    return _estimate(math.fsum(values) / len(values), drawn)


def difference(ours: Sequence[float], theirs: Sequence[float], *, seed: int = SEED) -> Estimate:
    """The mean of ``ours`` - ``theirs``, query by query (paired)."""
    return mean([one - other for one, other in zip(ours, theirs, strict=True)], seed=seed)


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """The area under the ROC curve: how often a positive scores above a negative, ties counting
    half (Mann and Whitney 1947). 0 when either is empty."""
    import numpy as np

    return _area(np.asarray(positive, dtype=np.float64), np.asarray(negative, dtype=np.float64))


def auroc_estimate(
    positive: Sequence[float], negative: Sequence[float], *, seed: int = SEED
) -> Estimate:
    """``auroc`` with the interval from drawing positives and negatives again."""
    import numpy as np

    high, low = np.asarray(positive, dtype=np.float64), np.asarray(negative, dtype=np.float64)
    if not len(high) or not len(low):
        return Estimate(mean=0.0, low=0.0, high=0.0)
    generator = np.random.default_rng(seed)
    drawn = [
        _area(
            high[generator.integers(0, len(high), len(high))],
            low[generator.integers(0, len(low), len(low))],
        )
        for _ in range(DRAWS)
    ]
    return _estimate(_area(high, low), drawn)


def _area(positive: Values, negative: Values) -> float:
    import numpy as np

    if not len(positive) or not len(negative):
        return 0.0
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, side="left")
    not_above = np.searchsorted(ordered, positive, side="right")
    return float((below + not_above).mean() / 2 / len(ordered))


def _draw(size: int, statistic: Statistic, seed: int) -> list[float]:
    import numpy as np

    generator = np.random.default_rng(seed)
    return [statistic(generator.integers(0, size, size)) for _ in range(DRAWS)]


def _estimate(value: float, drawn: Sequence[float]) -> Estimate:
    import numpy as np

    outside = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [outside, 1 - outside])
    return Estimate(mean=round(value, 6), low=round(float(low), 6), high=round(float(high), 6))
