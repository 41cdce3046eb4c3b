"""From sales records to the trace of each market: whose sales stand for it, pooled and scaled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from entrepot.configs.loader import ConfigurationError, StrictModel
from entrepot.envs.demand.calibration.account import RecordReport
from entrepot.envs.demand.calibration.joining import SkusBy, choose_join
from entrepot.envs.demand.calibration.keys import ReadingKeys
from entrepot.envs.demand.calibration.levels import levels_told
from entrepot.envs.demand.calibration.records import SalesRecords, dense_records
from entrepot.envs.demand.calibration.rows import read_rows
from entrepot.envs.demand.calibration.season import TWO_CYCLES, months_told, seasonal_index, trusted_index
from entrepot.envs.demand.calibration.told import division_told, joined_told, replaced_told, silence_told, thin_told
from entrepot.envs.demand.model import Split
from entrepot.envs.demand.registry import UNSET
from entrepot.envs.demand.windows import SHORTEST_BLOCK, Window, divide, fitting_block
from entrepot.envs.snapshot import calendar


class Proxy(StrictModel):
    """Whose sales stand for a market's."""

    country: str
    scale: Annotated[float, Field(gt=0)] = 1.0
    pooled_skus: Annotated[int, Field(ge=1, description="how many real SKUs add up to one of ours")] = 1


class HistoryDescription(ReadingKeys):
    """What `configs/demand/history.yaml` may say."""

    path: str
    block_days: Annotated[int, Field(ge=1)] | None = Field(
        None, description="28, or as many whole weeks as the shortest window has room for"
    )
    season_cycles: Annotated[float, Field(ge=1)] = Field(
        TWO_CYCLES, description="years that the training window must hold for its season to be believed as it is"
    )
    stretch_days: Annotated[int, Field(ge=7)] = 112
    windows: dict[Split, Window] | None = None
    left_out_days: list[date | Window] = Field(default_factory=list)
    markets: dict[str, Proxy] = Field(default_factory=dict)
    skus_by: SkusBy | None = Field(None, description="how the history's SKUs are joined to the network's")


@dataclass(frozen=True)
class Goods:
    """The SKUs of a network, as far as a history is joined to them."""

    names: tuple[str, ...]
    drawn: bool  # from a catalogue, so that the names are only numbers


@dataclass(frozen=True)
class Traces:
    """What was sold in each of M markets on each of D days.

    Joined by name, the columns are the network's SKUs in its order; else the history's, best-selling ones first.
    """

    markets: tuple[str, ...]
    proxies: tuple[Proxy, ...]  # M
    units: tuple[NDArray[np.float32], ...]  # M times [D, W]; W differs: pooling leaves a market fewer SKUs
    first_day: int  # days since 1970-01-01
    windows: dict[Split, tuple[int, int]]  # offsets into D, first included, last excluded
    block_days: int  # of what scenarios are put together from
    month_index: NDArray[np.float64]  # [12]
    report: RecordReport
    skus: tuple[str, ...] | None = None  # W names of the columns, where they are joined by name
    observed: NDArray[np.bool_] | None = None  # [D] days that weren't left out; all, if None
    joined: tuple[str, ...] = ()  # how markets and SKUs were joined to the network's
    remarks: tuple[str, ...] = ()  # what was replaced and assumed

    @property
    def days(self) -> NDArray[np.int64]:
        """[D] days since 1970-01-01."""
        return self.first_day + np.arange(len(self.units[0]))

    @property
    def account(self) -> tuple[str, ...]:
        """Everything a person should know of the history: a line each."""
        return (*self.report.shortcomings(), *self.joined, *self.remarks)

    def seen(self, split: Split) -> NDArray[np.int64]:
        """Offsets of a window's days that weren't left out."""
        low, high = self.windows[split]
        offsets = np.arange(low, high)
        return offsets if self.observed is None else offsets[self.observed[low:high]]

    def by_rank(self) -> Traces:
        """The same with the best-selling SKUs of the training window first, in all markets in the same order."""
        if self.skus is None:
            return self
        sold = sum(units[slice(*self.windows[Split.TRAIN])].sum(axis=0, dtype=np.float64) for units in self.units)
        order = np.argsort(-np.asarray(sold), kind="stable")
        return replace(
            self,
            units=tuple(np.ascontiguousarray(units[:, order]) for units in self.units),
            skus=tuple(self.skus[place] for place in order),
        )

    def proxy_names(self) -> str:
        """`market ← country`, for every market that another place stands for."""
        pairs = zip(self.markets, self.proxies, strict=True)
        return ", ".join(f"{market} ← {proxy.country}" for market, proxy in pairs if proxy.country != market)


