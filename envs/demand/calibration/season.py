"""Seasonal indices by month, which know a month without sales from a month that nobody saw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.snapshot import calendar

FEW_DAYS = 14
"""A month's index that rests on fewer days is told."""

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
