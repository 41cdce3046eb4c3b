"""Estimate the calibrated generator's figures from the training window of a sales history.

Level and season are means. What makes a SKU intermittent and bursty is solved from its share of zero days and its
coefficient of variation. The deviations of the weekly factors and the correlation of selling days have no closed
form, as counts blur them: they are moved until the generator's weekly moments meet the history's (the simulated
method of moments: McFadden 1989).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from entrepot.configs.loader import ConfigurationError, validate
from entrepot.envs.demand.calibrated import CalibratedDescription, MarketFigures, Season, WeeklyFactor, generator
from entrepot.envs.demand.calibration.records import CLOSED_DAYS, long_runs
from entrepot.envs.demand.calibration.season import FAINT_MONTH
from entrepot.envs.demand.calibration.traces import Proxy, Traces, whole_units
from entrepot.envs.demand.model import Split
from entrepot.envs.demand.moments import Moments, moments, open_weeks, weekly_logs
from entrepot.envs.demand.windows import Window
from entrepot.envs.snapshot import calendar

Floats = NDArray[np.float64]
Weeks = NDArray[np.bool_]

RANKS = (*range(1, 33), 40, 50, 64, 90, 128, 180, 256, 400, 640, 1000, 1600, 2500, 4000, 6400, 10000)
"""Ranks that get a figure of their own; the ranks between share the nearest one's."""

LEAST_WEEKS = 8
"""Fewer weeks say nothing of how weeks go together."""

ROUNDS = 10
EPISODES = 24
SKUS_MATCHED = 32
FAINT = 0.05
"""A weekly autocorrelation below this is taken for noise."""


@dataclass(frozen=True)
class _Market:
    """What the figures of one market have to meet, and what is known of them so far."""

    proxy: Proxy | None
    rank: list[int]
    units_per_day: Floats
    zero_share: Floats
    squared_variation: Floats
    weekly: Moments
    own: WeeklyFactor
    selling_correlation: float


def fit(traces: Traces, *, estimated_from: str) -> CalibratedDescription:
    """Figures for `configs/demand/calibrated.yaml`.

    Args:
        traces: each market's history; if its SKUs have the network's names, the figures have them, too.
        estimated_from: the history's name, source and licence, carried into the figures.

    Raises:
        ConfigurationError: the training window has too few weeks with sales.
    """
    traces = traces.by_rank()
    window = slice(*traces.windows[Split.TRAIN])
    days = traces.days[window]
    sold = [whole_units(units[window], np.random.default_rng(0)) for units in traces.units]
    total = np.asarray(np.sum([units.sum(axis=1) for units in sold], axis=0), dtype=np.float64)
    closed = _closed_days(total, days)
    season = Season(traces.month_index, _weekday_index(total, days, closed), closed)
    weeks = open_weeks(season.is_closed(days))
    if weeks.sum() < LEAST_WEEKS:
        raise ConfigurationError(
            f"{traces.report.path}: {weeks.sum()} weeks of the training window, {_date(days[0])} to "
            f"{_date(days[-1])}, have no closed day; at least {LEAST_WEEKS} are needed for a fit"
        )
    shared = _shared_factor(total, season.at(days), weeks)
    names = zip(traces.markets, traces.proxies, strict=True)
    proxies = [None if proxy.country == market else proxy for market, proxy in names]
    states = [
        _first_guess(proxy, units, traces.month_index[calendar.month(days)], weeks)
        for proxy, units in zip(proxies, sold, strict=True)
    ]

    def described() -> CalibratedDescription:
        content = {
            "estimated_from": estimated_from,
            "window": Window(first=_date(days[0]), last=_date(days[-1])),
            "month_index": _rounded(season.month_index),
            "weekday_index": _rounded(season.weekday_index),
            "closed_days": list(closed),
            "shared_factor": shared,
            "markets": {
                market: _figures(state, season.at(days), shared)
                for market, state in zip(traces.markets, states, strict=True)
            },
            "skus": None if traces.skus is None else list(traces.skus),
            "assumed": [*traces.report.shortcomings(), *traces.remarks],
        }
        return validate(CalibratedDescription, content, f"{traces.report.path}: figures estimated from it")

    for _ in range(ROUNDS):
        model = generator(described(), traces.markets, np.arange(SKUS_MATCHED))
        # The same random numbers in every round, or the search would chase its own noise.
        drawn = model.sample(np.full(EPISODES, days[0]), len(days), Split.TRAIN, np.random.default_rng(0))
        found = [moments(drawn[:, :, column, : units.shape[1]], weeks) for column, units in enumerate(sold)]
        short = _mean_shortfall(states, found)
        shared = _nearer_shared(shared, short)
        states = [_nearer(state, moment, short) for state, moment in zip(states, found, strict=True)]
    return described()


