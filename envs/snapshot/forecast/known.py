"""What is known of demand when it is forecast: the snapshot's statistics, and daily sums where there are any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.snapshot import calendar, statistics
from entrepot.envs.snapshot.season import TRAILING_DAYS, season_ahead

Floats = NDArray[np.float64]
LEAST_INDEX = 0.05
"""Months in which hardly anything is sold would else be divided by."""
NO_WEEKDAYS = np.ones(7)
SHORTEST_DAYS = 56
"""Fewer days tell nothing of weekdays."""


@dataclass(frozen=True)
class KnownDemand:
    """Of cells C of any shape, such as [B, M, S] of a snapshot or [M, S] of daily sums."""

    fast: Floats  # [*C] units a day, exponentially weighted over 7 days
    slow: Floats  # [*C] the same over 28 days
    quarter: Floats  # [*C] the same over 91 days
    square: Floats  # [*C] units², of days, over 28 days
    season: Floats  # [*leading axes of C, 15] as `season_ahead` of a snapshot
    weekday: NDArray[np.int64]  # [*leading axes of C] of the first day ahead, Monday = 0
    mean: Floats | None = None  # [*C] units a day in the long run; None where only the statistics are known
    deviation: Floats | None = None  # [*C] of a day's units in the long run; the same
    daily: Floats | None = None  # [T, *C] units a day, the latest last; NaN where unknown; None where there are none
    weekday_index: Floats = field(default_factory=lambda: NO_WEEKDAYS)  # [7] units a day over the week's mean

    @classmethod
    def of_snapshot(
        cls, arrays: Mapping[str, NDArray[Any]], *, mean: Floats | None = None, deviation: Floats | None = None
    ) -> Self:
        """Of markets [B, M, S].

        Args:
            arrays: as `SNAPSHOT_FIELDS`; only what they tell of demand, season and weekday is read.
            mean: [M, S] units a day in the long run, as `demand_mean` of a network's attributes.
            deviation: [M, S] of a day's units, as `demand_deviation`.
        """
        fast = np.asarray(arrays["demand_fast"], np.float64)
        return cls(
            fast=fast,
            slow=np.asarray(arrays["demand_slow"], np.float64),
            quarter=np.asarray(arrays["demand_quarter"], np.float64),
            square=np.asarray(arrays["demand_square"], np.float64),
            season=np.broadcast_to(np.asarray(arrays["season_ahead"], np.float64), (len(fast), 15)),
            weekday=np.broadcast_to(np.asarray(arrays["weekday"], np.int64), len(fast)),
            mean=None if mean is None else np.broadcast_to(mean, fast.shape),
            deviation=None if deviation is None else np.broadcast_to(deviation, fast.shape),
        )

    @classmethod
    def of_daily(cls, daily: Floats, first_day: int, month_index: Floats) -> Self:
        """Of daily sums up to the day before the first day ahead; of more than 400 days the latest count.

        The long run's mean and deviation are those of the days, freed of their season; which weekdays sell is told by
        all cells together.

        Args:
            daily: [T, *C] units asked for; NaN on days of which nothing is known.
            first_day: of them, in days since 1970-01-01.
            month_index: [12] units a day in each month over the year's mean.

        Raises:
            ConfigurationError: there are no days.
        """
        if not len(daily):
            raise ConfigurationError("daily: no days; a forecast needs one at least")
        skipped = max(len(daily) - statistics.HISTORY_DAYS, 0)
        kept = daily[skipped:]
        days = first_day + skipped + np.arange(len(kept))
        today = int(days[-1]) + 1
        index = np.maximum(month_index[calendar.month(days)], LEAST_INDEX).reshape(-1, *(1,) * (kept.ndim - 1))
        freed = kept / index
        mean = np.nan_to_num(np.nanmean(freed, axis=0)) if not np.isnan(freed).all() else np.zeros(kept.shape[1:])
        seen = statistics.after(statistics.opening_statistics(mean), kept)
        return cls(
            fast=seen["demand_fast"],
            slow=seen["demand_slow"],
            quarter=seen["demand_quarter"],
            square=seen["demand_square"],
            season=season_ahead(month_index, np.array([today]), 1)[0, 0],
            weekday=calendar.weekday(np.array(today)),
            mean=mean,
            deviation=np.nan_to_num(np.nanstd(freed, axis=0)),
            daily=kept,
            weekday_index=_weekdays(freed, days),
        )

    def through(self, share: Floats) -> Self:
        """The same of nodes, through which shares of markets' demand pass: cells [*B, N, S].

        Variances of markets add up as if they were independent, where there are no daily sums to tell.

        Args:
            share: [N, M], or [N, M, S], of cells [*B, M, S].
        """
        spread = share[..., None] if share.ndim == 2 else share

        def summed(values: Floats, weight: Floats = spread) -> Floats:
            return np.asarray(np.einsum("nms,...ms->...ns", np.broadcast_to(weight, _full(weight, values)), values))

        slow = summed(self.slow)
        variance = summed(np.maximum(self.square - self.slow**2, 0.0), spread**2)
        return type(self)(
            fast=summed(self.fast),
            slow=slow,
            quarter=summed(self.quarter),
            square=variance + slow**2,
            season=self.season,
            weekday=self.weekday,
            mean=None if self.mean is None else summed(self.mean),
            deviation=None if self.deviation is None else np.sqrt(summed(self.deviation**2, spread**2)),
            daily=None if self.daily is None else summed(self.daily),
            weekday_index=self.weekday_index,
        )

    def days_told(self, method: str) -> Floats:
        """[T, *C] the daily sums.

        Raises:
            ConfigurationError: there are none; the message names the method that needs them.
        """
        if self.daily is None:
            raise ConfigurationError(f"forecast: {method!r} needs daily sums, which a snapshot alone doesn't hold")
        return self.daily

    def factors(self, days: int) -> Floats:
        """[days, *leading axes of C, …] of each day ahead on the level: the season's and the weekday's."""
        ahead = np.arange(days)
        weeks = self.season[..., len(TRAILING_DAYS) :]
        season = np.moveaxis(weeks[..., np.minimum(ahead // 7, weeks.shape[-1] - 1)], -1, 0)
        weekday = (self.weekday[..., None] + ahead) % 7
        return self._spread(season * np.moveaxis(self.weekday_index[weekday], -1, 0), 1)

    def trailing(self) -> tuple[Floats, Floats, Floats]:
        """[*leading axes of C, …] the season that the week's, the month's and the quarter's average was seen in.

        A week's own is not told; that of the week ahead stands in, as in `entrepot.agents.rules.forecast`.
        """
        index = np.maximum(self.season, LEAST_INDEX)
        return tuple(self._spread(index[..., entry], 0) for entry in (2, 0, 1))  # type: ignore[return-value]

    def _spread(self, values: Floats, axes: int) -> Floats:
        """With an axis of 1 for each of the cells' that the values lack."""
        return values.reshape(*values.shape, *(1,) * (self.fast.ndim - (values.ndim - axes)))


def _full(weight: Floats, values: Floats) -> tuple[int, ...]:
    return (*weight.shape[:2], values.shape[-1])


def _weekdays(freed: Floats, days: NDArray[np.int64]) -> Floats:
    """[7] of all cells together; all 1 where too few days tell."""
    total = np.nansum(freed.reshape(len(freed), -1), axis=1)
    if len(days) < SHORTEST_DAYS or not total.any():
        return NO_WEEKDAYS
    weekday = calendar.weekday(days)
    mean = np.bincount(weekday, weights=total, minlength=7) / np.bincount(weekday, minlength=7)
    return np.asarray(mean / mean.mean())
