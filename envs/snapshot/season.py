"""The seasonal outlook that a snapshot tells: what the last weeks and the next ones are like in an ordinary year."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.snapshot import calendar

WEEKS_AHEAD = 13
TRAILING_DAYS = (28, 91)
SEASON_ENTRIES = len(TRAILING_DAYS) + WEEKS_AHEAD
"""Of the seasonal outlook: the last 28 and the last 91 days as one each, then each week ahead."""


def season_ahead(month_index: NDArray[np.float64], first_day: NDArray[np.int64], days: int) -> NDArray[np.float64]:
    """The seasonal index, 1 in the mean of a year: of the last 28 and 91 days, then of each of the next 13 weeks.

    Args:
        month_index: [12].
        first_day: [B] days since 1970-01-01.
        days: T.

    Returns:
        [B, T, 15].
    """
    before = max(TRAILING_DAYS)
    span = np.arange(-before, days + 7 * WEEKS_AHEAD)
    index = month_index[calendar.month(first_day[:, None] + span)]
    total = np.concatenate([np.zeros((len(index), 1)), index.cumsum(axis=1)], axis=1)
    today = before + np.arange(days)
    trailing = [(total[:, today] - total[:, today - length]) / length for length in TRAILING_DAYS]
    week = today[:, None] + 7 * np.arange(WEEKS_AHEAD)
    ahead = (total[:, week + 7] - total[:, week]) / 7
    return np.concatenate([np.stack(trailing, axis=-1), ahead], axis=-1)