def _closed_days(total: Floats, days: NDArray[np.int64]) -> tuple[str, ...]:
    """Days of the year, MM-DD, that belong to a long run without sales in every year, of two or more."""
    met = Counter(calendar.iso(day)[5:] for day in days)
    shut = Counter(
        calendar.iso(day)[5:] for begin, end in long_runs(total == 0, CLOSED_DAYS) for day in days[begin:end]
    )
    return tuple(sorted(name for name, times in shut.items() if times == met[name] > 1))


def _weekday_index(total: Floats, days: NDArray[np.int64], closed: tuple[str, ...]) -> Floats:
    opened = ~np.isin(calendar.month_day(days), [calendar.month_day_number(name) for name in closed])
    count = np.bincount(calendar.weekday(days)[opened], minlength=7)
    sold = np.array([total[opened & (calendar.weekday(days) == weekday)].sum() for weekday in range(7)])
    mean = sold / np.maximum(count, 1)
    # A weekday that was never open to be seen is taken for a mean one.
    index = np.where(count > 0, mean, mean[count > 0].mean() if (count > 0).any() else 1.0)
    return np.asarray(index / index.mean()) if index.any() else np.ones(7)


def _shared_factor(total: Floats, season: Floats, open_week: Weeks) -> WeeklyFactor:
    """From the log of all that is sold in a week over what the season makes expect."""
    weeks = len(total) // 7
    weekly = total[: weeks * 7].reshape(weeks, 7).sum(axis=1)
    expected = season[: weeks * 7].reshape(weeks, 7).sum(axis=1)
    usual = open_week & (weekly > 0) & (expected > 0)
    if usual.sum() < 2:
        return WeeklyFactor()
    level = np.log(weekly[usual] / expected[usual])
    level -= level.mean()
    variance = max(float((level**2).mean()), 1e-6)
    autocorrelation = float((level[1:] * level[:-1]).mean()) / variance
    return WeeklyFactor(
        autocorrelation=round(float(np.clip(autocorrelation, 0.0, 0.95)), 3), deviation=round(variance**0.5, 3)
    )


def _first_guess(proxy: Proxy | None, sold: NDArray[np.float32], month_factor: Floats, weeks: Weeks) -> _Market:
    ranks = [rank for rank in RANKS if rank <= sold.shape[1]]
    seen = sold.astype(np.float64)
    mean = np.maximum(seen.mean(axis=0), 1e-9)
    weekly = moments(sold[None, :, :SKUS_MATCHED], weeks)
    telling = month_factor >= FAINT_MONTH
    return _Market(
        proxy=proxy,
        rank=ranks,
        units_per_day=_around((seen[telling] / month_factor[telling, None]).mean(axis=0), ranks).clip(min=1e-4),
        zero_share=_around((seen == 0).mean(axis=0), ranks),
        squared_variation=np.exp(_around(np.log((seen.var(axis=0) / mean**2).clip(0.01, 1e4)), ranks)),
        weekly=weekly,
        own=WeeklyFactor(autocorrelation=_decay(weekly_logs(sold[None, :, :SKUS_MATCHED], weeks)), deviation=0.3),
        selling_correlation=0.1,
    )


def _decay(logs: Floats) -> float:
    """Autocorrelation of an AR(1) from its covariances at lags of one and three weeks, of which noise has no part."""
    own = logs - logs.mean(axis=2, keepdims=True)
    own -= own.mean(axis=1, keepdims=True)
    one, three = ((own[:, lag:] * own[:, :-lag]).mean() for lag in (1, 3))
    if one < FAINT * (own**2).mean() or three <= 0:
        return 0.0
    return round(float(np.clip((three / one) ** 0.5, 0.0, 0.95)), 3)


