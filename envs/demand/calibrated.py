"""A demand generator whose parameters are figures estimated from a real history.

Units of a SKU in a market on day t are negative binomial on days when anyone asks at all, around

    mean(t) = units_per_day · season(t) · shared(week) · own(week) / selling_share

and zero on the rest (intermittency). `shared` and `own` are exp(f − σ²/2) of AR(1) processes f by week: the first is
common to all SKUs and markets, the second is each SKU's own in each market. Selling days of a market's SKUs fall
together as far as `selling_correlation` says (a Gaussian copula with one factor a day).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from entrepot.configs.loader import ConfigurationError, StrictModel, validate
from entrepot.envs.demand.calibration.joining import SkusBy, choose_join, shown
from entrepot.envs.demand.calibration.told import proxies_told
from entrepot.envs.demand.calibration.traces import Proxy
from entrepot.envs.demand.model import Split
from entrepot.envs.demand.registry import register_demand
from entrepot.envs.demand.windows import Window
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.snapshot import calendar

Share = Annotated[float, Field(gt=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$", description="MM-DD")]
Floats = NDArray[np.float64]


class WeeklyFactor(StrictModel):
    """AR(1) of weekly log demand: correlation of neighbouring weeks, and standard deviation."""

    autocorrelation: Annotated[float, Field(ge=0, lt=1)] = 0.0
    deviation: NonNegative = 0.0


class MarketFigures(StrictModel):
    """One market's demand by rank of SKU (1 sells best over all markets), interpolated between the ranks given."""

    proxy: Proxy | None = None  # whose sales the figures were estimated from, scale and pooling included
    own_factor: WeeklyFactor = WeeklyFactor()
    selling_correlation: Annotated[float, Field(ge=0, lt=1)] = 0.0
    rank: Annotated[list[Annotated[int, Field(ge=1)]], Field(min_length=1)]
    units_per_day: list[Positive]
    selling_share: list[Share]
    size: list[Positive]

    @model_validator(mode="after")
    def _ranks_have_figures(self) -> Self:
        lengths = {key: len(getattr(self, key)) for key in ("rank", "units_per_day", "selling_share", "size")}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"rank, units_per_day, selling_share and size must be equally long; lengths: {lengths}")
        if self.rank != sorted(set(self.rank)):
            raise ValueError(f"rank must rise from one figure to the next; rank: {self.rank}")
        return self


class CalibratedDescription(StrictModel):
    """What `configs/demand/calibrated.yaml` may say, besides its `kind`."""

    kind: Literal["calibrated"] = "calibrated"
    estimated_from: str
    window: Window  # the days of the history that the figures were estimated on
    month_index: Annotated[list[NonNegative], Field(min_length=12, max_length=12)]
    weekday_index: Annotated[list[NonNegative], Field(min_length=7, max_length=7)]
    closed_days: list[MonthDay] = Field(default_factory=list)
    shared_factor: WeeklyFactor
    markets: Annotated[dict[str, MarketFigures], Field(min_length=1)]
    skus: list[str] | None = None  # by rank, where the figures are of named SKUs
    skus_by: SkusBy | None = None  # how the SKUs are joined to the network's
    assumed: list[str] = Field(default_factory=list)  # what the estimate left out, replaced or assumed

    @model_validator(mode="after")
    def _sells_at_all(self) -> Self:
        for key in ("month_index", "weekday_index"):
            if not any(getattr(self, key)):
                raise ValueError(f"{key}: all 0; at least one must be above 0")
        return self


