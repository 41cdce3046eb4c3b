"""Whether a history sells at one level: what is learnt at one is judged at another where it doesn't."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.demand.model import Split
from entrepot.envs.snapshot import calendar

LEVEL_SHIFT = 1.5
"""Times more or less than in the training window, above which a window's level is told."""


def levels_told(
    total: NDArray[np.float64],
    days: NDArray[np.int64],
    seen: Mapping[Split, NDArray[np.int64]],
    month_index: NDArray[np.float64],
) -> list[str]:
    """A line if a window sells at another level than the training window, its season taken out.

    Args:
        total: [D] units sold.
        days: [D] days since 1970-01-01.
        seen: offsets of each window's days that count.
        month_index: [12] of the season.
    """
    season = month_index[calendar.month(days)]
    sold = np.where(season > 0, total / np.where(season > 0, season, 1.0), np.nan)
    level = {split: _mean(sold[offsets]) for split, offsets in seen.items()}
    trained = level[Split.TRAIN]
    shifted = [
        split
        for split in (Split.VALIDATION, Split.TEST)
        if np.isfinite(level[split]) and not trained / LEVEL_SHIFT <= level[split] <= trained * LEVEL_SHIFT
    ]
    if not shifted:
        return []
    told = ", ".join(f"{split.value} {level[split]:,.0f}" for split in Split)
    season_out = "" if (month_index == month_index[0]).all() else ", the season taken out"
    where = " and ".join("policies are chosen" if split is Split.VALIDATION else "judged" for split in shifted)
    where = where if where.startswith("policies") else f"policies are {where}"
    return [f"the level shifts: units a day are {told}{season_out}; {where} at another level than they learn at"]


def _mean(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
