"""From tables to events: everything that is wrong is found before anything is written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from datetime import date as Date
from typing import TypeVar

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.snapshot import calendar
from entrepot.envs.snapshot.records.cells import Reading
from entrepot.envs.snapshot.records.network_names import UnknownNameError
from entrepot.envs.snapshot.records.table import Row, Table
from entrepot.envs.snapshot.statistics import HISTORY_DAYS
from entrepot.scheduler.events.data import Count, Data, Demand, Line, Order, Sale, SaleLine, Shipment
from entrepot.scheduler.events.envelope import Event, Key, written
from entrepot.scheduler.events.quantities import Units
from entrepot.scheduler.mirror.sources import OPENING
from entrepot.scheduler.places import Places

Found = TypeVar("Found")
_NO_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass
class Opening:
    """Events of an opening; to be written only where nothing is wrong."""

    events: list[Event] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)  # of events by table
    problems: list[str] = field(default_factory=list)  # file or sheet, row, column, value and what is allowed
    remarks: list[str] = field(default_factory=list)


class _Reader:
    """Reads rows; what is wrong with one is noted, and the next is read."""

    def __init__(self, places: Places, reading: Reading, as_of: datetime | None, result: Opening) -> None:
        self.names, self.places, self.reading, self.as_of, self.result = places.names, places, reading, as_of, result
        self.latest: datetime | None = as_of

    def each(self, table: Table, read: Callable[[Row], Found]) -> Iterator[tuple[Row, Found]]:
        for row in table.rows:
            try:
                found = read(row)
            except UnknownNameError as error:
                self.result.problems.append(f"{row.place}: {error}")
            except ConfigurationError as error:
                self.result.problems.append(str(error))
            else:
                yield row, found

    def units(self, row: Row, column: str = "units") -> float:
        if row.get(column) is None:
            raise ConfigurationError(f"{row.place}: {column}: empty; allowed: a number, 0 where there is none")
        return self.reading.amount(row, column)

    def stock(self, table: Table) -> list[tuple[Data, datetime]]:
        sums: dict[tuple[int, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
        moments: dict[tuple[int, int], datetime] = {}

        def read(row: Row) -> tuple[tuple[int, int], float, float, datetime]:
            node, sku = self.names.node(row), self.names.sku(row)
            if row.get("on_hand") is None:
                raise ConfigurationError(f"{row.place}: on_hand: empty; allowed: a number, 0 where there is none")
            moment = self.reading.moment(row, "as_of", self.names.arrays.nodes[node]) or self.as_of
            if moment is None:
                raise ConfigurationError(f"{row.place}: as_of: empty; allowed: when it was counted, or --as-of for all")
            return (node, sku), self.reading.units(row, "on_hand"), self.reading.units(row, "dock"), moment

        for _, (cell, on_hand, dock, moment) in self.each(table, read):
            sums[cell][0] += on_hand
            sums[cell][1] += dock
            moments[cell] = min(moment, moments.get(cell, moment))
            self.latest = moment if self.latest is None else max(self.latest, moment)
        for ignored in ("reserved", "allocated"):
            if ignored in table.columns:
                self.result.remarks.append(
                    f"stock: {ignored} isn't taken over: open orders and sales tell what is spoken for"
                )
        arrays = self.names.arrays
        return [
            (
                Count(node=arrays.nodes[node], sku=arrays.skus[sku], on_hand=_wire(on_hand), dock=_wire(dock)),
                moments[node, sku],
            )
            for (node, sku), (on_hand, dock) in sums.items()
        ]

    def sales(self, table: Table) -> list[Data]:
        arrays, returned = self.names.arrays, 0
        sums: dict[tuple[int, int, int], float] = defaultdict(float)

        def read(row: Row) -> tuple[tuple[int, int, int], float]:
            market, sku = self.names.market(row), self.names.sku(row)
            day = self.reading.day(row, "date", arrays.markets[market])
            if day is None or row.get("units") is None:
                raise ConfigurationError(f"{row.place}: {'date' if day is None else 'units'}: empty; it must be given")
            return (day, market, sku), self.reading.units(row, "units")

        for _, (cell, units) in self.each(table, read):
            returned += units < 0
            sums[cell] += max(units, 0.0)
        first = max((day for day, _, _ in sums), default=0) - HISTORY_DAYS
        if returned:
            self.result.remarks.append(f"sales: {returned} rows below 0 are returns, not demand, and are left out")
        old = sum(day <= first for day, _, _ in sums)
        if old:
            self.result.remarks.append(f"sales: {old} daily sums older than {HISTORY_DAYS} days are left out")
        return [
            Demand(market=arrays.markets[market], sku=arrays.skus[sku], date=_date(day), units=_wire(units))
            for (day, market, sku), units in sums.items()
            if day > first
        ]

    def orders(self, table: Table) -> list[Data]:
        lines: dict[str, list[Line]] = defaultdict(list)
        told: dict[str, tuple[int, int | None, int | None]] = {}

        def read(row: Row) -> tuple[str, tuple[int, int | None, int | None], Line]:
            lane = self._lane(row)
            name = str(row.get("order") or f"opening {row.place.rpartition(': ')[2]}").strip()
            head = lane, self._day(row, "ordered", self.places.origin_of(lane)), self._eta(row, lane)
            if told.setdefault(name, head) != head:
                raise ConfigurationError(f"{row.place}: order: {name!r} has another lane or date in a row before")
            return name, head, self._line(row)

        for _, (name, _, line) in self.each(table, read):
            lines[name].append(line)
        lanes = self.names.arrays.lanes
        return [
            Order(
                order=name,
                lane=lanes[told[name][0]],
                lines=found,
                ordered=None if told[name][1] is None else _date(told[name][1]),
                eta=None if told[name][2] is None else _date(told[name][2]),
            )
            for name, found in lines.items()
        ]

    def shipments(self, table: Table) -> list[Data]:
        def read(row: Row) -> Data:
            lane = self._lane(row)
            departed = self._day(row, "departed", self.places.origin_of(lane))
            eta, order = self._eta(row, lane), row.get("order")
            return Shipment(
                shipment=f"opening {row.place.rpartition(': ')[2]}",
                lane=self.names.arrays.lanes[lane],
                lines=[self._line(row)],
                order=None if order is None else str(order).strip(),
                departed=None if departed is None else _date(departed),
                eta=None if eta is None else _date(eta),
            )

        return [shipment for _, shipment in self.each(table, read)]

    def backlog(self, table: Table, ordered: datetime) -> list[Data]:
        arrays = self.names.arrays

        def read(row: Row) -> Data:
            market, sku = self.names.market(row), self.names.sku(row)
            units = max(self.units(row) - self.reading.amount(row, "allocated"), 0.0)
            return Sale(
                sale=f"opening {row.place.rpartition(': ')[2]}",
                market=arrays.markets[market],
                ordered=ordered,
                lines=[SaleLine(sku=arrays.skus[sku], units=_wire(units))],
                is_demand=False,  # of days before, whose sums the sales have
            )

        return [sale for _, sale in self.each(table, read)]

    def _lane(self, row: Row) -> int:
        lane = self.names.lane(row)
        if lane is None:
            raise ConfigurationError(f"{row.place}: lane: empty; allowed: a lane, or its origin, destination and mode")
        return lane

    def _line(self, row: Row) -> Line:
        units = self.units(row) - self.reading.amount(row, "received")
        return Line(sku=self.names.arrays.skus[self.names.sku(row)], units=_wire(max(units, 0.0)))

    def _eta(self, row: Row, lane: int) -> int | None:
        arrays = self.names.arrays
        return self._day(row, "eta", arrays.nodes[int(arrays.lane.destination[lane])])

    def _day(self, row: Row, column: str, place: str) -> int | None:
        return self.reading.day(row, column, place)


def opening_of(
    tables: Mapping[str, Table], places: Places, *, as_of: datetime | None = None, date_format: str | None = None
) -> Opening:
    """Events of an opening, and everything that is wrong with its tables.

    Stock becomes counts, sales the demand of each day, open orders and shipments documents, the backlog open sales.
    The events' epoch is the time of the opening, so that importing the same twice is taken for a repetition, and
    importing another of the same time for a conflict.

    Args:
        tables: that were read.
        places: of the network.
        as_of: when stock was counted, where its rows don't say.
        date_format: as `strptime` has it; ISO 8601 if None.
    """
    result = Opening()
    reader = _Reader(places, Reading(not places.divisible, places.zone, places.zones, date_format), as_of, result)
    told: list[tuple[str, Data, datetime]] = []
    if "stock" in tables:
        told.extend(("stock", data, moment) for data, moment in reader.stock(tables["stock"]))
    moment = reader.latest or _NO_MOMENT  # without one nothing is written, but what else is wrong is found
    for name in ("sales", "orders", "shipments"):
        if name in tables:
            read: Callable[[Table], list[Data]] = getattr(reader, name)
            told.extend((name, data, moment) for data in read(tables[name]))
    if "backlog" in tables:
        told.extend(("backlog", data, moment) for data in reader.backlog(tables["backlog"], moment))
    if reader.latest is None and not result.problems:
        result.problems.append("as_of: nobody says when stock was counted; give a column as_of, or --as-of")
    if result.problems:
        return result
    epoch = int(moment.timestamp())
    for sequence, (name, data, time) in enumerate(told, 1):
        kind = f"entrepot.{type(data).__name__.casefold()}.v1"
        result.events.append(written(Key(OPENING, epoch, sequence), kind, time, data))
        result.counts[name] = result.counts.get(name, 0) + 1
    return result


def _wire(units: float) -> Units:
    return int(units) if units == int(units) else f"{units:.6f}"


def _date(day: int | None) -> Date:
    assert day is not None
    return Date.fromisoformat(calendar.iso(day))