def _mean_shortfall(states: list[_Market], found: list[Moments]) -> float:
    """Weekly correlation that the generator lacks, over the markets by their volume."""
    short = [state.weekly.weekly_correlation - f.weekly_correlation for state, f in zip(states, found, strict=True)]
    return float(np.average(short, weights=[state.weekly.mean_units_per_day for state in states]))


def _nearer_shared(shared: WeeklyFactor, short: float) -> WeeklyFactor:
    variance = shared.deviation**2 + 0.7 * short
    return shared.model_copy(update={"deviation": round(float(np.clip(variance, 0.0, 1.0)) ** 0.5, 3)})


def _nearer(state: _Market, found: Moments, short: float) -> _Market:
    wanted = state.weekly
    variance = 0.0
    if state.own.autocorrelation > 0:
        missing = wanted.weekly_autocorrelation - found.weekly_autocorrelation
        variance = state.own.deviation**2 + 0.8 * missing * wanted.weekly_log_deviation**2
    # The shared factor answers for the mean shortfall, the market's own selling days for the rest.
    correlation = state.selling_correlation + 0.8 * (wanted.weekly_correlation - found.weekly_correlation - short)
    own = WeeklyFactor(
        autocorrelation=state.own.autocorrelation, deviation=round(float(np.clip(variance, 0.0, 1.0)) ** 0.5, 3)
    )
    return replace(state, own=own, selling_correlation=round(float(np.clip(correlation, 0.0, 0.9)), 3))


def _around(values: Floats, ranks: list[int]) -> Floats:
    """Mean over the ranks that are nearer to this rank than to its neighbours, on a logarithmic axis."""
    edges = [0.0, *(float(np.sqrt(a * b)) for a, b in pairwise(ranks)), float(len(values))]
    position = np.arange(1, len(values) + 1)
    return np.array([values[(position > low) & (position <= high)].mean() for low, high in pairwise(edges)])


def _figures(state: _Market, season: Floats, shared: WeeklyFactor) -> MarketFigures:
    share, size = _intermittency(state, season, shared.deviation**2 + state.own.deviation**2)
    return MarketFigures(
        proxy=state.proxy,
        own_factor=state.own,
        selling_correlation=state.selling_correlation,
        rank=state.rank,
        units_per_day=_rounded(state.units_per_day, 4),
        selling_share=_rounded(share, 4),
        size=_rounded(size, 3),
    )


def _intermittency(state: _Market, season: Floats, factor_variance: float) -> tuple[Floats, Floats]:
    """Selling share and size that come nearest to each rank's share of zero days and squared variation.

    With selling share p, mean on selling days u and size k, E[x²] = p (u E[s] + u² (1 + 1/k) E[s²] E[g²]) for season s
    and weekly factor g, and P(x = 0) = 1 − p + p E[(1 + u s g / k)^−k]. Both are tried on a grid of p and k.
    """
    levels, count = np.unique(season.round(1), return_counts=True)
    node, weight = np.polynomial.hermite_e.hermegauss(5)
    factor = np.exp(node * factor_variance**0.5 - factor_variance / 2)
    rate = (levels[:, None] * factor).ravel()  # [G] season × factor
    chance = (count[:, None] * weight).ravel()
    chance /= chance.sum()
    share = np.geomspace(0.003, 1.0, 50)[:, None]
    size = np.geomspace(0.03, 20.0, 30)[None, :]
    best = []
    for mean, zero_share, variation in zip(state.units_per_day, state.zero_share, state.squared_variation, strict=True):
        on_selling_days = mean / share
        no_units = np.zeros((share.size, size.size))
        for each, probability in zip(rate, chance, strict=True):
            no_units += probability * (1 + on_selling_days * each / size) ** -size
        first, second = chance @ rate, chance @ rate**2
        square = share * (on_selling_days * first + on_selling_days**2 * (1 + 1 / size) * second)
        drawn = square / (mean * first) ** 2 - 1
        off = ((1 - share + share * no_units - zero_share) / 0.01) ** 2
        off += (np.log(drawn.clip(min=1e-9) / variation) / 0.1) ** 2
        best.append(np.unravel_index(np.argmin(off), off.shape))
    rows, columns = np.array(best).T
    return share[rows, 0], size[0, columns]


def _date(day: int) -> date:
    return date.fromisoformat(calendar.iso(day))


def _rounded(values: Floats, digits: int = 3) -> list[float]:
    return [round(float(value), digits) for value in values]
