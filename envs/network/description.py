"""Typed description of a warehouse network: what `configs/network/*.yaml` may say.

Money is in USD, volume in m³, mass in kg, distance in km, time in days.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from entrepot.configs.loader import StrictModel
from entrepot.envs.network.distance import DETOUR, great_circle_km
from entrepot.envs.network.equipment.description import Serves
from entrepot.envs.network.inbound.description import Fba
from entrepot.envs.network.inside.description import Inside
from entrepot.envs.network.records.description import Records

Share = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Monthly = Annotated[list[NonNegative], Field(min_length=12, max_length=12)]

UNLIMITED = 1e12
"""Stands for a capacity that never binds."""
_RATE_OF = {Serves.DOCK: "dock_m3_per_day", Serves.PICKING: "picking_units_per_day"}


class NodeKind(StrEnum):
    """What a stocking node is: a warehouse is an agent, a fulfilment centre is ordered for."""

    WAREHOUSE = "warehouse"
    FULFILMENT_CENTRE = "fulfilment_centre"


class Mode(StrEnum):
    """How goods travel on a lane."""

    SEA = "sea"
    AIR = "air"
    TRUCK = "truck"
    RAIL = "rail"


class Weekday(StrEnum):
    """Days on which a lane departs."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Place(StrictModel):
    """Where something stands, for distances on the map."""

    country: Annotated[str, Field(min_length=2, max_length=2, description="ISO 3166 two-letter code")]
    latitude: Latitude
    longitude: Longitude


class Refurbish(StrictModel):
    """Of returned goods, those that are made as good as new."""

    share: Share = 0.0
    days: Annotated[int, Field(ge=0, le=60)] = 0
    usd_per_unit: NonNegative = 0.0


class Node(Place):
    """A place that holds stock."""

    kind: NodeKind = NodeKind.WAREHOUSE
    manager: str | None = Field(None, description="the warehouse that orders for a fulfilment centre")
    capacity_m3: Positive = UNLIMITED
    dock_m3_per_day: Positive = UNLIMITED
    picking_units_per_day: Positive = UNLIMITED
    storage_usd_per_m3_day: NonNegative | Monthly = 0.0
    inbound_usd_per_unit: NonNegative = 0.0
    outbound_usd_per_unit: NonNegative = 0.0
    return_usd_per_unit: NonNegative = 0.0
    restock_share: Share = 1.0
    inspection_days: Annotated[int, Field(ge=0, le=60)] = Field(0, description="from a return to its verdict")
    refurbish: Refurbish = Refurbish()
    fba: Fba | None = Field(None, description="where the node is Amazon's: limits, check-in, fees of its table")


class Supplier(Place):
    """Source of goods, made to order."""

    production_days: Annotated[int, Field(ge=0)] = 0
    capacity_units_per_day: Positive = UNLIMITED
    minimum_order_units: NonNegative = 0.0


class FulfilmentOption(StrictModel):
    """A node that can serve a market."""

    node: str
    usd_per_unit: NonNegative = 0.0
    days: NonNegative = 0.0


class Returns(StrictModel):
    """Share of units sold that come back, and how long that takes (lognormal)."""

    share: Share = 0.0
    median_days: Positive = 13.0
    log_deviation: NonNegative = 1.0
    exchange_share: Share = Field(0.0, description="of what comes back, what another unit is asked for in place of")


class Market(StrictModel):
    """Where demand arises: a country and a channel."""

    country: Annotated[str, Field(min_length=2, max_length=2)]
    channel: str
    options: Annotated[list[FulfilmentOption], Field(min_length=1)]
    backlog_share: Share = 0.0
    backlog_usd_per_unit_day: NonNegative = 0.0
    price_factor: Positive = 1.0
    returns: Returns = Returns()


class Transit(StrictModel):
    """Days from departure to arrival: scheduled, and how often and how much later in truth."""

    days: Annotated[int, Field(ge=0)]
    late_share: Share = 0.0
    late_days: NonNegative = 0.0
    longest_delay_days: Annotated[int, Field(ge=0)] = 21


class LanePrice(StrictModel):
    """Freight price. A kilogram is chargeable: the greater of mass and 167 kg per m³."""

    per_m3: NonNegative = 0.0
    per_chargeable_kg: NonNegative = 0.0
    per_unit: NonNegative = 0.0
    per_shipment: NonNegative = 0.0
    per_container: NonNegative = 0.0


