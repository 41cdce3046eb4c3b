"""From a network and its records to everything that a policy may know on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date
from datetime import datetime, time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network import NetworkArrays, NetworkDescription
from entrepot.envs.snapshot import calendar, lost_demand, statistics
from entrepot.envs.snapshot.attributes import attribute_arrays
from entrepot.envs.snapshot.lanes import wait_days
from entrepot.envs.snapshot.records.cells import Reading
from entrepot.envs.snapshot.records.context import Context
from entrepot.envs.snapshot.records.long_run import Demand, LongRunDemand, long_run_of
from entrepot.envs.snapshot.records.network_names import NetworkNames
from entrepot.envs.snapshot.records.on_the_way import read_on_the_way
from entrepot.envs.snapshot.records.records import Records
from entrepot.envs.snapshot.records.remarks import Remark
from entrepot.envs.snapshot.records.sales import DailySales, read_backlog, read_sales, summed_sales
from entrepot.envs.snapshot.records.stock import Stock, read_stock, summed_stock
from entrepot.envs.snapshot.schema import SNAPSHOT_FIELDS
from entrepot.envs.snapshot.season import season_ahead

NOTHING_BEFOREHAND = LongRunDemand()


@dataclass(frozen=True)
class RecordedSnapshot:
    """What records say of one day."""

    arrays: dict[str, NDArray[Any]]  # as `SNAPSHOT_FIELDS`, B = 1; NaN where a node's stock is unknown
    network: NetworkArrays
    demand: Demand  # in the long run
    remarks: tuple[Remark, ...]
    day: int  # days since 1970-01-01
    as_of: tuple[datetime | None, ...]  # [N] of when each node's stock is; None where it isn't known

    def attributes(self, base_cover_days: NDArray[np.float64] | None = None) -> dict[str, NDArray[Any]]:
        """The network's attributes as `NETWORK_FIELDS`, with the demand of the records.

        Args:
            base_cover_days: [L, S] covers that a policy starts from; the textbook's if None.
        """
        return attribute_arrays(self.network, self.demand.mean, self.demand.deviation, base_cover_days)

    def age_seconds(self, decided_at: datetime | None = None, *, zone: str = "UTC") -> NDArray[np.float64]:
        """[1, N] how old each node's stock records are when a decision is made.

        A node without records, whose stock is unknown anyway, counts as old as the oldest.

        Args:
            decided_at: with an offset; the start of the snapshot's day if None, as the twin decides.
            zone: in which that day starts.

        Raises:
            ConfigurationError: the records don't say of when they are, or are of a later time.
        """
        known = ~np.isnan(self.arrays["on_hand"][0]).all(axis=-1)
        place = calendar.zone_named(zone)
        start = datetime.combine(Date.fromisoformat(calendar.iso(self.day)), time(), tzinfo=place)
        ages = np.full((1, len(known)), np.nan)
        for node in np.flatnonzero(known):
            as_of = self.as_of[node]
            if as_of is None:
                raise ConfigurationError(
                    f"stock: of when that of {self.network.nodes[node]} is was not told; give a column as_of, or as_of "
                    "for all of it (--as-of)"
                )
            # By moments: in one zone Python compares what clocks show, and one hour of autumn they show twice.
            later = decided_at is not None and as_of.timestamp() > decided_at.timestamp()
            if as_of.astimezone(place).date() > start.date() or later:
                latest = start.date() if decided_at is None else decided_at
                raise ConfigurationError(f"stock: that of {self.network.nodes[node]} is of {as_of}, after {latest}")
            ages[0, node] = (max(start, as_of) if decided_at is None else decided_at).timestamp() - as_of.timestamp()
        return np.where(np.isnan(ages), np.nanmax(ages) if known.any() else np.nan, ages)


def snapshot_from_records(
    network: NetworkDescription,
    records: Records,
    date: str | Date,
    *,
    zone: str | None = None,
    zones: Mapping[str, str] | None = None,
    long_run: LongRunDemand = NOTHING_BEFOREHAND,
    lane_open: Mapping[str, float] | None = None,
    lane_wait_days: Mapping[str, float] | None = None,
    equipment: Mapping[str, float] | None = None,
    names: NetworkNames | None = None,
) -> RecordedSnapshot:
    """Everything that a policy may know at the start of a day.

    Args:
        network: `load_network` reads it from a YAML.
        records: of stock, sales, and what is on the way.
        date: of the decision, YYYY-MM-DD.
        zone: IANA name of the zone in which days begin, wherever `zones` names no other.
        zones: the same by name of a node, supplier or market.
        long_run: what is known of demand beforehand.
        lane_open: share of usual capacity by lane; 1 where none is given.
        lane_wait_days: to the next departure, of lanes that holidays or a cut-off keep from their schedule.
        equipment: share of usual throughput by node; 1 where none is given.
        names: of the same network, where somebody has made them already, which takes a while for many SKUs.

    Raises:
        ConfigurationError: what can't be used, where it stands, and what is allowed.
    """
    places = (*network.nodes, *network.suppliers, *network.markets)
    for place in zones or ():
        if place not in places:
            raise ConfigurationError(f"zones: {place!r}; allowed: {', '.join(places)}")
    reading = Reading(not network.divisible, zone, zones or {}, records.date_format)
    context = Context(names or NetworkNames.of(network), reading, _day("date", date), records.most_left_out)
    arrays, remarks = context.names.arrays, context.remarks
    tables = records.tables(remarks)
    given = records.stock
    held = summed_stock(given, context) if isinstance(given, Stock) else read_stock(tables["stock"], context)
    coming = read_on_the_way(tables.get("orders"), tables.get("shipments"), context)
    if "orders" not in tables and "shipments" not in tables:
        remarks.assumed("shipments", "nothing is on the way, as neither shipments nor open orders were given")
    on_hand = held.on_hand
    if coming.to_be_sent.any() and not held.transfers_are_reserved:
        on_hand = on_hand - coming.to_be_sent
        remarks.assumed("orders", "open transfers are taken off their origin's stock, which has no column reserved")
    if isinstance(records.sales, DailySales):
        sold = summed_sales(records.sales, context)
    else:
        until = None if records.sales_until is None else _day("sales_until", records.sales_until)
        sold = read_sales(tables["sales"], context, until)
    demand = long_run_of(long_run, sold, remarks)
    waiting = np.zeros((len(arrays.markets), len(arrays.skus)))
    if "backlog" in tables:
        waiting = read_backlog(tables["backlog"], context)
    elif arrays.market.backlog_share.any():
        remarks.assumed("backlog", "no customer waits, as no open sales were given")
    values: dict[str, NDArray[Any]] = {
        "on_hand": on_hand,
        "dock": held.dock,
        "pipeline": coming.pipeline,
        "backlog": waiting,
        **_statistics(demand, sold),
        **_of_the_day(arrays, context.today, demand),
        "lane_open": _told("lane_open", lane_open, context.names.lanes, np.ones(len(arrays.lanes))),
        "equipment": _told("equipment", equipment, context.names.nodes, np.ones(len(arrays.nodes))),
    }
    values["lane_wait_days"] = _told("lane_wait_days", lane_wait_days, context.names.lanes, values["lane_wait_days"])
    return RecordedSnapshot(
        arrays={name: field.array(values[name])[None] for name, field in SNAPSHOT_FIELDS.items()},
        network=arrays,
        demand=demand,
        remarks=tuple(remarks.found),
        day=context.today,
        as_of=_as_of(held, records, zone),
    )


def _as_of(held: Stock, records: Records, zone: str | None) -> tuple[datetime | None, ...]:
    return held.as_of if records.as_of is None else (_moment(records.as_of, zone),) * len(held.as_of)


def _statistics(demand: Demand, sold: DailySales) -> dict[str, NDArray[np.float64]]:
    opening = {**statistics.opening_statistics(demand.mean), statistics.SQUARE: demand.square}
    if sold.sold_out is None:
        return statistics.after(opening, sold.units)
    ahead = season_ahead(demand.month_index, np.array([sold.first_day]), len(sold.units))[0]
    season = lost_demand.season_of_day(ahead)
    return lost_demand.after_sales(opening, sold.units, sold.sold_out & ~np.isnan(sold.units), season)


def _of_the_day(network: NetworkArrays, today: int, demand: Demand) -> dict[str, Any]:
    """What the calendar alone tells."""
    day = np.array([today])
    weekday, month = calendar.weekday(day), calendar.month(day)
    return {
        "season_ahead": season_ahead(demand.month_index, day, 1)[0, 0],
        "day_of_year": calendar.day_of_year(day)[0],
        "weekday": weekday[0],
        "lane_wait_days": wait_days(network, weekday)[0],
        "storage_price": network.node.storage_usd_per_m3_day[:, month[0]],
    }


def _told(
    name: str, told: Mapping[str, float] | None, places: Mapping[str, int], usual: NDArray[Any]
) -> NDArray[np.float64]:
    """The usual values of a field, but for those that were told by name."""
    values = np.array(usual, np.float64)
    most = SNAPSHOT_FIELDS[name].maximum
    for place, value in (told or {}).items():
        if place not in places:
            raise ConfigurationError(f"{name}: {place!r}; allowed: {', '.join(places)}")
        if not 0 <= value <= most:
            raise ConfigurationError(f"{name}: {place}: {value}; allowed: 0 to {most:g}")
        values[places[place]] = value
    return values


def _day(name: str, date: str | Date) -> int:
    try:
        return calendar.day_number(Date.fromisoformat(date) if isinstance(date, str) else date)
    except ValueError:
        raise ConfigurationError(f"{name}: {date!r}; allowed: a date, YYYY-MM-DD") from None


def _moment(as_of: str | datetime, zone: str | None) -> datetime:
    try:
        found = datetime.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    except ValueError:
        raise ConfigurationError(f"as_of: {as_of!r}; allowed: a time such as 2026-11-25T06:00+08:00") from None
    if found.tzinfo is not None:
        return found
    if zone is None:
        raise ConfigurationError(f"as_of: {as_of!r}; allowed: a time with its offset from UTC, or with a zone (--zone)")
    return found.replace(tzinfo=calendar.zone_named(zone))
