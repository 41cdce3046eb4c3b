"""Days of the twin as events: what the systems of its places would tell of them. Needs no torch by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network import NetworkArrays
from entrepot.envs.snapshot.lanes import order_days
from entrepot.scheduler.events import data as kinds

Told = Iterator[tuple[kinds.Data, datetime]]
Units = NDArray[np.float64]


class Sent(NamedTuple):
    """Units of a SKU on their way."""

    lane: int
    sku: int
    units: int
    departed: int  # days since 1970-01-01
    arrives: int  # the same; known to nobody before


def at(day: int, hours: float) -> datetime:
    """A moment of a day, in days since 1970-01-01 UTC."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day, hours=hours)


def source_of(data: kinds.Data) -> str:
    """Who would tell it: the system of a node, of a market, or that of transport."""
    if isinstance(data, kinds.Sale | kinds.Demand | kinds.SoldOut):
        return f"/shop/{quote(data.market)}"
    node = getattr(data, "node", None)
    return "/transport" if node is None else f"/wms/{quote(node)}"


class Teller:
    """Tells of a network day by day; remembers what is on its way."""

    def __init__(self, names: NetworkArrays, *, true_arrivals: bool) -> None:
        """Args: names: of the network. true_arrivals: tell shipments' true days of arrival, not the scheduled ones."""
        self._names, self._true = names, true_arrivals
        self._on_the_way: dict[str, Sent] = {}
        self._share: dict[str, float] = {}  # of lanes and nodes, as it was told last
        self._waiting: dict[tuple[int, int], int] = {}

    def opening(self, day: int, on_hand: Units, dock: Units, demand: Mapping[int, Units], backlog: Units) -> Told:
        """Everything at the beginning of a day: stock, the demand of days before it, what is on its way or waited for.

        Args:
            day: in days since 1970-01-01, like the days of `demand`.
            on_hand: [N, S] units.
            dock: [N, S] units.
            demand: [M, S] units asked for, by day.
            backlog: [M, S] units that customers wait for.
        """
        names, before = self._names, at(day, -1)
        for node, sku in np.ndindex(on_hand.shape):
            held, waiting = int(on_hand[node, sku]), int(dock[node, sku])
            yield kinds.Count(node=names.nodes[node], sku=names.skus[sku], on_hand=held, dock=waiting), before
        for earlier, units in demand.items():
            yield from self._asked(earlier, units, before)
        yield from self.waiting(0, backlog, before)
        for shipment, sent in self._on_the_way.items():
            line = kinds.Line(sku=names.skus[sent.sku], units=sent.units)
            yield (
                kinds.Shipment(
                    shipment=shipment,
                    lane=names.lanes[sent.lane],
                    lines=[line],
                    departed=at(sent.departed, 0).date(),
                    eta=self._expected(sent),
                ),
                before,
            )

    def conditions(self, number: int, day: int, lane_open: Sequence[float], equipment: Sequence[float]) -> Told:
        """What lanes and nodes can do, in the morning; only what has changed since it was told last.

        Args:
            number: revision, higher each day.
            day: in days since 1970-01-01.
            lane_open: [L] share of usual capacity.
            equipment: [N] share of usual throughput.
        """
        for name, share in zip(self._names.lanes, lane_open, strict=True):
            if self._share.get(f"lane {name}", 1.0) != share:
                self._share[f"lane {name}"] = share
                yield kinds.Condition(lane=name, share=share, revision=number), at(day, 1)
        for name, share in zip(self._names.nodes, equipment, strict=True):
            if self._share.get(f"node {name}", 1.0) != share:
                self._share[f"node {name}"] = share
                yield kinds.Telemetry(node=name, share=share), at(day, 1)

    def received(self, day: int, moment: datetime) -> Told:
        """What arrives on a day."""
        names = self._names
        for shipment in [name for name, sent in self._on_the_way.items() if sent.arrives <= day]:
            sent = self._on_the_way.pop(shipment)
            node = names.nodes[int(names.lane.destination[sent.lane])]
            sku = names.skus[sent.sku]
            yield kinds.Receipt(node=node, sku=sku, units=sent.units, shipment=shipment), moment

    def moved(self, flows: Mapping[str, Units], moment: datetime) -> Told:
        """What moved within nodes and to customers.

        Args:
            flows: [N, S] `unloaded`, `restocked`, `scrapped`, and [R, M, S] `served` by rank of the option.
            moment: at which it is told to have happened.
        """
        names = self._names
        yield from ((kinds.Putaway(**move), moment) for move in self._moves(flows["unloaded"]))
        for outcome, name in (("dock", "restocked"), ("scrap", "scrapped")):
            for move in self._moves(flows[name]):
                yield kinds.Return(**move), moment
                yield kinds.Inspection(**move, outcome=outcome), moment  # type: ignore[arg-type]
        served = flows["served"]
        for rank, market, sku in np.argwhere(served > 0):
            node = names.nodes[names.option.node[rank, market]]
            yield kinds.Pick(node=node, sku=names.skus[sku], units=int(served[rank, market, sku])), moment

    def asked(self, day: int, demand: Units, moment: datetime) -> Told:
        """[M, S] all that was asked for on a day."""
        yield from self._asked(day, demand, moment)

    def sold_out(self, day: int, short: NDArray[np.bool_], moment: datetime) -> Told:
        """[M, S] of what customers may have left unserved on a day."""
        names, date = self._names, at(day, 0).date()
        for market in np.flatnonzero(short.any(axis=1)):
            skus = [names.skus[sku] for sku in np.flatnonzero(short[market])]
            yield kinds.SoldOut(market=names.markets[market], date=date, skus=skus), moment

    def waiting(self, number: int, backlog: Units, moment: datetime) -> Told:
        """[M, S] what customers wait for; only what has changed. `number`: revision, higher each day."""
        names = self._names
        for market, sku in np.ndindex(backlog.shape):
            units = int(backlog[market, sku])
            if self._waiting.get((market, sku), 0) == units:
                continue
            self._waiting[market, sku] = units
            lines = [kinds.SaleLine(sku=names.skus[sku], units=units)]
            name = f"{names.markets[market]} {names.skus[sku]}"
            yield (
                kinds.Sale(
                    sale=name,
                    market=names.markets[market],
                    ordered=moment,
                    lines=lines,
                    is_demand=False,
                    revision=number,
                ),
                moment,
            )

    def sent(
        self,
        day: int,
        shipped: Units,
        transit_days: NDArray[np.int64],
        moment: datetime,
        orders: Mapping[int, str] | None = None,
    ) -> Told:
        """What left.

        Args:
            day: in days since 1970-01-01.
            shipped: [L, S] units.
            transit_days: [L] from the day to the true arrival.
            moment: at which it is told to have happened.
            orders: by lane, what was ordered there.
        """
        names = self._names
        for lane, sku in np.argwhere(shipped > 0):
            name, units = f"{day} {lane} {sku}", int(shipped[lane, sku])
            sent = Sent(int(lane), int(sku), units, day, day + int(transit_days[lane]))
            self._on_the_way[name] = sent
            yield kinds.Shipment(shipment=name, lane=names.lanes[lane], eta=self._expected(sent)), moment
            yield (
                kinds.Dispatch(
                    node=names.endpoints[names.lane.origin[lane]],
                    sku=names.skus[sku],
                    units=units,
                    lane=names.lanes[lane],
                    shipment=name,
                    order=(orders or {}).get(int(lane)),
                ),
                moment,
            )

    def remember(self, day: int, shipped: Units, transit_days: NDArray[np.int64]) -> None:
        """A day before the opening: what left is on its way, and what has arrived no longer is."""
        list(self.sent(day, shipped, transit_days, at(day, 12)))
        list(self.received(day, at(day, 12)))

    def _expected(self, sent: Sent) -> Any:
        if self._true:
            return at(sent.arrives, 0).date()
        weekday = np.array([at(sent.departed, 0).weekday()])
        return at(sent.departed + int(order_days(self._names, weekday)[0, sent.lane]), 0).date()

    def _asked(self, day: int, demand: Units, moment: datetime) -> Told:
        names, date = self._names, at(day, 0).date()
        for market, sku in np.ndindex(demand.shape):
            units, name = int(demand[market, sku]), names.markets[market]
            yield kinds.Demand(market=name, sku=names.skus[sku], date=date, units=units), moment

    def _moves(self, units: Units) -> Iterator[dict[str, Any]]:
        for node, sku in np.argwhere(units > 0):
            yield {"node": self._names.nodes[node], "sku": self._names.skus[sku], "units": int(units[node, sku])}


def told_of(data: kinds.Data) -> dict[str, Any]:
    """As it goes over the wire, without what is as usual."""
    found: dict[str, Any] = msgspec.to_builtins(data)
    usual = {field.name: field.default for field in msgspec.structs.fields(data)}
    return {name: value for name, value in found.items() if value != usual.get(name, msgspec.NODEFAULT)}
