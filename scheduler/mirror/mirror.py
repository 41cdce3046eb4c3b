"""The fold of all events: apply each once, in any order."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from entrepot.scheduler.clock import microseconds
from entrepot.scheduler.events import data as kinds
from entrepot.scheduler.events.envelope import Event
from entrepot.scheduler.events.quantities import millionths
from entrepot.scheduler.mirror.conditions import Conditions, ConditionsDump
from entrepot.scheduler.mirror.demand import DemandDump, DemandOfMarkets
from entrepot.scheduler.mirror.horizon import last_day_of
from entrepot.scheduler.mirror.pipeline import Pipeline, PipelineDump
from entrepot.scheduler.mirror.ranks import Rank
from entrepot.scheduler.mirror.sources import Sources, SourcesDump
from entrepot.scheduler.mirror.stock import NEVER, CellDump, Stock
from entrepot.scheduler.places import Places

FORMAT = 5
"""Of what is kept; another one is folded anew."""


class Dump(msgspec.Struct, frozen=True):
    """A mirror as it is kept."""

    stock: list[CellDump]
    pipeline: PipelineDump
    demand: DemandDump
    conditions: ConditionsDump
    sources: SourcesDump
    horizon: int = NEVER


class Mirror:
    """Stock, pipeline, demand and conditions of a network as told, by whom and how lately."""

    def __init__(self, places: Places, kept: Dump | None = None) -> None:
        """Args: places: of the network. kept: what `dump` gave; nothing was told yet if None."""
        self.places = places
        self.stock = Stock.restored(kept.stock if kept else [])
        self.pipeline = Pipeline(kept.pipeline if kept else None)
        self.demand = DemandOfMarkets(places, kept.demand if kept else None)
        self.conditions = Conditions(kept.conditions if kept else None)
        self.sources = Sources(kept.sources if kept else None)
        self.horizon = kept.horizon if kept else NEVER  # until when only sums are known, and nothing more is taken
        self.position = 0  # of the last event in the store's log that was applied

    def apply(self, event: Event, target: Event | None = None) -> None:
        """Fold one event that has been checked.

        Args:
            event: not applied before.
            target: what a correction undoes.
        """
        self.sources.hear(event, _place_of(event.data))
        data = event.data
        if isinstance(data, kinds.Correction):
            assert target is not None
            assert isinstance(target.data, kinds.Movement)
            self._move(target.data, target.time, -1)
            if data.instead is not None:
                self._move(instead_of(target, data.instead), microseconds(data.instead.time), 1)
        elif isinstance(data, kinds.Movement):
            self._move(data, event.time, 1)
        else:
            self._put(data, event.time, event.digest)

    def digest(self) -> str:
        """SHA-256 of everything that the events come to; the same for the same events, in whatever order they came."""
        return hashlib.sha256(msgspec.msgpack.encode(self.dump())).hexdigest()

    def dump(self) -> Dump:
        """Everything, in an order that doesn't depend on that of the events."""
        return Dump(
            self.stock.dump(),
            self.pipeline.dump(),
            self.demand.dump(),
            self.conditions.dump(),
            self.sources.dump(),
            self.horizon,
        )

    def forget(self, horizon: int) -> None:
        """Keep of everything until a time what decisions ask for, and no more; from then on nothing of it is taken.

        Args:
            horizon: microseconds since 1970-01-01 UTC; one before the last is ignored.
        """
        if horizon <= self.horizon:
            return
        self.horizon = horizon
        self.stock.forget(horizon)
        self.pipeline.forget(horizon, self.places.names.skus, self.places.divisible)
        self.demand.forget(last_day_of(horizon))

    def _move(self, data: kinds.Movement, time: int, sign: int) -> None:
        names, units = self.places.names, sign * self._units(data.units)
        sku, node = names.skus[data.sku], names.nodes.get(data.node, -1)

        def add(bucket: str, units: int) -> None:
            self.stock.move(bucket, node, sku, time, units)

        match data:
            case kinds.Receipt():
                add("dock", units)
                self.pipeline.receive(data, sku, units)
            case kinds.Putaway():
                add("dock", -units)
                add("on_hand", units)
            case kinds.Pick():
                add("on_hand", -units)
                if data.sale is not None:
                    self.demand.pick(data.sale, sku, node, units)
            case kinds.Dispatch():
                if node >= 0:  # suppliers' stock is their own
                    add("on_hand", -units)
                self.pipeline.send(data, names.lanes[data.lane], sku, time, units)
            case kinds.Return():
                add("inspection", units)
            case kinds.Inspection():
                add("inspection", -units)
                if data.outcome != "scrap":
                    add(data.outcome, units)
            case kinds.Adjustment():
                add(data.bucket, units)
            case kinds.Hold():
                add("on_hand", -units)
                add("quarantine", units)
            case _:
                raise TypeError(f"{type(data).__name__}: a movement that the mirror doesn't know")

    def _put(self, data: kinds.Data, time: int, digest: bytes) -> None:
        match data:
            case kinds.Count():
                self._count(data, Rank(time, data.revision, digest))
            case kinds.Order():
                self.pipeline.orders.put(data.order, Rank(data.revision, time, digest), data)
            case kinds.Shipment():
                self.pipeline.shipments.put(data.shipment, Rank(data.revision, time, digest), data)
            case kinds.Sale():
                self.demand.sell(data, Rank(data.revision, time, digest))
            case kinds.Allocation():
                self.demand.allocate(data, Rank(data.revision, time, digest))
            case kinds.Demand():
                self.demand.tell(data, Rank(data.revision, time, digest))
            case kinds.SoldOut():
                self.demand.tell_sold_out(data, Rank(data.revision, time, digest))
            case kinds.Condition():
                names = self.places.names
                lane = None if data.lane is None else names.arrays.lanes[names.lanes[data.lane]]
                self.conditions.notice(data, Rank(data.revision, time, digest), lane)
            case kinds.Master():
                self.conditions.master.put(f"{data.kind} {data.name}", Rank(data.revision, time, digest), data)
            case kinds.Telemetry():
                self.conditions.measure(data, time, digest)
            case kinds.Heartbeat():
                pass
            case _:
                raise TypeError(f"{type(data).__name__}: an event that the mirror doesn't know")

    def _count(self, data: kinds.Count, rank: Rank) -> None:
        names = self.places.names
        for bucket in ("on_hand", "dock", "inspection", "quarantine"):
            units = getattr(data, bucket)
            if units is not None:
                self.stock.count(bucket, names.nodes[data.node], names.skus[data.sku], rank, self._units(units))

    def _units(self, units: int | str) -> int:
        return millionths(units, divisible=self.places.divisible)


def _place_of(data: kinds.Data) -> str | None:
    """The node or supplier whose stock, or the market whose demand, an event tells of."""
    if isinstance(data, kinds.Movement | kinds.Count):
        return f"node {data.node}"
    if isinstance(data, kinds.Sale | kinds.Demand | kinds.SoldOut):
        return f"market {data.market}"
    return None


def instead_of(target: Event, instead: kinds.Redone) -> kinds.Movement:
    """What should have been told in place of a movement, of its type.

    Raises:
        msgspec.ValidationError: it isn't of that type.
    """
    found: Any = msgspec.convert(instead.data, type(target.data))
    assert isinstance(found, kinds.Movement)
    return found
