"""Demand that is the same on every day: independent draws from one distribution for each market, as textbooks have it.

Every SKU of a market has the market's distribution, in draws of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from scipy.special import betainc, gammainc

from entrepot.configs.loader import ConfigurationError, StrictModel, validate
from entrepot.envs.demand.model import Split
from entrepot.envs.demand.registry import register_demand
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.snapshot import calendar

FIRST_DAY = calendar.day_number("2024-01-01")
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Units = Annotated[float, Field(gt=0, allow_inf_nan=False)]
WholeUnits = Annotated[int, Field(ge=0)]


class PoissonMarket(StrictModel):
    """Whole units, Poisson."""

    distribution: Literal["poisson"]
    mean: Units

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
        """Units of the shape."""
        return rng.poisson(self.mean, shape).astype(np.float32)

    def at_least(self, units: Integers) -> Floats:
        """Chance of so many, from 1 on, or more."""
        return np.asarray(gammainc(units, self.mean))


class NormalMarket(StrictModel):
    """Fractions of units, normal; what would be below 0 is 0, and `mean` is that of the normal before this cut."""

    distribution: Literal["normal"]
    mean: Units
    deviation: Annotated[float, Field(ge=0, allow_inf_nan=False)]

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
        """Units of the shape."""
        normal = rng.standard_normal(shape, dtype=np.float32)
        units: NDArray[np.float32] = np.maximum(normal * np.float32(self.deviation) + np.float32(self.mean), 0.0)
        return units


class UniformMarket(StrictModel):
    """Whole units from `low` to `high`, each as likely."""

    distribution: Literal["uniform"]
    low: WholeUnits = 0
    high: WholeUnits

    @model_validator(mode="after")
    def _some_demand(self) -> UniformMarket:
        if self.high < max(self.low, 1):
            raise ValueError(f"high must be at least low and at least 1; found {self.high}, low {self.low}")
        return self

    @property
    def mean(self) -> float:
        """Units a day."""
        return (self.low + self.high) / 2

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
        """Units of the shape."""
        return rng.integers(self.low, self.high, shape, endpoint=True).astype(np.float32)

    def at_least(self, units: Integers) -> Floats:
        """Chance of so many, from 1 on, or more."""
        return np.asarray(((self.high + 1 - units) / (self.high + 1 - self.low)).clip(0.0, 1.0))


class GeometricMarket(StrictModel):
    """Whole units from 0 on, geometric: P(d) = p (1 − p)^d with p = 1 / (1 + mean)."""

    distribution: Literal["geometric"]
    mean: Units

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
        """Units of the shape."""
        return (rng.geometric(1 / (1 + self.mean), shape) - 1).astype(np.float32)

    def at_least(self, units: Integers) -> Floats:
        """Chance of so many, from 1 on, or more."""
        return np.asarray((self.mean / (1 + self.mean)) ** units)


class NegativeBinomialMarket(StrictModel):
    """Whole units, negative binomial of a mean and a standard deviation: a Poisson whose mean is gamma."""

    distribution: Literal["negative_binomial"]
    mean: Units
    deviation: Units

    @model_validator(mode="after")
    def _wider_than_poisson(self) -> NegativeBinomialMarket:
        if self.deviation**2 <= self.mean:
            raise ValueError(
                f"deviation must be above that of a Poisson, {self.mean**0.5:.6g}; found {self.deviation:g}"
            )
        return self

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
        """Units of the shape."""
        variance = self.deviation**2
        size = self.mean**2 / (variance - self.mean)
        return rng.negative_binomial(size, self.mean / variance, shape).astype(np.float32)

    def at_least(self, units: Integers) -> Floats:
        """Chance of so many, from 1 on, or more."""
        size = self.mean**2 / (self.deviation**2 - self.mean)
        return np.asarray(betainc(units, size, 1 - self.mean / self.deviation**2))


Market = PoissonMarket | NormalMarket | UniformMarket | GeometricMarket | NegativeBinomialMarket
MarketDistribution = Annotated[Market, Field(discriminator="distribution")]


class StationaryDescription(StrictModel):
    """What the YAML may say."""

    every_market: MarketDistribution | None = Field(None, description="of the markets that aren't named")
    markets: dict[str, MarketDistribution] = Field({}, description="by name")


@dataclass(frozen=True)
class StationaryDemand:
    """Draws independent days; M markets, S SKUs."""

    summary: str
    distributions: tuple[Market, ...]  # [M]
    skus: int

    @property
    def remarks(self) -> tuple[str, ...]:
        """None: all of it is as the YAML says."""
        return ()

    @property
    def mean_units_per_day(self) -> NDArray[np.float64]:
        """[M, S] units a day."""
        means = np.array([market.mean for market in self.distributions])
        return np.repeat(means[:, None], self.skus, axis=1)

    @property
    def month_index(self) -> NDArray[np.float64]:
        """[12] ones: there is no season."""
        return np.ones(12)

    def first_days(self, episodes: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """[B] any day of 2024."""
        return FIRST_DAY + rng.integers(0, 366, episodes)

    def sample(
        self, first_day: NDArray[np.int64], days: int, split: Split, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """[B, T, M, S] units; whole where the distribution is. See `DemandModel.sample`."""
        shape = (len(first_day), days, self.skus)
        return np.stack([market.draw(shape, rng) for market in self.distributions], axis=2)

    def chances(self, market: int, most: int) -> Floats | None:
        """[most + 1] of 0, 1, … units in a day of a market, the last of `most` or more; None where units are not whole.

        Args:
            market: its number.
            most: units, at least 1.
        """
        distribution = self.distributions[market]
        if isinstance(distribution, NormalMarket):
            return None
        at_least = np.concatenate([[1.0], distribution.at_least(np.arange(1, most + 1)), [0.0]])
        return np.asarray(-np.diff(at_least))

    def hidden(self, episodes: int, days: int, split: Split, rng: np.random.Generator) -> None:
        """Nothing: days are independent."""

    def futures(
        self, hidden: None, episode: int, first_day: int, day: int, days: int, copies: int, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """[copies, days, M, S] units, of days that know nothing of those before. See `ContinuedDemand.futures`.

        From generators in the same state, the same days of a copy have the same demand, whichever day it begins on.
        """
        shape, streams = (day + days, copies, self.skus), rng.spawn(len(self.distributions))
        drawn = [market.draw(shape, stream)[day:] for market, stream in zip(self.distributions, streams, strict=True)]
        return np.stack(drawn, axis=2).swapaxes(0, 1)


@register_demand("stationary")
def stationary_demand(content: Mapping[str, Any], network: NetworkArrays, source: str) -> StationaryDemand:
    """Build the model for a network's markets.

    Raises:
        ConfigurationError: a market has no distribution, or figures can't be used.
    """
    description = validate(StationaryDescription, dict(content), source)
    unknown = [name for name in description.markets if name not in network.markets]
    if unknown:
        raise ConfigurationError(f"{source}: markets.{unknown[0]}: unknown; allowed: {', '.join(network.markets)}")
    if description.every_market is None:
        missing = [name for name in network.markets if name not in description.markets]
        if missing:
            raise ConfigurationError(
                f"{source}: markets: {', '.join(missing)} missing; name every market of the network, or `every_market`"
            )
    chosen = [description.markets.get(name, description.every_market) for name in network.markets]
    distributions = tuple(market for market in chosen if market is not None)
    told = sorted({_told(market) for market in distributions})
    return StationaryDemand(f"the same on every day: {'; '.join(told)}", distributions, len(network.skus))


def _told(market: Market) -> str:
    figures = ", ".join(f"{key} {value:g}" for key, value in market.model_dump(exclude={"distribution"}).items())
    return f"{market.distribution} ({figures})"
