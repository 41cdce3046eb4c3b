"""Open orders and shipments: what arrives where, and in how many days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.snapshot import calendar
from entrepot.envs.snapshot.lanes import order_days
from entrepot.envs.snapshot.records.context import Context
from entrepot.envs.snapshot.records.remarks import some
from entrepot.envs.snapshot.records.table import Columns, Row, Table

_SPELLINGS = {"quantity": "units", "order_id": "order", "expected": "eta", "expected_arrival": "eta"}
SHIPMENT_COLUMNS = Columns(
    needed=("sku", "units"),
    optional=("lane", "origin", "destination", "mode", "eta", "departed", "received", "order"),
    spellings=_SPELLINGS,
)
ORDER_COLUMNS = Columns(
    needed=("sku", "units"),
    optional=("lane", "origin", "destination", "mode", "eta", "ordered", "received", "order"),
    spellings=_SPELLINGS,
)
STARTS = {"shipments": "departed", "orders": "ordered"}
"""From which day on a lane's schedule tells when goods arrive."""
OVERDUE_DAYS = 1
"""What should be here by now is expected tomorrow."""


@dataclass(frozen=True)
class OnTheWay:
    """What is ordered or shipped and not received."""

    pipeline: NDArray[np.float64]  # [N, S, H] units by days to arrival
    to_be_sent: NDArray[np.float64]  # [N, S] units ordered from a node that it hasn't sent yet


@dataclass
class _Told:
    """Rows worth a remark, by what it says."""

    overdue: list[str] = field(default_factory=list)
    beyond: list[str] = field(default_factory=list)
    scheduled: list[str] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Line:
    """What one row says."""

    row: Row
    lane: int | None  # None where only a destination is named
    node: int
    sku: int
    units: float  # open, before what has been shipped of an order is taken off


def read_on_the_way(orders: Table | None, shipments: Table | None, context: Context) -> OnTheWay:
    """The pipeline, by expected arrival. What is placed but not shipped counts.

    Without an `eta`, a shipment is expected its lane's transit after `departed`, an order its wait for a departure and
    its transit after `ordered`, or after today. What is overdue is expected tomorrow; what comes later than the
    network's longest lane takes, on the last day. Units `received` are off. Where both tables have the column `order`,
    what has been shipped of an order isn't counted twice.

    Args:
        orders: open orders; None if there are none.
        shipments: on the way; None if there are none.
        context: to read them with.

    Raises:
        ConfigurationError: a cell can't be read, or too many rows can't be used.
    """
    arrays = context.names.arrays
    nodes, skus = len(arrays.nodes), len(arrays.skus)
    coming = OnTheWay(np.zeros((nodes, skus, arrays.pipeline_days)), np.zeros((nodes, skus)))
    shipped: dict[tuple[str, int], float] = defaultdict(float)  # by order and SKU
    for line, ahead in _with_days("shipments", shipments, context):
        coming.pipeline[line.node, line.sku, ahead] += line.units
        if line.row.get("order") is not None:
            shipped[str(line.row.get("order")).strip(), line.sku] += context.reading.units(line.row, "units")
    for line, ahead in _with_days("orders", orders, context):
        units = line.units
        if line.row.get("order") is not None:
            key = str(line.row.get("order")).strip(), line.sku
            gone = min(units, shipped[key])
            shipped[key] -= gone
            units -= gone
        coming.pipeline[line.node, line.sku, ahead] += units
        if line.lane is not None and arrays.lane.origin[line.lane] < nodes:
            coming.to_be_sent[arrays.lane.origin[line.lane], line.sku] += units
    return coming


def _with_days(name: str, table: Table | None, context: Context) -> Iterator[tuple[_Line, int]]:
    """Each row, and in how many days it is expected."""
    if table is None:
        return
    _tell_twice(name, table, context)
    told, last = _Told(), context.names.arrays.pipeline_days - 1
    for _, line in context.placed(name, table, lambda row: _line(row, context)):
        if not line.units:  # all of it is here; what its order says of it still counts
            yield line, 0
            continue
        eta = _eta(name, line, context, told)
        ahead = eta - context.today
        if ahead < 0:
            told.overdue.append(f"{line.row.place}: due {calendar.iso(eta)}")
            ahead = OVERDUE_DAYS
        if ahead > last:
            told.beyond.append(f"{line.row.place}: due {calendar.iso(eta)}")
        yield line, min(ahead, last)
    _tell(name, told, context)


def _tell_twice(name: str, table: Table, context: Context) -> None:
    """A row that stands twice may be two shipments, or one that was sent twice."""
    first: dict[tuple[str, ...], str] = {}
    twice = []
    for row in table.rows:
        content = tuple(f"{column}={value}" for column, value in sorted(row.values.items()))
        if content in first:
            twice.append(f"{row.place} is as {first[content]}")
        else:
            first[content] = row.place
    if twice:
        context.remarks.odd(name, f"rows that are wholly alike, each counted: {some(twice)}")


def _line(row: Row, context: Context) -> _Line:
    names, reading = context.names, context.reading
    lane, sku = names.lane(row), names.sku(row)
    node = names.node(row, "destination") if lane is None else int(names.arrays.lane.destination[lane])
    units = reading.units(row, "units")
    if row.get("units") is None or units < 0:
        raise ConfigurationError(f"{row.place}: units: {row.get('units')!r}; allowed: 0 or more")
    return _Line(row, lane, node, sku, max(units - reading.amount(row, "received"), 0.0))


def _eta(name: str, line: _Line, context: Context, told: _Told) -> int:
    """The day on which it is expected: as the row says, or as the lane's schedule has it."""
    arrays, row = context.names.arrays, line.row
    eta = context.reading.day(row, "eta", arrays.nodes[line.node])
    if eta is not None:
        return eta
    if line.lane is None:
        raise ConfigurationError(f"{row.place}: eta: empty, and no lane is named whose schedule would tell; give one")
    origin = arrays.endpoints[int(arrays.lane.origin[line.lane])]
    start = context.reading.day(row, STARTS[name], origin)
    (told.guessed if start is None else told.scheduled).append(row.place)
    start = context.today if start is None else start
    if name == "shipments":
        return start + max(int((arrays.lane.transit_days - context.names.production_days)[line.lane]), 1)
    return start + int(order_days(arrays, calendar.weekday(np.array(start)))[line.lane])


def _tell(name: str, told: _Told, context: Context) -> None:
    if told.overdue:
        context.remarks.odd(name, f"overdue, so expected tomorrow: {some(told.overdue)}")
    if told.beyond:
        context.remarks.odd(name, f"later than any lane takes, so counted on the last day: {some(told.beyond)}")
    if told.scheduled:
        context.remarks.assumed(name, f"no eta, so expected as the lane's schedule has it: {some(told.scheduled)}")
    if told.guessed:
        context.remarks.assumed(
            name, f"neither eta nor {STARTS[name]}, so taken to have {STARTS[name]} today: {some(told.guessed)}"
        )
