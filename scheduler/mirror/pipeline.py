"""Orders and shipments: documents of what is expected, and sums of what was sent and received."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from entrepot.scheduler.events.data import Dispatch, Order, Receipt, Shipment
from entrepot.scheduler.events.quantities import millionths
from entrepot.scheduler.mirror.documents import Documents, Kept
from entrepot.scheduler.mirror.ranks import Amounts, add

SentKey = tuple[str, int, str, int]
"""Shipment, lane, order (empty where none is named), SKU."""


class PipelineDump(msgspec.Struct, frozen=True):
    """As it is kept."""

    orders: Kept[Order]
    shipments: Kept[Shipment]
    sent: list[tuple[SentKey, list[tuple[int, int]]]]  # microseconds and units
    received: list[tuple[tuple[str, int], int]]
    received_of_orders: list[tuple[tuple[str, int], int]]
    orphans: list[str] = []


class Open(NamedTuple):
    """A SKU of an order or shipment; millionths of units."""

    document: str
    order: str | None
    lane: int
    sku: int
    units: int
    received: int  # or no longer expected
    started: int | str | None  # microseconds, or a date as text: when it was ordered or departed
    eta: str | None
    came: int = 0  # of a shipment: what was received, and no more


class Pipeline:
    """What is expected at nodes."""

    def __init__(self, kept: PipelineDump | None = None) -> None:
        """Args: kept: what `dump` gave."""
        self.orders: Documents[Order] = Documents(kept.orders if kept else None)
        self.shipments: Documents[Shipment] = Documents(kept.shipments if kept else None)
        # Units by the time at which they left.
        self._sent: dict[SentKey, dict[int, int]] = {key: dict(units) for key, units in (kept.sent if kept else ())}
        self._received: Amounts = dict(kept.received) if kept else {}
        self._received_of_orders: Amounts = dict(kept.received_of_orders) if kept else {}
        self._orphans: set[str] = set(kept.orphans) if kept else set()

    def send(self, data: Dispatch, lane: int, sku: int, time: int, units: int) -> None:
        """Goods that left; units below 0 undo."""
        key = (data.shipment, lane, data.order or "", sku)
        by_time = self._sent.setdefault(key, {})
        by_time[time] = by_time.get(time, 0) + units
        if not by_time[time]:
            del by_time[time]
        if not by_time:
            del self._sent[key]

    def receive(self, data: Receipt, sku: int, units: int) -> None:
        """Goods that arrived; units below 0 undo. Where both are named, the shipment's part of the order arrived."""
        if data.shipment is not None:
            add(self._received, (data.shipment, sku), units)
        elif data.order is not None:
            add(self._received_of_orders, (data.order, sku), units)

    def open_orders(self, lanes: dict[str, int], skus: dict[str, int], divisible: bool) -> Iterator[Open]:
        """Every SKU of every open order, whether or not some of it has been shipped."""
        for name, order in self.orders.items():
            if order.status != "open":
                continue
            ordered = None if order.ordered is None else order.ordered.isoformat()
            eta = None if order.eta is None else order.eta.isoformat()
            for sku, units in _by_sku(order, skus, divisible).items():
                received = max(self._received_of_orders.get((name, sku), 0), 0)
                yield Open(name, name, lanes[order.lane], sku, units, received, ordered, eta)

    def open_shipments(self, lanes: dict[str, int], skus: dict[str, int], divisible: bool) -> Iterator[Open]:
        """Every SKU of every shipment that is on its way, or that an open order must know of."""
        for line in self.shipped(lanes, skus, divisible):
            of = self.orders.get(line.order) if line.order else None
            if line.received < line.units or (of is not None and of.status == "open"):
                yield line

    def shipped(self, lanes: dict[str, int], skus: dict[str, int], divisible: bool) -> Iterator[Open]:
        """Every SKU of every shipment that is known and wasn't cancelled, whether or not it has arrived.

        A document with lines tells what is on a shipment; without, the goods that were seen to leave do.
        """
        sent: dict[str, list[SentKey]] = defaultdict(list)
        for key in self._sent:
            sent[key[0]].append(key)
        for name in sorted({*(name for name, _ in self.shipments.items()), *sent}):
            document = self.shipments.get(name)
            if document is not None and document.status == "cancelled":
                continue
            eta = None if document is None or document.eta is None else document.eta.isoformat()
            departed = None if document is None or document.departed is None else document.departed.isoformat()
            parts: list[tuple[str, int, int, int, int | str | None]] = []
            if document is not None and document.lines:
                lane = lanes[document.lane]
                amounts = _by_sku(document, skus, divisible)
                parts = [(document.order or "", lane, sku, units, departed) for sku, units in sorted(amounts.items())]
            else:
                for key in sorted(sent[name]):
                    by_time = self._sent[key]
                    units = max(sum(by_time.values()), 0)
                    parts.append((key[2], key[1], key[3], units, departed or min(by_time)))
            yield from self._parts(name, parts, eta, closed=document is not None and document.status == "closed")

    def received_of(self, order: str, sku: int) -> int:
        """Millionths that came in for an order under no shipment's name."""
        return max(self._received_of_orders.get((order, sku), 0), 0)

    def to_be_sent(self, lanes: dict[str, int], skus: dict[str, int], divisible: bool) -> dict[tuple[int, int], int]:
        """Millionths by lane and SKU that are ordered and that nobody has sent yet."""
        shipped: dict[tuple[str, int], int] = defaultdict(int)
        for line in self.open_shipments(lanes, skus, divisible):
            if line.order is not None:
                shipped[line.order, line.sku] += line.units
        found: dict[tuple[int, int], int] = defaultdict(int)
        for line in self.open_orders(lanes, skus, divisible):
            left = max(line.units - line.received, 0)
            found[line.lane, line.sku] += left - min(left, shipped[line.document, line.sku])
        return found

    def _parts(
        self, name: str, parts: list[tuple[str, int, int, int, int | str | None]], eta: str | None, *, closed: bool
    ) -> Iterator[Open]:
        left = {sku: max(self._received.get((name, sku), 0), 0) for _, _, sku, _, _ in parts}
        for order, lane, sku, units, departed in parts:
            came = min(units, left[sku])
            left[sku] -= came
            yield Open(name, order or None, lane, sku, units, units if closed else came, departed, eta, came)

    def forget(self, horizon: int, skus: dict[str, int], divisible: bool) -> None:
        """Forget what was over by a time: orders that were closed, and shipments that have arrived or were closed.

        An order is forgotten together with all its shipments, once all of them are over, so that what became of it is
        known in full or not at all. What was received under a name that nobody told of is forgotten at the second time.

        Args:
            horizon: microseconds since 1970-01-01 UTC.
            skus: places by name.
            divisible: whether goods are measured.
        """
        closed = {
            name
            for name, order in self.orders.items()
            if order.status != "open" and self.orders.rank_of(name).second <= horizon
        }
        sent: dict[str, list[SentKey]] = defaultdict(list)
        for key in self._sent:
            sent[key[0]].append(key)
        over: set[str] = set()
        orders_of: dict[str, set[str]] = {}
        for name in {*(name for name, _ in self.shipments.items()), *sent}:
            document, keys = self.shipments.get(name), sent.get(name, [])
            times = [time for key in keys for time in self._sent[key]]
            if document is not None:
                times.append(self.shipments.rank_of(name).second)
            orders = {key[2] for key in keys} | ({document.order or ""} if document is not None else set())
            orders_of[name] = {order for order in orders if self.orders.get(order) is not None}
            if max(times, default=horizon) > horizon:
                continue
            expected: dict[int, int] = defaultdict(int)
            if document is not None and document.lines:
                expected = _by_sku(document, skus, divisible)
            else:
                for key in keys:
                    expected[key[3]] += sum(self._sent[key].values())
            if (document is not None and document.status != "open") or self._arrived(name, expected):
                over.add(name)
        closed, over = _whole(closed, over, orders_of)
        for name in closed:
            self.orders.drop(name)
        _drop(self._received_of_orders, closed)
        for name in over:
            self.shipments.drop(name)
            for key in sent.get(name, ()):
                del self._sent[key]
        _drop(self._received, over)
        known = {name for name, _ in self.shipments.items()} | {key[0] for key in self._sent}
        unknown = {name for name, _ in self._received if name not in known}
        unknown |= {name for name, _ in self._received_of_orders if self.orders.get(name) is None}
        gone = unknown & self._orphans
        _drop(self._received, gone - known)
        _drop(self._received_of_orders, {name for name in gone if self.orders.get(name) is None})
        self._orphans = unknown - gone

    def _arrived(self, name: str, expected: dict[int, int]) -> bool:
        """Whether all that was told to be on a shipment was received."""
        return bool(expected) and all(self._received.get((name, sku), 0) >= units for sku, units in expected.items())

    def dump(self) -> PipelineDump:
        """In an order that doesn't depend on that of the events."""
        return PipelineDump(
            self.orders.dump(),
            self.shipments.dump(),
            [(key, sorted(by_time.items())) for key, by_time in sorted(self._sent.items())],
            sorted(self._received.items()),
            sorted(self._received_of_orders.items()),
            sorted(self._orphans),
        )


def _whole(closed: set[str], over: set[str], orders_of: dict[str, set[str]]) -> tuple[set[str], set[str]]:
    """Those orders and shipments of which nothing that hangs together is left.

    Args:
        closed: orders that are over.
        over: shipments that are.
        orders_of: known orders by every shipment that is on any.
    """
    while True:
        held = {order for name, orders in orders_of.items() if name not in over for order in orders}
        left = closed - held
        still = {name for name in over if orders_of[name] <= left}
        if (left, still) == (closed, over):
            return closed, over
        closed, over = left, still


def _drop(amounts: Amounts, names: set[str]) -> None:
    for key in [key for key in amounts if key[0] in names]:
        del amounts[key]


def _by_sku(document: Order | Shipment, skus: dict[str, int], divisible: bool) -> dict[int, int]:
    amounts: dict[int, int] = defaultdict(int)
    for line in document.lines:
        amounts[skus[line.sku]] += millionths(line.units, divisible=divisible)
    return amounts
