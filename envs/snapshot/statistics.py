"""Demand as a snapshot tells it: daily units, exponentially weighted over three spans, and their squares over one.

A statistic over D days moves by 1/D of what it is off (exponential smoothing, Brown 1956). A day of which nothing is
known moves nothing; a day on which nothing was asked for is a day of 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FAST_DAYS = 7
SLOW_DAYS = 28
QUARTER_DAYS = 91
HISTORY_DAYS = 400
"""Daily sums so far back leave less than 1.3 % of the slowest statistic to the value before them."""

SMOOTHED_DAYS = {"demand_fast": FAST_DAYS, "demand_slow": SLOW_DAYS, "demand_quarter": QUARTER_DAYS}
"""Days over which each statistic of demand is weighted."""
SQUARE = "demand_square"
SQUARE_DAYS = SLOW_DAYS


def opening_square(rate: Any) -> Any:
    """Mean square of a day's demand that is Poisson, what `demand_square` starts from.

    Args:
        rate: units a day, an array of any kind.
    """
    return rate * (1 + rate)


def opening_statistics(rate: Floats) -> dict[str, Floats]:
    """Statistics of demand before any was seen, by field of the snapshot.

    Args:
        rate: [M, S] units a day in the long run.
    """
    return {**dict.fromkeys(SMOOTHED_DAYS, rate), SQUARE: opening_square(rate)}


def after(statistics: dict[str, Floats], daily: Floats) -> dict[str, Floats]:
    """Statistics of demand after more days.

    Args:
        statistics: [M, S] each, before the first of the days.
        daily: [T, M, S] units asked for on each day, the latest last; NaN where it isn't known.

    Returns:
        [M, S] each, by field of the snapshot.
    """
    smoothed = {name: _smoothed(statistics[name], daily, days) for name, days in SMOOTHED_DAYS.items()}
    return {**smoothed, SQUARE: _smoothed(statistics[SQUARE], daily**2, SQUARE_DAYS)}


def _smoothed(opening: Floats, daily: Floats, days: int) -> Floats:
    value = np.array(opening, dtype=np.float64)
    for units in daily:
        value += np.nan_to_num((units - value) / days, nan=0.0)
    return value