class Lane(StrictModel):
    """A way for goods to travel from a supplier or node to a node."""

    origin: str
    destination: str
    mode: Mode
    distance_km: NonNegative | None = Field(None, description="follows from the places where it is left out")
    transit: Transit
    departures: Annotated[list[Weekday], Field(min_length=1, default_factory=lambda: list(Weekday))]
    capacity_m3_per_day: Positive = UNLIMITED
    price: LanePrice = LanePrice()
    duty_share: Share = 0.0
    kg_co2e_per_tonne_km: NonNegative = 0.0

    @property
    def name(self) -> str:
        """`origin→destination:mode`, unique in a network."""
        return f"{self.origin}→{self.destination}:{self.mode.value}"


class Sku(StrictModel):
    """An article: what it is worth, how big it is, who makes it."""

    unit_value_usd: Positive
    price_usd: Positive
    volume_m3: Positive
    weight_kg: Positive
    suppliers: Annotated[list[str], Field(min_length=1)]
    shelf_life_days: Annotated[int, Field(ge=1, le=400)] | None = Field(
        None, description="from production; never if left out"
    )


class Catalogue(StrictModel):
    """A reproducible assortment, for networks whose SKUs aren't listed one by one.

    Values are lognormal around their medians. `supplier_shares` gives the share of SKUs that each supplier makes.
    """

    count: Annotated[int, Field(ge=1, le=100_000)] = 32
    seed: int = 0
    unit_value_usd: Positive
    unit_value_log_deviation: NonNegative = 0.5
    markup: Annotated[float, Field(gt=1)] = 3.0
    volume_m3: Positive
    volume_log_deviation: NonNegative = 0.5
    density_kg_per_m3: Positive = 200.0
    supplier_shares: dict[str, Share]
    perishable_share: Share = Field(1.0, description="of the SKUs, where shelf lives are given")
    shelf_life_days: Annotated[list[Annotated[int, Field(ge=1, le=400)]], Field(min_length=2, max_length=2)] | None = (
        Field(None, description="[least, most] of what perishes, from production; nothing does if left out")
    )


