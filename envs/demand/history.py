"""Demand resampled from a sales history in blocks, all markets and SKUs together.

A scenario is pieced together from blocks of consecutive days (the circular block bootstrap: Politis and Romano 1992).
A block starts on the weekday it replaces, and is scaled by the ratio of the two months' seasonal indices, so that
weekdays, bursts and correlations between SKUs and markets survive. The indices come from the training window alone.

Days of months in which next to nothing is sold (`FAINT_MONTH`) say nothing of other months: the same weekday of the
nearest later month that sells stands in for them.

SKUs are joined to the network's by name. Where they go by rank of sales instead, and more are wanted than a market's
history has, its SKUs appear again as *replicas*: the same articles with blocks of their own, so that a replica is
independent of the original.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.configs.loader import validate
from entrepot.envs.demand.calibration.account import RecordReport
from entrepot.envs.demand.calibration.season import FAINT_MONTH
from entrepot.envs.demand.calibration.traces import Goods, HistoryDescription, Traces, market_traces, whole_units
from entrepot.envs.demand.model import Split
from entrepot.envs.demand.registry import register_demand
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.snapshot import calendar


@dataclass(frozen=True)
class HistoryDemand:
    """Draws scenarios from a history; M markets, S SKUs."""

    summary: str
    mean_units_per_day: NDArray[np.float64]  # [M, S]
    traces: Traces
    block_days: int
    stretch_days: int
    skus: int

    @property
    def month_index(self) -> NDArray[np.float64]:
        """[12] units a day in each month over the year's mean, from the training window."""
        return self.traces.month_index

    @property
    def remarks(self) -> tuple[str, ...]:
        """What of the history was left out, added up, joined, replaced and assumed; a line each."""
        return self.traces.account

    @property
    def report(self) -> RecordReport:
        """What was read from the history, and what was left out."""
        return self.traces.report

    def first_days(self, episodes: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """[B] any day of the history's last 365, so that every season is met."""
        last = int(self.traces.days[-1])
        return rng.integers(last - 364, last + 1, episodes)

    def sample(
        self, first_day: NDArray[np.int64], days: int, split: Split, rng: np.random.Generator
    ) -> NDArray[np.float32]:
        """[B, T, M, S] whole units; see `DemandModel.sample`."""
        target = first_day[:, None] + np.arange(days)
        index = self.month_index.astype(np.float32)
        demand = np.empty((*target.shape, len(self.traces.markets), self.skus), np.float32)
        for replica in range(-(-self.skus // min(units.shape[1] for units in self.traces.units))):
            source = self._resampled_days(first_day, days, split, rng)
            here = index[calendar.month(self.traces.first_day + source)]
            ratio = index[calendar.month(target)] / np.where(here > 0, here, np.float32(1))
            for column, units in enumerate(self.traces.units):
                width = units.shape[1]
                part = demand[:, :, column, replica * width : (replica + 1) * width]
                np.multiply(units[:, : part.shape[-1]][source], ratio[..., None], out=part)
        return whole_units(demand, rng)

    def _resampled_days(
        self, first_day: NDArray[np.int64], days: int, split: Split, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """[B, T] offsets into the history, all inside the split's window."""
        low, high = self.traces.windows[split]
        whole_weeks = (high - low) // 7 * 7  # the window is bent into a circle that keeps weekdays
        begins = first_day[:, None] + np.arange(0, days, self.block_days)
        # An episode's blocks come from one stretch of the history, so that what sold well goes on selling well
        # (a local block bootstrap: Paparoditis and Politis 2002); on the circle every day stays equally likely.
        anchor = rng.integers(0, whole_weeks // 7, (len(first_day), 1))
        stretch = max(1, min(self.stretch_days, whole_weeks) // 7)
        start = (anchor + rng.integers(0, stretch, begins.shape)) * 7
        start += (calendar.weekday(begins) - calendar.weekday(np.array(self.traces.first_day + low))) % 7
        source = (start[..., None] + np.arange(self.block_days)) % whole_weeks
        return np.asarray(low + _stand_ins(self.traces, split)[source.reshape(len(first_day), -1)[:, :days]])


def _stand_ins(traces: Traces, split: Split) -> NDArray[np.int64]:
    """[whole weeks of the window] the offset itself, or of a faint month's day the next same weekday that is none."""
    low, high = traces.windows[split]
    weeks = (high - low) // 7
    months = calendar.month(traces.days[low : low + 7 * weeks])
    telling = (traces.month_index[months] >= FAINT_MONTH).reshape(weeks, 7)
    # Twice around the circle: the nearest telling week at or after each, looked for from the end.
    place = np.where(np.concatenate([telling, telling]), np.arange(2 * weeks)[:, None], 2 * weeks + 1)
    nearest = np.minimum.accumulate(place[::-1])[::-1][:weeks]
    found = nearest % weeks * 7 + np.arange(7)
    own = np.arange(7 * weeks).reshape(weeks, 7)
    return np.asarray(np.where(telling.any(axis=0), found, own).ravel())


@register_demand("history")
def build(content: Mapping[str, Any], network: NetworkArrays, source: str) -> HistoryDemand:
    """Read the history that the content names.

    Raises:
        ConfigurationError: the file, a window or a market's proxy can't be used.
    """
    description = validate(HistoryDescription, dict(content), source)
    traces = market_traces(description, network.markets, source, Goods(network.skus, network.skus_drawn))
    skus = len(network.skus)
    return HistoryDemand(
        summary=_summary(description, traces, skus),
        mean_units_per_day=np.stack([_mean(units, traces, skus) for units in traces.units]),
        traces=traces,
        block_days=traces.block_days,
        stretch_days=description.stretch_days,
        skus=skus,
    )


def _mean(units: NDArray[np.float32], traces: Traces, skus: int) -> NDArray[np.float64]:
    """[S] what a year of resampled training days has, free of which months the window holds twice."""
    low, _ = traces.windows[Split.TRAIN]
    source = low + _stand_ins(traces, Split.TRAIN)
    season = traces.month_index[calendar.month(traces.days[source])]
    year = traces.month_index[calendar.month(calendar.day_number("2011-01-01") + np.arange(365))].mean()
    mean = year * (units[source] / np.where(season > 0, season, 1.0)[:, None]).mean(axis=0)
    return np.asarray(np.resize(mean, skus))  # replicas repeat the SKUs in order


def _summary(description: HistoryDescription, traces: Traces, skus: int) -> str:
    low, high = traces.windows[Split.TRAIN]
    first, last = calendar.iso(traces.first_day + low), calendar.iso(traces.first_day + high - 1)
    proxies = f"; proxies: {names}" if (names := traces.proxy_names()) else ""
    repeated = [
        f"{market} {units.shape[1]}"
        for market, units in zip(traces.markets, traces.units, strict=True)
        if units.shape[1] < skus
    ]
    replicas = (
        f"; replicas fill up to {skus} SKUs where the history has fewer: {', '.join(repeated)}" if repeated else ""
    )
    # The file's name alone: summaries go into modules that are passed on, and folders are nobody else's business.
    return f"history {Path(description.path).name}, trained on {first} to {last}{proxies}{replicas}"
