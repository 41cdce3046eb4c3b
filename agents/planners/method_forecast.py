"""The planner's forecast by a method of the one interface, in place of the blend that is fitted for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.planners.doubles import doubles
from entrepot.agents.planners.forecast import HORIZONS, LEAST_MEAN, QUANTILES, Forecaster
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.snapshot.forecast import DEFAULT, KnownDemand, method_named
from entrepot.envs.snapshot.season import SEASON_ENTRIES
from entrepot.envs.snapshot.statistics import opening_statistics

Floats = NDArray[np.float64]
FIELDS = ("demand_fast", "demand_slow", "demand_quarter", "demand_square", "season_ahead", "weekday")


@dataclass(frozen=True)
class MethodForecaster(Forecaster):
    """Weeks ahead from `entrepot.envs.snapshot.forecast`; nothing is fitted on scenarios.

    How far off a sum may be is told once, of a usual day: the method's quantiles there over its mean.
    """

    deviation: Floats = field(default_factory=lambda: np.zeros((0, 0)))  # [M, S] of a day's units in the long run
    method: str = DEFAULT

    @classmethod
    def of_method(cls, attributes: NetworkAttributes, method: str = DEFAULT) -> Self:
        """Of a network.

        Args:
            attributes: of the network, with the long-run mean and deviation.
            method: by name; one that needs no daily sums.

        Raises:
            ConfigurationError: there is no such method, or it needs daily sums.
        """
        mean = np.maximum(doubles(attributes.demand_mean), LEAST_MEAN)
        deviation = doubles(attributes.demand_deviation)
        usual = {name: values[None] for name, values in opening_statistics(mean).items()}
        usual |= {"season_ahead": np.ones((1, SEASON_ENTRIES)), "weekday": np.zeros(1, np.int64)}
        known = KnownDemand.of_snapshot(usual, mean=mean, deviation=deviation)
        found = method_named(method)(known.through(doubles(attributes.echelon_share)), HORIZONS)
        beyond = found.quantiles(QUANTILES) - found.mean  # [Q, H, 1, N, S]
        errors = (beyond / np.maximum(found.mean, LEAST_MEAN))[:, :, 0]
        return cls(mean, np.zeros((len(mean), 3)), errors, deviation, method)

    def weekly(self, snapshot: Snapshot) -> Floats:
        """[B, 13, M, S] units a day in each week ahead."""
        arrays = {name: doubles(getattr(snapshot, name)) for name in FIELDS}
        episodes = len(arrays["demand_slow"])
        for name in ("season_ahead", "weekday"):  # one for all environments where they are alike
            arrays[name] = np.broadcast_to(arrays[name], (episodes, *arrays[name].shape[1:]))
        known = KnownDemand.of_snapshot(arrays, mean=self.mean, deviation=self.deviation)
        total = method_named(self.method)(known, HORIZONS).mean  # [13, B, M, S]
        weeks = np.diff(total, axis=0, prepend=0.0) / np.diff(HORIZONS, prepend=0)[:, None, None, None]
        return np.asarray(np.moveaxis(weeks, 0, 1))
