"""Demand in the long run, by what is known of it: figures that were given, else the sales records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.snapshot import calendar
from entrepot.envs.snapshot.records.remarks import Remarks
from entrepot.envs.snapshot.records.sales import DailySales
from entrepot.envs.snapshot.statistics import SLOW_DAYS, opening_square

Floats = NDArray[np.float64]

YEAR_DAYS = 364
MONTH_DAYS = np.array([31.0, 28.25, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0, 31.0])


@dataclass(frozen=True)
class LongRunDemand:
    """What is known beforehand, as an exported module tells it. M markets and S SKUs; NaN where nothing is known."""

    month_index: ArrayLike | None = None  # [12] units a day in each month over the year's mean, January first
    mean: ArrayLike | None = None  # [M, S] units a day
    deviation: ArrayLike | None = None  # [M, S] standard deviation of a day's units
    square: ArrayLike | None = None  # [M, S] mean square of a day's units


@dataclass(frozen=True)
class Demand:
    """The same, complete."""

    month_index: Floats  # [12]
    mean: Floats  # [M, S] units a day
    deviation: Floats  # [M, S] units a day
    square: Floats  # [M, S] units² a day


def by_name(
    table: ArrayLike, rows: Sequence[str], columns: Sequence[str], own_rows: Sequence[str], own_columns: Sequence[str]
) -> Floats:
    """A table with names at both sides, brought into the order of others; NaN where it lacks a name.

    Args:
        table: [R, C].
        rows: [R] names.
        columns: [C] names.
        own_rows: of the result.
        own_columns: of the result.
    """
    padded = np.pad(np.asarray(table, np.float64), ((0, 1), (0, 1)), constant_values=np.nan)
    row = {name: place for place, name in enumerate(rows)}
    column = {name: place for place, name in enumerate(columns)}
    chosen = np.ix_([row.get(name, -1) for name in own_rows], [column.get(name, -1) for name in own_columns])
    return np.asarray(padded[chosen])


def long_run_of(given: LongRunDemand, sales: DailySales, remarks: Remarks) -> Demand:
    """Complete what was given by what sales records say.

    Months are taken from records that cover a year; else all are alike. The mean is the units sold over the sum of the
    season's index on the days that are known, so that records of a high season aren't taken for a whole year.

    Args:
        given: NaN or None where nothing is known.
        sales: of the days before the decision.
        remarks: told of what is worked out from the records.

    Raises:
        ConfigurationError: a figure has another shape than it must.
    """
    cells = sales.units.shape[1:]
    days = np.flatnonzero(sales.known)
    known = sales.units[days]
    months = calendar.month(sales.first_day + days)
    month_index = _figures("month_index", given.month_index, (12,))
    if np.isnan(month_index).any():
        month_index = _month_index(months, known.sum(axis=(1, 2)), remarks)
    index = month_index[months]
    measured = known.sum(axis=0) / max(index.sum(), 1e-9)
    mean = _figures("mean", given.mean, cells)
    if np.isnan(mean).any():
        remarks.assumed("sales", f"the long-run demand is that of the {len(days)} days that the records cover")
    mean = np.where(np.isnan(mean), measured, mean)
    spread = known.std(axis=0) if len(days) >= SLOW_DAYS else np.sqrt(mean)
    deviation = _figures("deviation", given.deviation, cells)
    square = _figures("square", given.square, cells)
    return Demand(
        month_index=month_index,
        mean=mean,
        deviation=np.where(np.isnan(deviation), spread, deviation),
        square=np.where(np.isnan(square), opening_square(mean), square),
    )


def _month_index(months: NDArray[np.int64], units: Floats, remarks: Remarks) -> Floats:
    """[12] units a day in each month over the year's mean, of days [T]; all 1 where they don't cover a year."""
    days = np.bincount(months, minlength=12)
    if len(months) < YEAR_DAYS or not days.all() or not units.any():
        remarks.assumed("sales", "no month is better than another, as the records don't cover a year")
        return np.ones(12)
    remarks.assumed("sales", f"months are as good as they were in the {len(months)} days that the records cover")
    per_day = np.bincount(months, weights=units, minlength=12) / days
    return np.asarray(per_day / (per_day @ MONTH_DAYS / MONTH_DAYS.sum()))


def _figures(name: str, values: ArrayLike | None, shape: tuple[int, ...]) -> Floats:
    found = np.full(shape, np.nan) if values is None else np.asarray(values, np.float64)
    if found.shape != shape:
        raise ConfigurationError(f"long_run.{name}: has shape {list(found.shape)}; {list(shape)} is required")
    return found
