"""Teunter, Syntetos and Babai (2011), 'Intermittent demand: linking forecasting to inventory obsolescence'."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from entrepot.envs.snapshot.forecast.forecast import Forecast
from entrepot.envs.snapshot.forecast.known import KnownDemand
from entrepot.envs.snapshot.forecast.level import sums_over, variance_of
from entrepot.envs.snapshot.forecast.methods import register_method

SIZE_SHARE, CHANCE_SHARE = 0.05, 0.02
"""By which a day moves the size of a demand, and the chance that there is one."""


@register_method("tsb")
def tsb(known: KnownDemand, days: Sequence[int]) -> Forecast:
    """The chance that a day has demand and its size are smoothed apart, and go on with weekdays and season."""
    daily = known.days_told("tsb")
    sold = daily > 0
    first = sold.mean(axis=0)
    size = np.where(sold, daily, 0.0).sum(axis=0) / np.maximum(sold.sum(axis=0), 1)
    chance = first
    for units in daily:
        asked = units > 0
        size = size + SIZE_SHARE * np.where(asked, units - size, 0.0)
        chance = chance + CHANCE_SHARE * np.where(np.isnan(units), 0.0, asked - chance)
    level = chance * size / known.trailing()[1]  # what it remembers is about a month old
    mean = sums_over(known, level, days)
    return Forecast(tuple(days), mean, variance_of(known, mean, level, days, drift=0.0))
