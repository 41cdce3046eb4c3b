"""Seasonal indices by month, which know a month without sales from a month that nobody saw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.snapshot import calendar

FEW_DAYS = 14
"""A month's index that rests on fewer days is told."""

DAYS_PER_YEAR = 365.0
TWO_CYCLES = 2.0
"""Years from which on each month was seen twice."""

FAINT_MONTH = 0.1
"""A month with a lower seasonal index is no source for others: what few units it has would be scaled up to anything."""

NAMES = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def seasonal_index(units: NDArray[np.float32], days: NDArray[np.int64]) -> NDArray[np.float64]:
    """[12] units a day in each month over the mean month's: 0 where nothing was sold, 1 where a month was never seen.

    Args:
        units: [D, …] units sold.
        days: [D] days since 1970-01-01, on all of which sales would have been seen.
    """
    total = units.reshape(len(units), -1).sum(axis=1)
    month = calendar.month(days)
    count = np.bincount(month, minlength=12)
    mean = np.bincount(month, weights=total, minlength=12) / np.maximum(count, 1)
    seen = count > 0
    level = mean[seen].mean() if seen.any() else 0.0
    return np.where(seen, mean / level, 1.0) if level > 0 else np.ones(12)


def trusted_index(
    index: NDArray[np.float64], days: NDArray[np.int64], *, cycles: float
) -> tuple[NDArray[np.float64], list[str]]:
    """Seasonal indices as far as the days bear them out; and what a person should know of that.

    A month that was seen in one year only may have been good, or that year's sales may have risen: the two can't be
    told apart. So indices of fewer years than `cycles` are shrunk towards 1, to nothing but 1 where there is one year
    or less. A month in which next to nothing was sold keeps its index: that is no trend.

    Args:
        index: [12] as measured.
        days: [D] days since 1970-01-01 that they were measured on.
        cycles: years that it takes to believe them.
    """
    held = len(days) / DAYS_PER_YEAR
    trust = float(held >= 1) if cycles <= 1 else float(np.clip((held - 1) / (cycles - 1), 0.0, 1.0))
    if trust == 1:
        one = f"months' indices rest on {held:.1f} years: what rose or fell from one to the next may pass for a season"
        return index, [one] if held < TWO_CYCLES else []
    count = np.bincount(calendar.month(days), minlength=12)
    silent = (index < FAINT_MONTH) & (count >= FEW_DAYS)
    if (index == 1).all():
        return index, []
    mean = index[~silent & (count > 0)].mean()
    shrunk = np.where(silent, index, np.where(count > 0, mean + trust * (index - mean), 1.0))
    how = "no season is taken from it" if trust == 0 else f"months' indices are shrunk by {1 - trust:.0%} to no season"
    return shrunk, [
        f"{how}: the training window holds {held:.1f} years, and below {cycles:g} (season_cycles) a season can't be "
        "told from a trend"
    ]


def months_told(days: NDArray[np.int64]) -> list[str]:
    """What a person should know of indices that rest on the days given: months never seen, or hardly."""
    count = np.bincount(calendar.month(days), minlength=12)
    unseen = [NAMES[month] for month in np.flatnonzero(count == 0)]
    hardly = [f"{NAMES[month]} on {count[month]}" for month in np.flatnonzero((count > 0) & (count < FEW_DAYS))]
    told = []
    if unseen:
        told.append(f"assumed: the mean month's demand in {', '.join(unseen)}, which the training window doesn't have")
    if hardly:
        told.append(f"a month's index rests on few days: {', '.join(hardly)}")
    return told
