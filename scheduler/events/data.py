"""What each type of event says. Units as `quantities.Units`; dates are civil dates of the place that they are about."""

from __future__ import annotations

from datetime import date as Date
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from entrepot.scheduler.events.quantities import Units

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Revision = Annotated[int, Meta(ge=0, le=2**53)]
Sequence = Annotated[int, Meta(ge=1, le=2**53)]
Share = Annotated[float, Meta(ge=0, le=1)]
Moment = Annotated[datetime, Meta(tz=True)]
Status = Literal["open", "closed", "cancelled"]


class Data(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of an event; what isn't asked for is refused."""


class Movement(Data, frozen=True, kw_only=True):
    """Units of a SKU that moved at a node. Movements commute: in any order they come to the same."""

    node: Name
    sku: Name
    units: Units


class Receipt(Movement, frozen=True, kw_only=True):
    """Goods arrived: off the pipeline, on the dock. EPCIS steps arriving, receiving."""

    shipment: Name | None = None
    order: Name | None = None


class Putaway(Movement, frozen=True, kw_only=True):
    """Off the dock, on the shelves. EPCIS step storing."""


class Pick(Movement, frozen=True, kw_only=True):
    """Off the shelves for a customer; the sale's open units become fewer. EPCIS steps picking, shipping."""

    sale: Name | None = None


class Dispatch(Movement, frozen=True, kw_only=True):
    """Left the origin on a lane: off its shelves, where it is a node, and on the pipeline. EPCIS step departing."""

    lane: Name
    shipment: Name
    order: Name | None = None


class Return(Movement, frozen=True, kw_only=True):
    """Came back from a customer, and waits for inspection. EPCIS step receiving."""

    market: Name | None = None


class Inspection(Movement, frozen=True, kw_only=True):
    """Inspected: to the dock, to be refurbished, or scrapped. EPCIS step inspecting."""

    outcome: Literal["dock", "refurbish", "scrap"]


class Adjustment(Movement, frozen=True, kw_only=True):
    """Units more or fewer (negative) than recorded, with the reason. EPCIS step destroying and others."""

    reason: Name
    bucket: Literal["on_hand", "dock", "inspection", "refurbish", "quarantine"] = "on_hand"


class Hold(Movement, frozen=True, kw_only=True):
    """Units taken from the shelves into quarantine; negative ones go back. EPCIS step holding."""

    reason: Name = "hold"


class Count(Data, frozen=True, kw_only=True):
    """What is there, absolutely, from the event's time on. Of two at one time the higher revision holds.

    A bucket that isn't named wasn't counted. EPCIS step cycle_counting.
    """

    node: Name
    sku: Name
    on_hand: Units
    dock: Units | None = None
    inspection: Units | None = None
    quarantine: Units | None = None
    revision: Revision = 0


class Line(Data, frozen=True, kw_only=True):
    """Of an order or shipment."""

    sku: Name
    units: Units


class SaleLine(Line, frozen=True, kw_only=True):
    """Of a sale; allocated to a node's stock where one is named, waiting otherwise."""

    node: Name | None = None


class Document(Data, frozen=True, kw_only=True):
    """Absolute: of all with its identity the one with the highest revision holds."""

    revision: Revision = 0


class Order(Document, frozen=True, kw_only=True):
    """Replenishment or a transfer on a lane. `closed` and `cancelled`: nothing more is expected of it."""

    order: Name
    lane: Name
    lines: Annotated[list[Line], Meta(min_length=1, max_length=5000)]
    ordered: Date | None = None
    eta: Date | None = None
    status: Status = "open"


class Shipment(Document, frozen=True, kw_only=True):
    """Goods on a lane, with or without lines; without, dispatches tell what is on it."""

    shipment: Name
    lane: Name
    lines: Annotated[list[Line], Meta(max_length=5000)] = []
    order: Name | None = None
    departed: Date | None = None
    eta: Date | None = None
    status: Status = "open"


class Sale(Document, frozen=True, kw_only=True):
    """A customer's order. Its demand is of the market's date when it was ordered; cancelled, it is none."""

    sale: Name
    market: Name
    ordered: Moment
    lines: Annotated[list[SaleLine], Meta(min_length=1, max_length=5000)]
    status: Status = "open"
    is_demand: bool = True  # False where the demand of its day is told by events of demand
    promised: Date | None = None  # the day, in its market, by which the customer was told to have it


class AllocationLine(Line, frozen=True, kw_only=True):
    """Units of a SKU that a node serves."""

    node: Name


class Allocation(Document, frozen=True, kw_only=True):
    """Which nodes serve a sale: all of it, with what they served already. What no line tells of waits."""

    sale: Name
    lines: Annotated[list[AllocationLine], Meta(max_length=50_000)]


class Demand(Document, frozen=True, kw_only=True):
    """All that was asked for of a SKU in a market on a date; holds in place of the sum of its sales."""

    market: Name
    sku: Name
    date: Date
    units: Units


class SoldOut(Document, frozen=True, kw_only=True):
    """SKUs of which customers of a market may have left unserved on a date: what is told of it is sales, not demand."""

    market: Name
    date: Date
    skus: Annotated[list[Name], Meta(max_length=50_000)]


class Condition(Document, frozen=True, kw_only=True):
    """What a lane or a node can do at present; exactly one of the two is named."""

    lane: Name | None = None
    node: Name | None = None
    share: Share = 1.0  # of a lane's usual capacity, or of a node's usual throughput
    wait_days: Annotated[int, Meta(ge=0, le=366)] | None = None  # to the lane's next departure, if not as scheduled
    until: Date | None = None  # the last day on which it holds; until further notice if None


class Master(Document, frozen=True, kw_only=True):
    """Master data as another system has them; kept and shown, while the network's file decides."""

    kind: Literal["node", "supplier", "market", "lane", "sku"]
    name: Name
    values: dict[str, Any]


class Telemetry(Data, frozen=True, kw_only=True):
    """Of a node's equipment, absolute: the latest time holds. EPCIS sensor reports."""

    node: Name
    share: Share | None = None  # of usual throughput that works
    running_hours: Annotated[float, Meta(ge=0)] | None = None


class Redone(Data, frozen=True, kw_only=True):
    """What should have been told, of the type of the event that is undone."""

    time: Moment
    data: dict[str, Any]


class Correction(Data, frozen=True, kw_only=True):
    """Undoes a movement, and tells it anew if `instead` is there. EPCIS errorDeclaration.

    Counts are corrected by a count, documents by a higher revision.
    """

    source: Name
    epoch: Revision
    sequence: Sequence
    reason: Name
    instead: Redone | None = None


class Heartbeat(Data, frozen=True, kw_only=True):
    """A source lives, and has sent so many events of its epoch. `final`: it has ended and is no longer waited for."""

    last_sequence: Revision
    final: bool = False


_KINDS: list[type[Data]] = [
    Receipt,
    Putaway,
    Pick,
    Dispatch,
    Return,
    Inspection,
    Count,
    Adjustment,
    Hold,
    Order,
    Shipment,
    Sale,
    Allocation,
    Demand,
    SoldOut,
    Condition,
    Master,
    Telemetry,
    Correction,
    Heartbeat,
]
TYPES = {f"entrepot.{kind.__name__.casefold()}.v1": kind for kind in _KINDS}
"""By the envelope's `type`."""
SIGNED = (Adjustment, Hold)
"""Movements whose units may be negative."""
