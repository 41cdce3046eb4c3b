"""The level of demand: a mixture of averages, each freed of the season it was seen in; and how far off it may be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.snapshot.forecast.known import KnownDemand

Floats = NDArray[np.float64]


def level_of(known: KnownDemand, shares: Sequence[float]) -> Floats:
    """[*C] units a day in a month of index 1.

    The multiplicative season of Winters (1960) with fixed spans, as `entrepot.agents.rules.forecast` has it; a test
    holds the two together.

    Args:
        known: of the cells.
        shares: of the last 7, 28 and 91 days and of the long run; the quarter stands in where the long run isn't known.
    """
    week, month, quarter = known.trailing()
    over_quarter = known.quarter / quarter
    long_run = over_quarter if known.mean is None else known.mean
    return np.asarray(
        shares[0] * known.fast / week + shares[1] * known.slow / month + shares[2] * over_quarter + shares[3] * long_run
    )


def sums_over(known: KnownDemand, level: Floats, days: Sequence[int]) -> Floats:
    """[H, *C] units expected over each span at a level [*C]."""
    total = known.factors(max(days)).cumsum(axis=0)
    return np.asarray(total[np.asarray(days) - 1] * level)


def variance_of(known: KnownDemand, mean: Floats, level: Floats, days: Sequence[int], *, drift: float) -> Floats:
    """[H, *C] units²: days by themselves, and a level that is off by a share of all of them.

    σ² = m + (excess of a day's variance over its mean, relative to the level squared)·m²/D + (drift·m)² over D days
    (Silver, Pyke and Thomas 2016): the excess is midway between that of the last 28 days and of the long run, where the
    long run is known.

    Args:
        known: of the cells.
        mean: [H, *C] units over the spans.
        level: [*C] units a day.
        days: H lengths of spans.
        drift: share of the level by which it is usually off.
    """
    excess = _relative_excess(known.square - known.slow**2, known.slow)
    if known.mean is not None and known.deviation is not None:
        excess = (excess + _relative_excess(known.deviation**2, known.mean)) / 2
    spans = np.asarray(days, np.float64).reshape(-1, *(1,) * level.ndim)
    return np.asarray(mean + mean**2 * (excess / spans + drift**2))


def _relative_excess(variance: Floats, mean: Floats) -> Floats:
    return np.asarray(np.maximum(variance - mean, 0.0) / np.maximum(mean, 1e-6) ** 2)
