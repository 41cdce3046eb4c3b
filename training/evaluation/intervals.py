"""Intervals over episodes, by resampling (Efron 1979)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
RESAMPLES = 10_000
CONFIDENCE = 0.95


def known_mean(values: Floats) -> float:
    """Mean of what was measured; NaN if nothing was."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def mean_interval(values: Floats) -> tuple[float, float]:
    """95 % interval of the mean, by resampling episodes."""
    means = values[_resampled(len(values))].mean(axis=1)
    low, high = np.quantile(means, _tails())
    return float(low), float(high)


def ratio_interval(ours: Floats, theirs: Floats) -> tuple[float, float, float]:
    """Ratio of the means and its 95 % interval, by resampling episodes, both policies' together.

    A ratio to nothing has no value: NaN where their mean is 0, and an interval of NaN where it is so in any resample,
    as where hardly an episode has lost sales.
    """
    index = _resampled(len(ours))
    denominator = theirs[index].mean(axis=1)
    ratio = float(ours.mean() / theirs.mean()) if theirs.mean() else float("nan")
    if not denominator.all():
        return ratio, float("nan"), float("nan")
    low, high = np.quantile(ours[index].mean(axis=1) / denominator, _tails())
    return ratio, float(low), float(high)


def _resampled(episodes: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).integers(0, episodes, (RESAMPLES, episodes))


def _tails() -> tuple[float, float]:
    return (1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2
