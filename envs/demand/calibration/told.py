"""What a person should know of a history as it is used: how it was joined and divided, what replaced and assumed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.demand.calibration.joining import shown
from entrepot.envs.demand.calibration.season import NAMES
from entrepot.envs.demand.model import Split
from entrepot.envs.demand.windows import SHARES, USUAL_BLOCK

if TYPE_CHECKING:
    from entrepot.envs.demand.calibration.records import SalesRecords
    from entrepot.envs.demand.calibration.traces import Goods, HistoryDescription, Proxy, Traces

LATE_DAYS = 91
"""A SKU that first sells so many days into the training window may not have been on sale before."""


def joined_told(traces: Traces, records: SalesRecords, goods: Goods | None, known: Mapping[str, Proxy]) -> list[str]:
    """How markets and SKUs were joined to the network's.

    Args:
        traces: as made.
        records: that they were made of.
        goods: the network's SKUs, if they were asked for.
        known: market → proxy, as the description has them.
    """
    told = proxies_told(dict(zip(traces.markets, traces.proxies, strict=True)))
    unused = [
        market for market in traces.markets if records.column == "market" and market in {*known} & {*records.places}
    ]
    if unused:
        told.append(
            f"markets that have sales of their own stand for themselves, whatever markets says: {shown(unused)}"
        )
    return told + ([] if goods is None else _skus_joined(traces, records, goods))


def proxies_told(proxies: Mapping[str, Proxy]) -> list[str]:
    """Whose sales stand for which market's, and how much of them."""
    pairs = [
        f"{market} is {proxy.scale:g} × {proxy.country}"
        + (f" with {proxy.pooled_skus} SKUs added up to one" if proxy.pooled_skus > 1 else "")
        for market, proxy in proxies.items()
        if (proxy.country, proxy.scale, proxy.pooled_skus) != (market, 1.0, 1)
    ]
    return [f"assumed: {', '.join(pairs)}"] if pairs else []


def _skus_joined(traces: Traces, records: SalesRecords, goods: Goods) -> list[str]:
    if traces.skus is None:
        first = f"{goods.names[0]} has the sales of {records.skus[_best(traces, records)]}" if records.skus else ""
        told = [f"SKUs are joined by rank of sales, not by name: {first}"]
        spare = len(records.skus) - len(goods.names)
        least = "SKU of the history that sells least is" if spare == 1 else "SKUs of the history that sell least are"
        return told + ([f"{spare:,} {least} not used"] if spare > 0 else [])
    without = [name for name in goods.names if name not in set(records.skus)]
    told = [f"SKUs are joined by name: {len(goods.names) - len(without):,} of the network's {len(goods.names):,}"]
    if without:
        told.append(f"SKUs of the network without any sales, which so have no demand: {shown(without)}")
    return told


def _best(traces: Traces, records: SalesRecords) -> int:
    trained = records.units[slice(*traces.windows[Split.TRAIN])]
    return int(np.argsort(-trained.sum(axis=(0, 1)), kind="stable")[0])


def replaced_told(traces: Traces) -> list[str]:
    """How many days were left out."""
    if traces.observed is None:
        return []
    count = int((~traces.observed).sum())
    days = "day is" if count == 1 else "days are"
    return [f"{count:,} {days} left out; the same weekday of the nearest week stands in"]


def division_told(description: HistoryDescription, traces: Traces) -> list[str]:
    """How a history was divided whose windows or blocks aren't the usual ones."""
    days = [high - low for low, high in traces.windows.values()]
    told = []
    if description.windows is None and days[0] < int(sum(days) * SHARES[Split.TRAIN]):
        told.append(
            f"the history is short: divided into {' : '.join(map(str, days))} days to train, validate and test on"
        )
    if description.block_days is None and traces.block_days < USUAL_BLOCK:
        told.append(
            f"scenarios are put together from blocks of {traces.block_days} days, not {USUAL_BLOCK}, for the shortest "
            f"window has {min(days)}: what takes longer to unfold isn't in them"
        )
    return told


def silence_told(month_index: NDArray[np.float64]) -> list[str]:
    """Months without sales."""
    silent = [NAMES[month] for month in np.flatnonzero(month_index == 0)]
    return [f"nothing was sold in {', '.join(silent)}, and so nothing will be"] if silent else []


def thin_told(traces: Traces, trained: NDArray[np.float32]) -> list[str]:
    """Markets and SKUs that may have been missing rather than unwanted for a while."""
    window = slice(*traces.windows[Split.TRAIN])
    told = []
    for market, units in zip(traces.markets, traces.units, strict=True):
        sold = units[window].any(axis=1)
        if not sold.any():
            told.append(f"market {market} sold nothing in the training window: it has no demand in training")
        elif int(sold.argmax()) > LATE_DAYS:
            told.append(f"market {market} first sold {int(sold.argmax()):,} days into the training window; 0 before it")
    ever = trained.any(axis=1)  # [D', Q]
    late = int((ever.any(axis=0) & (ever.argmax(axis=0) > LATE_DAYS)).sum())
    if late:
        skus = "SKU" if late == 1 else "SKUs"
        told.append(f"{late:,} {skus} first sold more than {LATE_DAYS} days into the training window; 0 before it")
    return told