@dataclass(frozen=True)
class Season:
    """What a day of the year and of the week has over the mean day."""

    month_index: Floats  # [12] of calendar days, closed days included
    weekday_index: Floats  # [7] of the weeks without closed days
    closed_days: tuple[str, ...]  # MM-DD

    def at(self, day: NDArray[np.int64]) -> Floats:
        """Factor of each day, in the shape of `day`; 0 on closed days, whose sales the month's other days have."""
        factor = self._open_days_factor()[calendar.month(day)] * self.month_index[calendar.month(day)]
        return np.asarray(factor * self.weekday_index[calendar.weekday(day)] * ~self.is_closed(day))

    def is_closed(self, day: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each day is one on which nothing is sold in any year, in the shape of `day`."""
        return np.isin(calendar.month_day(day), [calendar.month_day_number(name) for name in self.closed_days])

    def _open_days_factor(self) -> Floats:
        year = calendar.day_number("2011-01-01") + np.arange(365)
        days = np.bincount(calendar.month(year), minlength=12)
        return np.asarray(days / np.bincount(calendar.month(year), weights=~self.is_closed(year), minlength=12).clip(1))


@dataclass(frozen=True)
class Levels:
    """Of demand by week, standard normal; what stands behind the factors `shared` and `own`."""

    shared: NDArray[np.float32]  # [B, weeks, 1, 1]
    own: NDArray[np.float32]  # [B, weeks, M, S]

    def of(self, episode: int, week: int) -> Levels:
        """One week of one episode."""
        place = (slice(episode, episode + 1), slice(week, week + 1))
        return Levels(self.shared[place], self.own[place])

    def factor(self, demand: CalibratedDemand) -> NDArray[np.float32]:
        """[B, weeks, M, S] shared times own factor, mean 1."""
        shared = _with_mean_1(self.shared, np.array(demand.shared_factor.deviation))
        return np.asarray(np.exp(shared + _with_mean_1(self.own, demand.own_deviation[:, None])))


@dataclass(frozen=True)
class CalibratedDemand:
    """Draws from the generator; M markets, S SKUs."""

    summary: str
    mean_units_per_day: Floats  # [M, S]
    selling_share: Floats  # [M, S]
    size: Floats  # [M, S] of the negative binomial on selling days
    season: Season
    shared_factor: WeeklyFactor
    selling_correlation: Floats  # [M]
    own_autocorrelation: Floats  # [M]
    own_deviation: Floats  # [M]
    remarks: tuple[str, ...] = ()

    @property
    def month_index(self) -> Floats:
        """[12] units a day in each month over the year's mean, from the training window."""
        return self.season.month_index

    def first_days(self, episodes: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """[B] any day of 2011."""
        return calendar.day_number("2011-01-01") + rng.integers(0, 365, episodes)

    def sample(
        self, first_day: NDArray[np.int64], days: int, split: Split, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """[B, T, M, S] whole units; the split chooses the stream of random numbers."""
        rng = _of_split(split, rng)
        day = first_day[:, None] + np.arange(days)
        factor = self._levels(len(first_day), -(-days // 7), rng).factor(self)  # [B, weeks, M, S]
        return self._units(day, np.arange(days) // 7, factor, rng)

    def hidden(self, episodes: int, days: int, split: Split, rng: np.random.Generator) -> Levels:
        """Levels of demand by week."""
        return self._levels(episodes, -(-days // 7), _of_split(split, rng))

    def futures(
        self, hidden: Levels, episode: int, first_day: int, day: int, days: int, copies: int, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """[copies, days, M, S] units; the levels of the first day's week are those of the draw.

        From generators in the same state, a copy's week and day draw from the same numbers, whichever day it begins on.
        """
        first, last = day // 7, (day + days - 1) // 7
        of_week, of_day = (
            stream.spawn(number) for stream, number in zip(rng.spawn(2), (last + 1, day + days), strict=True)
        )
        now, shocks = hidden.of(episode, first), [self._shocks(copies, 1, stream) for stream in of_week[first + 1 :]]
        start = [np.broadcast_to(level, (copies, *level.shape[1:])) for level in (now.shared, now.own)]
        weeks = (np.concatenate(each, axis=1) for each in zip(start, *shocks, strict=True))
        factor = self._from_shocks(*weeks).factor(self)
        by_day = [
            self._units(np.full((copies, 1), first_day + at), np.array([at // 7 - first]), factor, of_day[at])
            for at in range(day, day + days)
        ]
        return np.concatenate(by_day, axis=1)

    def _units(
        self, day: NDArray[np.int64], week: NDArray[np.int64], factor: NDArray[np.float32], rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """[B, T, M, S] of days [B, T], each day's week [T], and factors [B, weeks, M, S]."""
        season = self.season.at(day)  # [B, T]
        # Most cells of a thin market sell nothing: the costly draws are made for the others alone.
        selling = self._selling(day.shape, rng) & (season > 0)[:, :, None, None]
        episode, time, market, sku = np.nonzero(selling)
        on_selling_days = (self.mean_units_per_day / self.selling_share / self.size)[market, sku]
        rate = on_selling_days * season[episode, time] * factor[episode, week[time], market, sku]
        rate *= rng.standard_gamma(self.size[market, sku])
        demand = np.zeros(selling.shape, np.float32)
        demand[selling] = rng.poisson(rate)
        return demand

    def _selling(self, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.bool_]:
        """[B, T, M, S] whether anyone asks for the SKU at all."""
        common = rng.standard_normal((*shape, len(self.size), 1), np.float32)
        common *= np.sqrt(self.selling_correlation / (1 - self.selling_correlation)).astype(np.float32)[:, None]
        threshold = _normal_quantile(self.selling_share) / np.sqrt(1 - self.selling_correlation)[:, None]
        own = rng.standard_normal((*shape, *self.size.shape), np.float32)
        own += common
        return np.asarray(own < threshold.astype(np.float32))

    def _levels(self, episodes: int, weeks: int, rng: np.random.Generator) -> Levels:
        """Of so many weeks."""
        return self._from_shocks(*self._shocks(episodes, weeks, rng))

    def _shocks(
        self, episodes: int, weeks: int, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """[B, weeks, 1, 1] of all demand and [B, weeks, M, S] of each series, standard normal."""
        shared = rng.standard_normal((episodes, weeks, 1, 1), np.float32)
        return shared, rng.standard_normal((episodes, weeks, *self.size.shape), np.float32)

    def _from_shocks(self, shared: NDArray[np.float32], own: NDArray[np.float32]) -> Levels:
        """The first week's level is its shock."""
        return Levels(
            _autoregressive(shared, np.array(self.shared_factor.autocorrelation)),
            _autoregressive(own, self.own_autocorrelation[:, None]),
        )


def _normal_quantile(share: Floats) -> Floats:
    quantile = np.vectorize(NormalDist().inv_cdf, otypes=[np.float64])
    return np.asarray(np.where(share >= 1, np.inf, quantile(share.clip(max=1 - 1e-12))))


def _of_split(split: Split, rng: np.random.Generator) -> np.random.Generator:
    """A stream of the split's own."""
    return np.random.default_rng([list(Split).index(split), *rng.integers(0, 2**32, 4)])


def _autoregressive(shocks: NDArray[np.float32], correlation: Floats) -> NDArray[np.float32]:
    """Standard normal shocks [B, weeks, …] as a stationary AR(1) of variance 1."""
    carried, fresh = correlation.astype(np.float32), np.sqrt(1 - correlation**2).astype(np.float32)
    level = shocks
    for week in range(1, level.shape[1]):
        level[:, week] = carried * level[:, week - 1] + fresh * level[:, week]
    return level


def _with_mean_1(level: NDArray[np.float32], deviation: Floats) -> NDArray[np.float32]:
    """Logarithm of a factor of mean 1, of standard normal levels."""
    return np.asarray(level * deviation.astype(np.float32) - (deviation**2 / 2).astype(np.float32))


@register_demand("calibrated")
def build(content: Mapping[str, Any], network: NetworkArrays, source: str) -> CalibratedDemand:
    """Spread each market's figures over the network's SKUs.

    Raises:
        ConfigurationError: a key is wrong, or a market of the network has no figures.
    """
    description = validate(CalibratedDescription, dict(content), source)
    for market in network.markets:
        if market not in description.markets:
            known = ", ".join(description.markets)
            raise ConfigurationError(f"{source}: markets.{market}: missing; the file has figures for: {known}")
    named = description.skus
    if named is None:
        drawn = network.skus_drawn
        by = "" if drawn else f"; {network.skus[0]}, the network's first, has those of the best-selling SKU"
        ranks = np.arange(len(network.skus))
        model = generator(description, network.markets, ranks)
        return replace(
            model, remarks=(*model.remarks, f"assumed: SKUs have the figures of ranks of sales, in order{by}")
        )
    join = choose_join(
        named, network.skus, drawn=network.skus_drawn, asked=description.skus_by, path=source, source=source
    )
    if join == "rank":
        model = generator(description, network.markets, np.arange(len(network.skus)))
        return replace(model, remarks=(*model.remarks, "SKUs are joined by rank of sales, not by name"))
    return _by_name(description, network, {name: rank for rank, name in enumerate(named)})


def _by_name(
    description: CalibratedDescription, network: NetworkArrays, rank_of: Mapping[str, int]
) -> CalibratedDemand:
    ranks = np.array([rank_of.get(name, 0) for name in network.skus])
    known = np.array([name in rank_of for name in network.skus])
    model = generator(description, network.markets, ranks, replicas=False)
    told = [f"SKUs are joined by name: {int(known.sum()):,} of the network's {len(known):,}"]
    if not known.all():
        without = [name for name in network.skus if name not in rank_of]
        told.append(f"SKUs of the network without figures, which so have no demand: {shown(without)}")
    return replace(model, mean_units_per_day=model.mean_units_per_day * known, remarks=(*model.remarks, *told))


def generator(
    description: CalibratedDescription,
    markets: tuple[str, ...],
    ranks: NDArray[np.int64],
    *,
    replicas: bool = True,
) -> CalibratedDemand:
    """The generator for some of a description's markets.

    Args:
        description: validated figures.
        markets: names of the M markets, all in the description.
        ranks: [S] of the SKUs by sales, from 0.
        replicas: whether ranks begin anew beyond the last one given, as replicas of the first SKUs; else they have the
            last one's figures.
    """
    chosen = {market: description.markets[market] for market in markets}

    def at(key: str) -> Floats:
        rows = []
        for figures in chosen.values():
            last = figures.rank[-1]
            rank = (ranks % last if replicas else ranks.clip(max=last - 1)) + 1
            # On logarithmic axes, where sales by rank are close to straight.
            rows.append(np.interp(np.log(rank), np.log(figures.rank), np.log(getattr(figures, key))))
        return np.asarray(np.exp(np.stack(rows)))

    return CalibratedDemand(
        summary=_summary(description, chosen),
        mean_units_per_day=at("units_per_day"),
        selling_share=at("selling_share").clip(max=1.0),
        size=at("size"),
        season=Season(
            np.array(description.month_index), np.array(description.weekday_index), tuple(description.closed_days)
        ),
        selling_correlation=np.array([m.selling_correlation for m in chosen.values()]),
        shared_factor=description.shared_factor,
        own_autocorrelation=np.array([m.own_factor.autocorrelation for m in chosen.values()]),
        own_deviation=np.array([m.own_factor.deviation for m in chosen.values()]),
        remarks=(
            *proxies_told({name: m.proxy for name, m in chosen.items() if m.proxy is not None}),
            *description.assumed,
        ),
    )


def _summary(description: CalibratedDescription, chosen: Mapping[str, MarketFigures]) -> str:
    proxies = ", ".join(f"{name} ← {m.proxy.country}" for name, m in chosen.items() if m.proxy is not None)
    window = f"{description.window.first} to {description.window.last}"
    by_proxy = f"; proxies: {proxies}" if proxies else ""
    return f"calibrated generator, estimated from {description.estimated_from}, {window}{by_proxy}"
