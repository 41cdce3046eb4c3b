"""From sales records to the trace of each market: whose sales stand for it, pooled and scaled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from entrepot.configs.loader import ConfigurationError, StrictModel
from entrepot.envs.demand.calibration.records import RecordReport, SalesRecords, read_sales
from entrepot.envs.demand.model import Split
from entrepot.envs.demand.registry import UNSET
from entrepot.envs.demand.windows import Window, divide
from entrepot.envs.snapshot import calendar


class Proxy(StrictModel):
    """Whose sales stand for a market's."""

    country: str
    scale: Annotated[float, Field(gt=0)] = 1.0
    pooled_skus: Annotated[int, Field(ge=1, description="how many real SKUs add up to one of ours")] = 1


class HistoryDescription(StrictModel):
    """What `configs/demand/history.yaml` may say."""

    path: str
    block_days: Annotated[int, Field(ge=1)] = 28
    stretch_days: Annotated[int, Field(ge=7)] = 112
    windows: dict[Split, Window] | None = None
    left_out_days: list[date] = Field(default_factory=list)
    markets: dict[str, Proxy] = Field(default_factory=dict)


@dataclass(frozen=True)
class Traces:
    """What was sold in each of M markets on each of D days, best-selling SKUs first."""

    markets: tuple[str, ...]
    proxies: tuple[Proxy, ...]  # M
    units: tuple[NDArray[np.float32], ...]  # M times [D, W]; W differs: pooling leaves a market fewer SKUs
    first_day: int  # days since 1970-01-01
    windows: dict[Split, tuple[int, int]]  # offsets into D, first included, last excluded
    month_index: NDArray[np.float64]  # [12]
    report: RecordReport

    @property
    def days(self) -> NDArray[np.int64]:
        """[D] days since 1970-01-01."""
        return self.first_day + np.arange(len(self.units[0]))

    def proxy_names(self) -> str:
        """`market ← country`, for every market that another place stands for."""
        pairs = zip(self.markets, self.proxies, strict=True)
        return ", ".join(f"{market} ← {proxy.country}" for market, proxy in pairs if proxy.country != market)


def market_traces(description: HistoryDescription, markets: Sequence[str], source: str) -> Traces:
    """Read the history that a description names, and make the trace of each market.

    Args:
        description: a validated description.
        markets: names of the M markets wanted.
        source: the file to name in an error.

    Raises:
        ConfigurationError: the file, a window, a left-out day or a market's proxy can't be used.
    """
    if description.path == UNSET:
        raise ConfigurationError(f"{source}: path: missing; name a .parquet, .csv or .csv.gz file (demand.path=FILE)")
    wanted = {description.markets[market].country for market in markets if market in description.markets}
    records = read_sales(description.path, known_markets=tuple(markets), used_countries=tuple(sorted(wanted)))
    windows = divide(
        description.windows, records.first_day, len(records.units), shortest=description.block_days + 7, source=source
    )
    units = _without_days(records, description.left_out_days, windows, source)
    trained = units[slice(*windows[Split.TRAIN])]
    order = np.argsort(-trained.sum(axis=(0, 1)), kind="stable")
    proxies = tuple(_proxy(description.markets, records, market, source) for market in markets)
    return Traces(
        markets=tuple(markets),
        proxies=proxies,
        units=tuple(_trace(units[:, records.places.index(proxy.country)][:, order], proxy) for proxy in proxies),
        first_day=records.first_day,
        windows=windows,
        month_index=seasonal_index(trained, records.days[slice(*windows[Split.TRAIN])]),
        report=records.report,
    )


def seasonal_index(units: NDArray[np.float32], days: NDArray[np.int64]) -> NDArray[np.float64]:
    """[12] units a day in each month over the mean month's, 1 where a month was never seen.

    Args:
        units: [D, …] units sold.
        days: [D] days since 1970-01-01.
    """
    total = units.reshape(len(units), -1).sum(axis=1)
    month = calendar.month(days)
    count = np.bincount(month, minlength=12)
    mean = np.bincount(month, weights=total, minlength=12) / np.maximum(count, 1)
    seen = mean > 0
    level = mean[seen].mean() if seen.any() else 1.0
    return np.where(seen, mean / level, 1.0)


def whole_units(units: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Scaled units as whole ones, rounded up with the probability of the fraction, so that means are kept."""
    whole = np.floor(units)
    whole += rng.random(units.shape, dtype=np.float32) < units - whole
    return whole


def _without_days(
    records: SalesRecords, left_out: Sequence[date], windows: Mapping[Split, tuple[int, int]], source: str
) -> NDArray[np.float32]:
    units = records.units.copy() if left_out else records.units
    for day in left_out:
        offset = calendar.day_number(day) - records.first_day
        if not 0 <= offset < len(units):
            raise ConfigurationError(
                f"{source}: left_out_days: {day} is not inside the history, "
                f"{records.report.first_day} to {records.report.last_day}"
            )
        # The stand-in comes from the same window, or a split would leak into another.
        low, high = next((w for w in windows.values() if w[0] <= offset < w[1]), (0, len(units)))
        neighbours = [near for near in (offset - 7, offset + 7) if low <= near < high]
        units[offset] = records.units[neighbours[0]] if neighbours else 0.0
    return units


def _trace(sold: NDArray[np.float32], proxy: Proxy) -> NDArray[np.float32]:
    """[D, W] units of one market; SKU w adds up the proxy's SKUs w, w + W, w + 2 W and so on."""
    width = max(sold.shape[1] // proxy.pooled_skus, 1)
    pooled = sold[:, : width * proxy.pooled_skus].reshape(len(sold), -1, width).sum(axis=1)
    return np.ascontiguousarray(pooled * np.float32(proxy.scale))


def _proxy(known: Mapping[str, Proxy], records: SalesRecords, market: str, source: str) -> Proxy:
    if records.column == "country" and market not in known:
        raise ConfigurationError(f"{source}: markets.{market}: missing; name the country whose sales stand for it")
    # In a history by market, every market stands for itself.
    proxy = Proxy(country=market) if records.column == "market" else known[market]
    if proxy.country not in records.places:
        key = f"markets.{market}" if records.column == "market" else f"markets.{market}.country: {proxy.country!r}"
        raise ConfigurationError(
            f"{source}: {key}: no sales in {records.report.path}; it has sales of: {', '.join(records.report.places)}"
        )
    return proxy
