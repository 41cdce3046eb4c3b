"""Seasonal naive: the last week comes again and again; what forecasts are measured against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.snapshot.forecast.forecast import Forecast
from entrepot.envs.snapshot.forecast.known import KnownDemand
from entrepot.envs.snapshot.forecast.methods import register_method

Floats = NDArray[np.float64]
WEEK = 7


@register_method("seasonal_naive")
def seasonal_naive(known: KnownDemand, days: Sequence[int]) -> Forecast:
    """Each weekday as it was last; the spread is what this would have been off on the days that are known.

    That it is measured rather than taken from the model of a random walk is in its favour: there the spread of a sum
    grows without need.
    """
    daily = np.nan_to_num(known.days_told("seasonal_naive"))
    total = np.concatenate([np.zeros_like(daily[:1]), daily.cumsum(axis=0)])  # [T + 1, *C]
    spans = [_of_span(total, span) for span in days]
    mean = np.stack([mean for mean, _ in spans])
    return Forecast(tuple(days), mean, np.maximum(np.stack([error for _, error in spans]), mean))


def _of_span(total: Floats, span: int) -> tuple[Floats, Floats]:
    """[*C] the sum expected, and the mean square by which it was off before."""
    weeks, rest = divmod(span, WEEK)
    last = len(total) - 1
    if last < WEEK:  # less than a week is known: its mean day comes again
        return span * total[-1] / max(last, 1), np.zeros_like(total[-1])
    origins = np.arange(WEEK, last + 1)
    week = total[origins] - total[origins - WEEK]
    expected = weeks * week + total[origins - WEEK + rest] - total[origins - WEEK]
    known = np.flatnonzero(origins + span <= last)
    if not known.size:
        return expected[-1], expected[-1]
    asked = total[origins[known] + span] - total[origins[known]]
    return expected[-1], ((asked - expected[known]) ** 2).mean(axis=0)