def market_traces(
    description: HistoryDescription, markets: Sequence[str], source: str, goods: Goods | None = None
) -> Traces:
    """Read the history that a description names, and make the trace of each market.

    Args:
        description: a validated description.
        markets: names of the M markets wanted.
        source: the file to name in an error.
        goods: the network's SKUs; the history's own by rank of sales, if None.

    Raises:
        ConfigurationError: the file, a window, a left-out day, a market's proxy or the SKUs' names can't be used, or
            more rows than allowed are lost.
    """
    records, join = _records(description, markets, source, goods)
    windows = divide(
        description.windows,
        records.first_day,
        len(records.units),
        block_days=description.block_days or SHORTEST_BLOCK,
        source=source,
    )
    units, observed = _without_days(records, description.left_out_days, windows, source)
    trained = units[slice(*windows[Split.TRAIN])]
    if not trained.any():
        raise ConfigurationError(
            f"{source}: windows.train: nothing was sold from {_iso(records, windows[Split.TRAIN][0])} to "
            f"{_iso(records, windows[Split.TRAIN][1] - 1)} in {records.report.path}"
        )
    by_name = goods is not None and join == "name"
    if goods is not None and by_name:
        sold = {name: column for column, name in enumerate(records.skus)}
        order = np.array([sold.get(name, -1) for name in goods.names])
    else:
        order = np.argsort(-trained.sum(axis=(0, 1)), kind="stable")
    proxies = tuple(_proxy(description.markets, records, market, source) for market in markets)
    if by_name:
        _refuse_pooling(markets, proxies, source)
    traces = Traces(
        markets=tuple(markets),
        proxies=proxies,
        units=tuple(_trace(_columns(units[:, records.places.index(p.country)], order), p) for p in proxies),
        first_day=records.first_day,
        windows=windows,
        block_days=description.block_days or fitting_block(windows),
        month_index=np.ones(12),
        report=records.report,
        skus=goods.names if goods is not None and by_name else None,
        observed=observed,
    )
    seen = traces.seen(Split.TRAIN)
    measured = seasonal_index(units[seen], records.days[seen])
    index, of_season = trusted_index(measured, records.days[seen], cycles=description.season_cycles)
    told = [
        *replaced_told(traces),
        *division_told(description, traces),
        *(months_told(records.days[seen]) if (index != 1).any() else []),
        *of_season,
        *silence_told(index),
        *levels_told(_total(traces), records.days, {split: traces.seen(split) for split in Split}, index),
        *thin_told(traces, trained),
    ]
    joined = joined_told(traces, records, goods, description.markets)
    return replace(traces, month_index=index, joined=tuple(joined), remarks=tuple(told))


