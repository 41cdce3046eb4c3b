"""Kinds of events, by the `kind` that a YAML names; a new one is a class here that registers itself."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated

import numpy as np
from pydantic import Field

from entrepot.configs.numbers import Positive, Share
from entrepot.configs.registry import Registry
from entrepot.envs.network.description import UNLIMITED, Mode
from entrepot.envs.network.disruption.effect import Booleans, Effect, days_where, where
from entrepot.envs.network.disruption.when import When
from entrepot.envs.network.disruption.where import Buyers, Names, Places, Site, Ways

ExtraDays = Annotated[int, Field(ge=1, le=120)]
Modes = Annotated[list[Mode], Field(min_length=1)]


class Event(When):
    """Something that happens to a network."""

    @abstractmethod
    def effect(self, site: Site) -> Effect:
        """What it does there.

        Raises:
            ConfigurationError: the network has nothing of what it strikes.
        """


KINDS = Registry[type[Event]]()


@KINDS.register("lane_closure")
class LaneClosure(Event):
    """Lanes carry less than usual, or nothing: then what was booked for a departure goes with the first one after."""

    where: Ways = Ways()
    open_share: Share = 0.0

    def effect(self, site: Site) -> Effect:
        """As in `Event`."""
        lanes = site.lanes(self.where, "where")
        unlimited = lanes & (site.network.lane.capacity_m3_per_day >= UNLIMITED)
        remarks: tuple[str, ...] = ()
        if 0 < self.open_share < 1 and unlimited.any():
            names = [name for name, is_so in zip(site.network.lanes, unlimited, strict=True) if is_so]
            remarks = (
                f"open_share {self.open_share:g} changes nothing on {len(names)} lanes without a capacity limit, "
                f"such as {names[0]}",
            )
        return Effect(open_share=where(lanes, self.open_share), remarks=remarks)


@KINDS.register("delay")
class Delay(Event):
    """What departs meanwhile is longer on the way."""

    where: Ways = Ways()
    extra_days: ExtraDays

    def effect(self, site: Site) -> Effect:
        """As in `Event`."""
        return Effect(extra_days=days_where(site.lanes(self.where, "where"), self.extra_days))


@KINDS.register("port_closure")
class PortClosure(Event):
    """Nothing leaves the places by these modes, and what would arrive waits until it is over."""

    at: Places
    modes: Modes = Field([Mode.SEA])

    def effect(self, site: Site) -> Effect:
        """As in `Event`."""
        leaves, arrives = _by_way_of(self, site)
        return Effect(open_share=where(leaves, 0.0), holds=arrives)


@KINDS.register("congestion")
class Congestion(Event):
    """What leaves the places by these modes or would arrive there meanwhile takes longer."""

    at: Places
    modes: Modes = Field([Mode.SEA])
    extra_days: ExtraDays

    def effect(self, site: Site) -> Effect:
        """As in `Event`."""
        leaves, arrives = _by_way_of(self, site)
        return Effect(extra_days=days_where(leaves, self.extra_days), late_days=days_where(arrives, self.extra_days))


def _by_way_of(event: PortClosure | Congestion, site: Site) -> tuple[Booleans, Booleans]:
    """[L] twice: lanes by these modes that start at the places, and that end there."""
    places, lane = site.places(event.at, "at"), site.network.lane
    by_mode = site.by_mode(event.modes)
    leaves, arrives = places[lane.origin] & by_mode, places[lane.destination] & by_mode
    if not (leaves | arrives).any():
        modes = ", ".join(event.modes)
        site.refuse("modes", f"{modes}: no lane of {site.described.name} is so that starts or ends at {event.at}")
    return leaves, arrives


@KINDS.register("customs_hold")
class CustomsHold(Event):
    """What would come in from another country meanwhile waits until it is over."""

    into: Places
    modes: Modes | None = None

    def effect(self, site: Site) -> Effect:
        """As in `Event`."""
        lane = site.network.lane
        ends = [*site.described.nodes.values(), *site.described.suppliers.values()]
        country = np.array([end.country for end in ends])
        abroad = country[lane.origin] != country[lane.destination]
        holds = site.places(self.into, "into")[lane.destination] & abroad & site.by_mode(self.modes)
        if not holds.any():
            site.refuse("into", f"{self.into}: no lane of {site.described.name} leads there from another country")
        return Effect(holds=holds)


@KINDS.register("supplier_stop")
class SupplierStop(Event):
    """Suppliers deliver less than usual, or nothing: then what is in production waits until they work again."""

    at: Places = Places()
    up_share: Share = 0.0

    def effect(self, site: Site) -> Effect:
        """As in `Event`."""
        return Effect(up_share=where(site.suppliers(self.at, "at"), self.up_share))


@KINDS.register("demand_surge")
class DemandSurge(Event):
    """Customers ask for more than usual; or for less, where the factor is below 1."""

    markets: Buyers = Buyers()
    skus: Names | None = None
    factor: Annotated[float, Field(ge=0, le=100)]

    def effect(self, site: Site) -> Effect:
        """As in `Event`."""
        struck = site.markets(self.markets, "markets")[:, None] & site.skus(self.skus, "skus")
        return Effect(demand_factor=where(struck, self.factor))


@KINDS.register("price_surge")
class PriceSurge(Event):
    """Freight costs more than usual; or less, where the factor is below 1."""

    where: Ways = Ways()
    factor: Positive

    def effect(self, site: Site) -> Effect:
        """As in `Event`."""
        return Effect(price_factor=where(site.lanes(self.where, "where"), self.factor))


@KINDS.register("node_closed")
class NodeClosed(Event):
    """Nothing is unloaded, picked or sent on at the nodes; on the first day a share of their stock is lost."""

    at: Places
    stock_lost_share: Share = 0.0

    def effect(self, site: Site) -> Effect:
        """As in `Event`."""
        nodes = site.nodes(self.at, "at")
        shut = np.concatenate([nodes, np.zeros(len(site.network.suppliers), np.bool_)])[site.network.lane.origin]
        return Effect(
            throughput_share=where(nodes, 0.0),
            open_share=where(shut, 0.0) if shut.any() else None,
            stock_lost_share=np.where(nodes, self.stock_lost_share, 0.0) if self.stock_lost_share else None,
        )


@KINDS.register("equipment_storm")
class EquipmentStorm(Event):
    """Equipment fails so many times as often; where nothing wears, docks and picking work at a share of the usual."""

    at: Places = Places()
    hazard_factor: Annotated[float, Field(gt=0, le=1000)]
    throughput_share: Share | None = Field(None, description="stands in where a node has no equipment that wears")

    def effect(self, site: Site) -> Effect:
        """As in `Event`."""
        nodes, equipment = site.nodes(self.at, "at"), site.network.equipment
        worn = np.zeros(len(nodes), np.bool_)
        if equipment is not None:
            worn[equipment.node] = True
        rest = nodes & ~worn
        remarks: tuple[str, ...] = ()
        if rest.any() and (self.throughput_share is not None or not (nodes & worn).any()):
            names = ", ".join(name for name, is_so in zip(site.network.nodes, rest, strict=True) if is_so)
            if self.throughput_share is None:
                site.refuse(
                    "hazard_factor",
                    f"nothing wears at {names} of {site.described.name}; needed: a network with inside.wear, such as "
                    "kreen_inside, or throughput_share",
                )
            remarks = (f"nothing wears at {names}: throughput_share {self.throughput_share:g} stands in",)
        hazard = None
        if equipment is not None and (nodes & worn).any():
            hazard = where(nodes[equipment.node], self.hazard_factor)
        share = None if self.throughput_share is None or not rest.any() else where(rest, self.throughput_share)
        return Effect(hazard_factor=hazard, throughput_share=share, remarks=remarks)
