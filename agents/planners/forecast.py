"""Forecast demand from what a snapshot shows, and know how far off it usually is.

Seasonal exponential smoothing: averages of the last week, month and quarter, each freed of its season, are blended with
the long-run mean. Blend and errors are measured on scenarios of the training window alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from entrepot.agents.planners.doubles import doubles
from entrepot.envs.demand import DemandModel, Split
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.snapshot.season import TRAILING_DAYS, WEEKS_AHEAD
from entrepot.envs.snapshot.statistics import FAST_DAYS, QUARTER_DAYS, SLOW_DAYS
from entrepot.envs.twin import draw_scenario

Floats = NDArray[np.float64]

SMOOTHED = (FAST_DAYS, SLOW_DAYS, QUARTER_DAYS)
SEASON_OF = (0, 0, 1)
"""Which of the snapshot's trailing seasons each average is freed of; a week's own is not told, so the month's is."""
QUANTILES = (0.5, 0.65, 0.8, 0.9, 0.95, 0.98)
HORIZONS = tuple(range(7, 7 * WEEKS_AHEAD + 1, 7))
"""Days ahead at which errors are measured."""
LEAST_MEAN = 1e-6
LEAST_SEASON = 0.05
"""Of the seasonal index that averages are freed of."""
EPISODES, FIRST_DAY, EVERY_DAYS, LOOKS, SEED = 48, 98, 21, 6, 101


@dataclass(frozen=True)
class Forecaster:
    """M markets, N nodes, S SKUs, H horizons, Q quantiles."""

    mean: Floats  # [M, S] units a day in the long run
    weights: Floats  # [M, 3] of each average's distance from the mean
    errors: Floats  # [Q, H, N, S] quantiles of the error of the sum of so many days' demand through a node, per unit
    # of the long-run mean of that sum

    def weekly(self, snapshot: Snapshot) -> Floats:
        """[B, 13, M, S] units a day in each week ahead."""
        seen = torch.stack([snapshot.demand_fast, snapshot.demand_slow, snapshot.demand_quarter])
        return self._weekly(doubles(seen), doubles(snapshot.season_ahead))

    def _weekly(self, seen: Floats, season: Floats) -> Floats:
        level = self.mean * np.maximum(1 + _blend(self.weights, _distances(seen, season, self.mean)), 0.0)
        return np.asarray(season[:, len(TRAILING_DAYS) :, None, None] * level[:, None])

    @classmethod
    def fit(
        cls, network: NetworkArrays, attributes: NetworkAttributes, demand: DemandModel, *, episodes: int = EPISODES
    ) -> Self:
        """Measure blend and errors on training scenarios.

        Args:
            network: where.
            attributes: of the same network, with the long-run mean.
            demand: what customers ask for.
            episodes: how many scenarios to measure on.
        """
        days = FIRST_DAY + EVERY_DAYS * (LOOKS - 1) + HORIZONS[-1]
        scenario = draw_scenario(network, demand, episodes=episodes, days=days, split=Split.TRAIN, seed=SEED)
        mean = np.maximum(doubles(attributes.demand_mean), LEAST_MEAN)
        asked = doubles(scenario.demand)  # [B, T, M, S]
        looks = FIRST_DAY + EVERY_DAYS * np.arange(LOOKS)
        seen = _smoothed(asked, mean, looks)  # [3, B·looks, M, S]
        season = doubles(scenario.season_ahead)[:, looks].swapaxes(0, 1).reshape(-1, scenario.season_ahead.shape[-1])
        total = np.concatenate([np.zeros_like(asked[:, :1]), asked.cumsum(axis=1)], axis=1)
        actual = np.stack(  # [H, B·looks, M, S]
            [np.concatenate([total[:, look + ahead] - total[:, look] for look in looks]) for ahead in HORIZONS]
        )
        weights = _fitted(_distances(seen, season, mean), actual, season, mean)
        unmeasured = np.zeros((0, 0, 0, 0))
        expected = cls(mean, weights, unmeasured)._weekly(seen, season).cumsum(axis=1) * 7  # [B·looks, H, M, S]
        share = doubles(attributes.echelon_share)
        missed = np.einsum("nms,hbms->hbns", share, actual - expected.swapaxes(0, 1))
        usual = np.einsum("nms,ms->ns", share, mean) * np.array(HORIZONS)[:, None, None, None]
        errors = np.quantile(missed / np.maximum(usual, LEAST_MEAN), QUANTILES, axis=1)
        return cls(mean, weights, errors)


def _smoothed(asked: Floats, mean: Floats, looks: NDArray[np.int64]) -> Floats:
    """[3, looks·B, M, S] the exponential averages that a snapshot shows on some days."""
    averages = np.stack([np.broadcast_to(mean, asked[:, 0].shape)] * len(SMOOTHED))
    rate = 1 / np.array(SMOOTHED)[:, None, None, None]
    shown = []
    for day in range(looks[-1] + 1):
        if day in looks:
            shown.append(averages)
        averages = averages + rate * (asked[:, day] - averages)
    return np.concatenate(shown, axis=1)


def _distances(seen: Floats, season: Floats, mean: Floats) -> Floats:
    """[3, B, M, S] of each average from the mean, relative to it."""
    # After a month without sales an average still remembers what came before it.
    usual = np.maximum(season[:, SEASON_OF], LEAST_SEASON).T[:, :, None, None] * np.maximum(mean, LEAST_MEAN)
    return np.asarray(seen / np.maximum(usual, LEAST_MEAN) - 1)


def _blend(weights: Floats, distances: Floats) -> Floats:
    return np.asarray(np.einsum("mk,kbms->bms", weights, distances))


def _fitted(distances: Floats, actual: Floats, season: Floats, mean: Floats) -> Floats:
    """[M, 3] by least squares over the eight weeks ahead; a SKU counts by what it sells."""
    weeks = 8
    usual = mean * 7 * season[:, len(TRAILING_DAYS) : len(TRAILING_DAYS) + weeks].sum(axis=1)[:, None, None]
    ahead = actual[weeks - 1] / np.maximum(usual, LEAST_MEAN) - 1  # [B, M, S]
    weight = np.sqrt(mean)
    weights = []
    for market in range(len(mean)):
        inputs = (distances[:, :, market] * weight[market]).reshape(len(SMOOTHED), -1).T
        weights.append(np.linalg.lstsq(inputs, (ahead[:, market] * weight[market]).ravel(), rcond=None)[0])
    return np.stack(weights)