def whole_units(units: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Scaled units as whole ones, rounded up with the probability of the fraction, so that means are kept."""
    whole = np.floor(units)
    whole += rng.random(units.shape, dtype=np.float32) < units - whole
    return whole


def _records(
    description: HistoryDescription, markets: Sequence[str], source: str, goods: Goods | None
) -> tuple[SalesRecords, SkusBy]:
    if description.path == UNSET:
        raise ConfigurationError(f"{source}: path: missing; name a .parquet, .csv or .csv.gz file (demand.path=FILE)")
    rows = read_rows(description.path, description)
    join: SkusBy = "rank"
    if goods is not None:
        found = sorted(rows.sku.values[code] for code in np.unique(rows.sku.code))
        join = choose_join(
            found, goods.names, drawn=goods.drawn, asked=description.skus_by, path=rows.path, source=source
        )
    wanted = {description.markets[market].country for market in markets if market in description.markets}
    sold_in = {rows.place.values[code] for code in np.unique(rows.place.code)}
    lent = {description.markets[market].country for market in markets if market in description.markets.keys() - sold_in}
    records = dense_records(
        rows,
        description,
        known_markets=(*markets, *sorted(lent - {*markets})),
        used_countries=tuple(sorted(wanted)),
        known_skus=goods.names if goods is not None and join == "name" else None,
    )
    _refuse_losses(records.report, description, source)
    return records, join


def _refuse_losses(report: RecordReport, description: ReadingKeys, source: str) -> None:
    for key, lost, why in (
        ("most_left_out", report.left_out, report.problems),
        ("most_of_others", report.of_others, report.others),
    ):
        allowed = getattr(description, key)
        if lost > allowed * report.rows:
            raise ConfigurationError(
                f"{source}: {key}: {lost:,} of {report.rows:,} rows of {report.path} would be left out, "
                f"{lost / report.rows:.1%}; at most {allowed:.1%} may be: {'; '.join(map(str, why))}"
            )


def _iso(records: SalesRecords, offset: int) -> str:
    return calendar.iso(records.first_day + offset)


def _columns(units: NDArray[np.float32], order: NDArray[np.int64]) -> NDArray[np.float32]:
    """[D, W] the columns of the order; zeros where it says −1."""
    if not units.shape[1]:
        return np.zeros((len(units), len(order)), np.float32)
    chosen = units[:, order]
    if (order < 0).any():
        chosen[:, order < 0] = 0.0
    return chosen


def _refuse_pooling(markets: Sequence[str], proxies: Sequence[Proxy], source: str) -> None:
    for market, proxy in zip(markets, proxies, strict=True):
        if proxy.pooled_skus > 1:
            raise ConfigurationError(
                f"{source}: markets.{market}.pooled_skus: {proxy.pooled_skus}; SKUs are joined by name, so none can be "
                "added to another; allowed: 1, or skus_by: rank"
            )


def _total(traces: Traces) -> NDArray[np.float64]:
    """[D] units of all markets and SKUs."""
    return np.asarray(np.stack([units.sum(axis=1, dtype=np.float64) for units in traces.units]).sum(axis=0))


def _without_days(
    records: SalesRecords,
    left_out: Sequence[date | Window],
    windows: Mapping[Split, tuple[int, int]],
    source: str,
) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
    """Units with a stand-in for each day that is left out; and which days are not."""
    if not left_out:
        return records.units, None
    units, observed = records.units.copy(), np.ones(len(records.units), np.bool_)
    for entry in left_out:
        ends = (entry.first, entry.last) if isinstance(entry, Window) else (entry, entry)
        low, high = (calendar.day_number(day) - records.first_day for day in ends)
        if low < 0 or high >= len(units):
            raise ConfigurationError(
                f"{source}: left_out_days: {ends[0] if low < 0 else ends[1]} is not inside the history, "
                f"{records.report.first_day} to {records.report.last_day}"
            )
        observed[low : high + 1] = False
    for offset in np.flatnonzero(~observed):
        # The stand-in comes from the same window, or a split would leak into another.
        low, high = next((w for w in windows.values() if w[0] <= offset < w[1]), (0, len(units)))
        same_weekday = np.arange(low + (offset - low) % 7, high, 7)
        near = same_weekday[observed[same_weekday]]
        # Of two that are as near, the earlier.
        units[offset] = records.units[near[np.argmin(np.abs(near - offset))]] if len(near) else 0.0
    return units, observed


def _trace(sold: NDArray[np.float32], proxy: Proxy) -> NDArray[np.float32]:
    """[D, W] units of one market; SKU w adds up the proxy's SKUs w, w + W, w + 2 W and so on."""
    width = max(sold.shape[1] // proxy.pooled_skus, 1)
    pooled = sold[:, : width * proxy.pooled_skus].reshape(len(sold), -1, width).sum(axis=1)
    return np.ascontiguousarray(pooled * np.float32(proxy.scale))


def _proxy(known: Mapping[str, Proxy], records: SalesRecords, market: str, source: str) -> Proxy:
    if records.column == "country" and market not in known:
        raise ConfigurationError(f"{source}: markets.{market}: missing; name the country whose sales stand for it")
    # In a history by market, every market that has sales stands for itself.
    itself = records.column == "market" and (market in records.places or market not in known)
    proxy = Proxy(country=market) if itself else known[market]
    if proxy.country not in records.places:
        key = f"markets.{market}" if itself else f"markets.{market}.country: {proxy.country!r}"
        raise ConfigurationError(
            f"{source}: {key}: no sales in {records.report.path}; it has sales of: {', '.join(records.report.places)}"
        )
    return proxy
