"""From the mirror to records of a moment, which the one road from records to a snapshot takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.snapshot import Records, calendar
from entrepot.envs.snapshot.records.sales import DailySales
from entrepot.envs.snapshot.records.stock import Stock
from entrepot.envs.snapshot.statistics import HISTORY_DAYS
from entrepot.scheduler.clock import microseconds, moment_of
from entrepot.scheduler.events.quantities import MILLION
from entrepot.scheduler.mirror.mirror import Mirror
from entrepot.scheduler.mirror.pipeline import Open

CLOSES_AFTER = timedelta(hours=2)
"""Local midnight and so long after it, a day's sales are taken to be in."""


@dataclass(frozen=True)
class Recorded:
    """What the mirror knows at a moment, as records and notices."""

    records: Records
    date: Date  # of the decision, in the network's zone
    position: int  # in the store's log
    lane_open: Mapping[str, float]
    lane_wait_days: Mapping[str, int]  # told by notices
    equipment: Mapping[str, float]


def recorded(mirror: Mirror, now: datetime) -> Recorded:
    """Records of what the mirror knows.

    Args:
        mirror: read, not changed.
        now: of the decision.

    Raises:
        ConfigurationError: nothing was told of stock, or of sales.
    """
    places = mirror.places
    today = now.astimezone(calendar.zone_named(places.zone)).date()
    day = calendar.day_number(today)
    allocated: dict[tuple[int, int], int] = defaultdict(int)
    waiting: dict[tuple[int, int], int] = defaultdict(int)
    for open_line in mirror.demand.waiting():
        if open_line.node is None:
            waiting[open_line.market, open_line.sku] += open_line.units
        else:
            allocated[open_line.node, open_line.sku] += open_line.units
    names = places.names
    ways = names.lanes, names.skus, places.divisible
    return Recorded(
        records=Records(
            stock=_stock(mirror, allocated, now),
            sales=_sales(mirror, now, day),
            shipments=_rows(mirror, "departed", mirror.pipeline.open_shipments(*ways)),
            orders=_rows(mirror, "ordered", mirror.pipeline.open_orders(*ways)),
            backlog=[
                {"market": names.arrays.markets[market], "sku": names.arrays.skus[sku], "units": _figure(units)}
                for (market, sku), units in sorted(waiting.items())
            ],
        ),
        date=today,
        position=mirror.position,
        lane_open=mirror.conditions.lane_open(day),
        lane_wait_days=mirror.conditions.lane_wait_days(day),
        equipment=mirror.conditions.equipment(day),
    )


def _stock(mirror: Mirror, allocated: Mapping[tuple[int, int], int], now: datetime) -> Stock:
    """Of every node that was ever counted; of other nodes nothing is known, which is not 0."""
    arrays = mirror.places.names.arrays
    on_hand, dock = mirror.stock.units("on_hand", mirror.places), mirror.stock.units("dock", mirror.places)
    for cell, units in allocated.items():
        on_hand[cell] -= units
    counted = mirror.stock.counted_nodes()
    if not counted:
        raise ConfigurationError("stock: nothing was counted yet; send a count, or open with `entrepot import`")
    unknown = [node for node in range(len(arrays.nodes)) if node not in counted]
    held, waiting = on_hand / MILLION, dock / MILLION
    held[unknown], waiting[unknown] = np.nan, np.nan
    heard = [mirror.sources.heard_of(f"node {name}") for name in arrays.nodes]
    as_of = tuple(
        None if node in unknown or stamp is None else moment_of(min(stamp, microseconds(now)))
        for node, stamp in enumerate(heard)
    )
    return Stock(held, waiting, transfers_are_reserved=False, as_of=as_of)


def _sales(mirror: Mirror, now: datetime, today: int) -> DailySales:
    """Daily sums up to the last day that has closed everywhere; of days after it nothing is known."""
    first = mirror.demand.first_day()
    closed = min(_closed(mirror, now, market) for market in range(len(mirror.places.names.markets)))
    if first is None or first > min(closed, today - 1):
        raise ConfigurationError(
            "sales: of no day that has closed was anything told; send sales or demand, or open with `entrepot import`"
        )
    first = max(first, today - HISTORY_DAYS)
    units = mirror.demand.daily_units(first, today - first)
    units[max(closed + 1 - first, 0) :] = np.nan
    return DailySales(first, units, mirror.demand.daily_sold_out(first, today - first))


def _closed(mirror: Mirror, now: datetime, market: int) -> int:
    """The last day of which a market's sales are known to be in.

    A source that has fallen silent may have sold since, so no day is known to be closed after it was last heard; a day
    of which demand was told is.
    """
    name = mirror.places.names.arrays.markets[market]
    heard = mirror.sources.heard_of(f"market {name}")
    until = now if heard is None else min(now, moment_of(heard))
    by_clock = calendar.day_number(mirror.places.date_at(name, until - CLOSES_AFTER)) - 1
    told = mirror.demand.told_until(market)
    today = calendar.day_number(mirror.places.date_at(name, now))
    return by_clock if told is None else max(by_clock, min(told, today - 1))


def _rows(mirror: Mirror, starts: str, lines: Iterable[Open]) -> list[dict[str, Any]]:
    """As records of orders and shipments have them; what is alike but for its units is one row."""
    arrays = mirror.places.names.arrays
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
    for line in lines:
        started: Any = line.started
        if isinstance(started, int):  # goods that were seen to leave
            origin = mirror.places.origin_of(line.lane)
            started = mirror.places.date_at(origin, moment_of(started)).isoformat()
        total = sums[line.lane, line.sku, line.order, started, line.eta]
        total[0] += line.units
        total[1] += line.received
    return [
        {
            "lane": arrays.lanes[lane],
            "sku": arrays.skus[sku],
            "units": _figure(units),
            "received": _figure(received),
            "order": order,
            starts: started,
            "eta": eta,
        }
        for (lane, sku, order, started, eta), (units, received) in sums.items()
    ]


def _figure(units: int) -> int | float:
    """Units of millionths; an integer where they are whole."""
    whole, rest = divmod(units, MILLION)
    return whole if not rest else units / MILLION
