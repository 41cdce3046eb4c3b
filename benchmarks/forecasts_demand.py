"""Forecasts from rolling origins of a real history: what `forecasts.py` measures of demand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.configs.loader import validate
from entrepot.envs.demand import Split
from entrepot.envs.demand.calibration.traces import HistoryDescription, market_traces
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.snapshot.forecast import Forecast, KnownDemand, method_named

Floats = NDArray[np.float64]
Means = Callable[[Floats, int], Floats]
"""[days ahead, C] of daily sums [T, C]: a method that has no spread of its own."""
DAYS = (7, 14, 28)
LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
EVERY = 7  # days from one origin to the next
EARLIER = 26  # origins before the first that is scored, from which a spread is measured
RESAMPLES = 2000
NAIVE = "seasonal_naive"


@dataclass(frozen=True)
class Cells:
    """Daily sums of D days of C series, a SKU in a country each."""

    daily: Floats  # [D, C] units
    market: NDArray[np.int64]  # [C] index of
    markets: tuple[str, ...]
    first_day: int
    month_index: Floats  # [12] of the training window
    windows: dict[Split, tuple[int, int]]
    summary: tuple[str, ...]

    def origins(self, split: Split) -> range:
        """First days ahead, of which all days that are scored lie in the window."""
        low, high = self.windows[split]
        return range(low, high - max(DAYS) + 1, EVERY)

    def known(self, origin: int) -> KnownDemand:
        """Before an origin."""
        return KnownDemand.of_daily(self.daily[:origin], self.first_day, self.month_index)


def read_cells(history: Path) -> Cells:
    """The countries that stand for kreen's markets, unscaled, pooled as in `configs/demand/history.yaml`."""
    content, source = DemandSettings(path=str(history)).content()
    content.pop("kind")
    proxies = {proxy["country"]: {**proxy, "scale": 1.0} for proxy in content["markets"].values()}
    content["markets"] = dict(proxies)
    traces = market_traces(validate(HistoryDescription, content, source), tuple(proxies), source)
    sizes = [units.shape[1] for units in traces.units]
    return Cells(
        daily=np.concatenate(traces.units, axis=1).astype(np.float64),
        market=np.repeat(np.arange(len(sizes)), sizes),
        markets=traces.markets,
        first_day=traces.first_day,
        month_index=traces.month_index,
        windows=traces.windows,
        summary=traces.account,
    )


@dataclass(frozen=True)
class Forecasts:
    """From O origins."""

    quantiles: Floats  # [O, Q, H, C]
    mean: Floats  # [O, H, C]
    seconds: float


def own(cells: Cells, name: str, origins: Sequence[int]) -> Forecasts:
    """A method of ours."""
    method, begun = method_named(name), perf_counter()
    found: list[Forecast] = [method(cells.known(origin), DAYS) for origin in origins]
    return Forecasts(
        np.stack([one.quantiles(LEVELS) for one in found]),
        np.stack([one.mean for one in found]),
        perf_counter() - begun,
    )


def calibrated(cells: Cells, means: Means, origins: Sequence[int]) -> Forecasts:
    """A method without a spread: its own squared errors from all origins before give one to each series and span.

    The quantiles are the negative binomial's, as those of ours are.
    """
    begun = perf_counter()
    first = origins[0]
    earlier = [one for one in range(first - EARLIER * EVERY, first, EVERY) if one > max(DAYS)]
    every = [*earlier, *origins]
    spans = np.asarray(DAYS)
    mean = np.stack([means(cells.daily[:one], max(DAYS)).cumsum(axis=0)[spans - 1] for one in every])  # [O', H, C]
    mean = np.maximum(mean, 0.0)
    error = (mean - asked(cells, every)) ** 2
    quantiles = []
    for place, origin in enumerate(origins, start=len(earlier)):
        # Of a span that isn't over yet the error isn't known.
        over = np.array([[one + span <= origin for span in DAYS] for one in every[:place]])[..., None]
        spread = (error[:place] * over).sum(axis=0) / np.maximum(over.sum(axis=0), 1)
        variance = np.maximum(spread, mean[place])
        quantiles.append(Forecast(DAYS, mean[place], variance).quantiles(LEVELS))
    return Forecasts(np.stack(quantiles), mean[len(earlier) :], perf_counter() - begun)


def asked(cells: Cells, origins: Sequence[int]) -> Floats:
    """[O, H, C] what came."""
    total = np.concatenate([np.zeros_like(cells.daily[:1]), cells.daily.cumsum(axis=0)])
    return np.stack([np.stack([total[one + span] - total[one] for span in DAYS]) for one in origins])


def pinball(found: Forecasts, came: Floats) -> Floats:
    """[O, H, C] mean over the levels of 2·(level − 1{came < quantile})·(came − quantile), in units."""
    level = np.asarray(LEVELS)[:, None, None]
    missed = came[:, None] - found.quantiles
    return np.asarray((2 * np.maximum(level * missed, (level - 1) * missed)).mean(axis=1))


def rows_of(cells: Cells, forecasts: dict[str, Forecasts], origins: Sequence[int]) -> list[dict[str, Any]]:
    """A row for each method, market and span; `all` are the markets together, each series by what it sells."""
    came = asked(cells, origins)
    loss = {name: pinball(found, came) for name, found in forecasts.items()}
    rows = []
    for market in ("all", *cells.markets):
        chosen = np.flatnonzero(
            np.ones_like(cells.market) if market == "all" else cells.market == cells.markets.index(market)
        )
        again = np.random.default_rng(0).integers(0, len(chosen), (RESAMPLES, len(chosen)))
        for place, span in enumerate(DAYS):
            naive = loss[NAIVE][:, place, chosen].sum(axis=0)
            for name, found in forecasts.items():
                ours = loss[name][:, place, chosen].sum(axis=0)
                ratio = ours[again].sum(axis=1) / naive[again].sum(axis=1)
                low, high = np.quantile(ratio, (0.025, 0.975))
                seen, quantile = came[:, place, chosen], found.quantiles[:, :, place, chosen]
                rows.append(
                    {
                        "case": "demand",
                        "market": market,
                        "days": span,
                        "method": name,
                        "series": len(chosen),
                        "origins": len(origins),
                        "zero_share": float((seen == 0).mean()),
                        "pinball_share": float(ours.sum() / seen.sum()),
                        "pinball_ratio": float(ours.sum() / naive.sum()),
                        "pinball_ratio_low": float(low),
                        "pinball_ratio_high": float(high),
                        "coverage_80": _coverage(seen, quantile, 0.1, 0.9),
                        "coverage_95": _coverage(seen, quantile, 0.025, 0.975),
                        "bias_share": float((found.mean[:, place, chosen] - seen).sum() / seen.sum()),
                        "seconds": found.seconds,
                    }
                )
    return rows


def _coverage(came: Floats, quantiles: Floats, low: float, high: float) -> float:
    """Share of what came that lies within two quantiles, both included."""
    below, over = quantiles[:, LEVELS.index(low)], quantiles[:, LEVELS.index(high)]
    return float(((came >= below) & (came <= over)).mean())
