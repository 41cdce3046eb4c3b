"""Exponential smoothing as the rules have it by default: midway between the last 28 days and the long run."""

from __future__ import annotations

from collections.abc import Sequence

from entrepot.envs.snapshot.forecast.forecast import Forecast
from entrepot.envs.snapshot.forecast.known import KnownDemand
from entrepot.envs.snapshot.forecast.level import level_of, sums_over, variance_of
from entrepot.envs.snapshot.forecast.methods import register_method

MIDWAY = (0.0, 0.5, 0.0, 0.5)
"""As `entrepot.envs.order_up_to.demand_rate`."""


@register_method("exponential")
def exponential(known: KnownDemand, days: Sequence[int]) -> Forecast:
    """What the outlook of rules and policies comes to; days are independent, and the level is taken to be known."""
    level = level_of(known, MIDWAY)
    mean = sums_over(known, level, days)
    return Forecast(tuple(days), mean, variance_of(known, mean, level, days, drift=0.0))
