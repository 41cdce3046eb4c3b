"""What is compared between a history and a generator: level, intermittency, spread and correlation of demand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAYS = 7


@dataclass(frozen=True)
class Moments:
    """Moments of one market's demand, S SKUs. The weekly ones are of log(1 + units a week)."""

    mean_units_per_day: float  # of a SKU, on average
    zero_share: float  # of SKU-days, closed days included
    coefficient_of_variation: float  # of daily units, the median SKU's
    weekly_log_deviation: float  # standard deviation, on average
    weekly_autocorrelation: float  # at lag one week, on average
    weekly_correlation: float  # between two SKUs, on average


def moments(units: NDArray[np.float32], weeks: NDArray[np.bool_] | None = None) -> Moments:
    """Moments of demand in one market.

    Args:
        units: [B, T, S] units a day in B scenarios of T days. Weeks are counted from the first day of each.
        weeks: [T // 7] which weeks count in the weekly moments; all of them if not given. Weeks around a yearly
            feast are best left out (`open_weeks`): they say more about closing than about demand.
    """
    per_sku = units.astype(np.float64).transpose(2, 0, 1)  # [S, B, T]
    mean = per_sku.mean(axis=(1, 2))
    sold = mean > 0
    spread = per_sku.std(axis=(1, 2))[sold] / mean[sold]
    logs = weekly_logs(units, weeks)
    return Moments(
        mean_units_per_day=float(mean.mean()),
        zero_share=float((per_sku == 0).mean()),
        coefficient_of_variation=float(np.median(spread)) if sold.any() else 0.0,
        weekly_log_deviation=float(logs.std(axis=1).mean()) if logs.size else 0.0,
        weekly_autocorrelation=_lag_one(logs),
        weekly_correlation=_pairwise(logs),
    )


def weekly_logs(units: NDArray[np.float32], weeks: NDArray[np.bool_] | None = None) -> Floats:
    """[B, weeks, S] log(1 + units a week), of those weeks that count."""
    count = units.shape[1] // DAYS
    sums = units[:, : count * DAYS].reshape(len(units), count, DAYS, -1).sum(axis=2, dtype=np.float64)
    return np.asarray(np.log1p(sums if weeks is None else sums[:, weeks]))


def open_weeks(closed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """[T // 7] weeks without a closed day.

    Args:
        closed: [T] days on which nothing can be sold, weekends aside.
    """
    return np.asarray(~closed[: len(closed) // DAYS * DAYS].reshape(-1, DAYS).any(axis=1))


def _standardised(logs: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    deviation = logs.std(axis=1, keepdims=True)
    moving = deviation[:, 0] > 0
    return (logs - logs.mean(axis=1, keepdims=True)) / np.where(deviation > 0, deviation, 1.0), moving


def _lag_one(logs: Floats) -> float:
    if not logs.size:
        return 0.0
    scaled, moving = _standardised(logs)
    products = (scaled[:, 1:] * scaled[:, :-1]).sum(axis=1) / logs.shape[1]
    return float(products[moving].mean()) if moving.any() else 0.0


def _pairwise(logs: Floats) -> float:
    """Mean off-diagonal correlation: the variance of a sum tells it without the matrix."""
    if not logs.size:
        return 0.0
    scaled, moving = _standardised(logs)
    count = moving.sum(axis=1)
    of_sum = (scaled.sum(axis=2) ** 2).mean(axis=1)
    pairs = count * (count - 1)
    return float(((of_sum - count)[pairs > 0] / pairs[pairs > 0]).mean()) if (pairs > 0).any() else 0.0