class NetworkDescription(StrictModel):
    """A whole network. Lists of names are in the order of the file; arrays follow that order."""

    name: str
    title: str = ""
    capital_share_per_year: NonNegative = 0.1
    container_m3: Positive = 67.0
    divisible: bool = Field(False, description="goods are measured, not counted: fractions of a unit are kept")
    demand: str | None = Field(None, description="a demand YAML that ships, where nobody names one or gives a history")
    nodes: Annotated[dict[str, Node], Field(min_length=1)]
    suppliers: Annotated[dict[str, Supplier], Field(min_length=1)]
    markets: Annotated[dict[str, Market], Field(min_length=1)]
    lanes: Annotated[list[Lane], Field(min_length=1)]
    skus: dict[str, Sku] | None = None
    catalogue: Catalogue | None = None
    inside: Inside | None = Field(None, description="what is inside the nodes: space, goods, people, equipment")
    records: Records | None = Field(None, description="how wrong records of stock are, and how it is counted")

    @model_validator(mode="after")
    def _names_refer_to_something(self) -> Self:
        problems = [
            *self._names_that_are_none(),
            *self._node_problems(),
            *self._market_problems(),
            *self._lane_problems(),
            *self._sku_problems(),
            *self._inside_problems(),
            *self._record_problems(),
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def warehouses(self) -> list[str]:
        """The agents, in order."""
        return [name for name, node in self.nodes.items() if node.kind is NodeKind.WAREHOUSE]

    def lane_km(self, lane: Lane) -> float:
        """The lane's length: as given, else the great circle between its ends times the detour of its mode."""
        if lane.distance_km is not None:
            return lane.distance_km
        begin, end = (self.nodes.get(name) or self.suppliers[name] for name in (lane.origin, lane.destination))
        return DETOUR[lane.mode.value] * great_circle_km(begin, end)

    def manager_of(self, node: str) -> str:
        """The warehouse that orders for a node: itself, unless it is a fulfilment centre."""
        return self.nodes[node].manager or node

    def _names_that_are_none(self) -> Iterable[str]:
        if not _is_name(self.name):
            yield f"name: {self.name!r} is no name; one has at least one character, and none that can't be seen"
        for group in ("nodes", "suppliers", "markets", "skus"):
            for name in getattr(self, group) or {}:
                if not _is_name(name):
                    yield f"{group}: {name!r} is no name; one has at least one character, and none that can't be seen"

    def _node_problems(self) -> Iterable[str]:
        for name in self.nodes.keys() & self.suppliers.keys():
            yield f"suppliers.{name}: the name is a node's too; names must differ"
        if not self.warehouses:
            yield "nodes: at least one must be of kind 'warehouse'"
        for name, node in self.nodes.items():
            if node.kind is NodeKind.FULFILMENT_CENTRE and node.manager not in self.warehouses:
                yield f"nodes.{name}.manager: {node.manager!r} is not a warehouse; allowed: {_names(self.warehouses)}"
            if node.kind is NodeKind.WAREHOUSE and node.manager not in (None, name):
                yield f"nodes.{name}.manager: a warehouse manages itself; found {node.manager!r}"
            if node.restock_share + node.refurbish.share > 1 and node.refurbish.share > 0:
                shares = f"{node.restock_share:g} and refurbish.share {node.refurbish.share:g}"
                yield f"nodes.{name}.restock_share: {shares} are more than 1 together"
            if node.fba is not None and "storage_usd_per_m3_day" in node.model_fields_set:
                key = f"nodes.{name}.storage_usd_per_m3_day"
                yield f"{key}: {node.fba.fees!r}, the table of `fba`, says it; leave it out"

    def _market_problems(self) -> Iterable[str]:
        for name, market in self.markets.items():
            for index, option in enumerate(market.options):
                if option.node not in self.nodes:
                    yield f"markets.{name}.options[{index}].node: {option.node!r}; allowed: {_names(self.nodes)}"
            chosen = [option.node for option in market.options]
            if len(set(chosen)) < len(chosen):
                yield f"markets.{name}.options: a node stands twice in {chosen}"

    def _lane_problems(self) -> Iterable[str]:
        origins = [*self.nodes, *self.suppliers]
        seen: set[str] = set()
        for index, lane in enumerate(self.lanes):
            if lane.origin not in origins:
                yield f"lanes[{index}].origin: {lane.origin!r}; allowed: {_names(origins)}"
            if lane.destination not in self.nodes:
                yield f"lanes[{index}].destination: {lane.destination!r}; allowed: {_names(self.nodes)}"
            if lane.origin == lane.destination:
                yield f"lanes[{index}].destination: {lane.destination!r} is its own origin"
            if lane.name in seen:
                yield f"lanes[{index}]: {lane.name} is described twice"
            seen.add(lane.name)

    def _inside_problems(self) -> Iterable[str]:
        if self.inside is None:
            return
        for name, warehouse in self.inside.warehouses.items():
            if name not in self.nodes:
                yield f"inside.warehouses: {name!r} is no node; allowed: {_names(self.nodes)}"
                continue
            for kind, fleet in warehouse.equipment.items():
                key, rate = f"inside.warehouses.{name}.equipment.{kind}", _RATE_OF[fleet.serves]
                given, work = getattr(self.nodes[name], rate), getattr(warehouse, fleet.serves.value)
                if self.inside.wear and given >= UNLIMITED and (self.inside.rates == "given" or work is None):
                    yield f"{key}: the node's {rate} is unlimited, so that it never works; give {rate}"
        for sku in (*self.inside.goods.types, *self.inside.goods.cartons):
            if self.skus is not None and sku not in self.skus:
                yield f"inside.goods: {sku!r} is no SKU of the network"

    def _record_problems(self) -> Iterable[str]:
        for name in () if self.records is None else self.records.nodes:
            if name not in self.nodes:
                yield f"records.nodes: {name!r} is no node; allowed: {_names(self.nodes)}"

    def _sku_problems(self) -> Iterable[str]:
        if (self.skus is None) == (self.catalogue is None):
            yield "skus, catalogue: give exactly one of the two"
        for name, sku in (self.skus or {}).items():
            for supplier in sku.suppliers:
                if supplier not in self.suppliers:
                    yield f"skus.{name}.suppliers: {supplier!r}; allowed: {_names(self.suppliers)}"
        for supplier in self.catalogue.supplier_shares if self.catalogue else ():
            if supplier not in self.suppliers:
                yield f"catalogue.supplier_shares: {supplier!r}; allowed: {_names(self.suppliers)}"
        if self.catalogue and not sum(self.catalogue.supplier_shares.values()) > 0:
            yield f"catalogue.supplier_shares: {self.catalogue.supplier_shares}; at least one must be above 0"
        if self.skus is not None and not self.skus:
            yield "skus: at least one must be given"


def _is_name(text: str) -> bool:
    return text.isprintable() and text.strip() != ""


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)
