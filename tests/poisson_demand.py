"""A demand model for tests: the same Poisson rate for every market and SKU, on every day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.demand import Split
from entrepot.envs.network import NetworkArrays, NetworkDescription


@dataclass(frozen=True)
class PoissonDemand:
    markets: int
    skus: int
    units_per_day: float = 3.0
    summary: str = "Poisson"
    remarks: tuple[str, ...] = ()

    @classmethod
    def of(cls, network: NetworkDescription, units_per_day: float = 3.0) -> PoissonDemand:
        arrays = NetworkArrays.from_description(network)
        return cls(len(arrays.markets), len(arrays.skus), units_per_day)

    @property
    def mean_units_per_day(self) -> NDArray[np.float64]:
        return np.full((self.markets, self.skus), self.units_per_day)

    @property
    def month_index(self) -> NDArray[np.float64]:
        return np.ones(12)

    def first_days(self, episodes: int, rng: np.random.Generator) -> NDArray[np.int64]:
        return 14_975 + rng.integers(0, 365, episodes)

    def sample(
        self, first_day: NDArray[np.int64], days: int, split: Split, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        shape = (len(first_day), days, self.markets, self.skus)
        return rng.poisson(self.units_per_day, shape).astype(np.float32)
