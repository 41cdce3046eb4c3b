"""A network description as NumPy arrays, in the order B, N, A, M, L, S of the design.

An *endpoint* is where a lane may start: nodes first (0 … N-1), then suppliers (N … N+K-1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network import routes
from entrepot.envs.network.assortment import Assortment, assortment_of
from entrepot.envs.network.description import Mode, NetworkDescription, Weekday

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

KG_PER_M3_CHARGEABLE = 167.0
"""IATA volumetric weight: 1 m³ counts as 167 kg."""


@dataclass(frozen=True)
class NetworkArrays:
    """Everything about a network that doesn't change from day to day.

    N nodes, A agents, K suppliers, M markets, L lanes, S SKUs, R ranks of fulfilment options,
    J the most lanes that are faster than another lane to the same node.
    """

    nodes: tuple[str, ...]
    agents: tuple[str, ...]
    suppliers: tuple[str, ...]
    markets: tuple[str, ...]
    lanes: tuple[str, ...]
    skus: tuple[str, ...]
    skus_drawn: bool  # from a catalogue, so that names are only numbers

    node_agent: Integers  # [N] index of the agent that orders for the node
    node_capacity_m3: Floats  # [N]
    dock_m3_per_day: Floats  # [N]
    picking_units_per_day: Floats  # [N]
    storage_usd_per_m3_day: Floats  # [N, 12] by month
    inbound_usd_per_unit: Floats  # [N]
    outbound_usd_per_unit: Floats  # [N]
    return_usd_per_unit: Floats  # [N]
    restock_share: Floats  # [N]

    supplier_units_per_day: Floats  # [K]
    supplier_minimum_units: Floats  # [K]

    option_node: Integers  # [R, M] node that serves the market at this rank; 0 where there is none
    option_exists: Booleans  # [R, M]
    option_usd_per_unit: Floats  # [R, M]
    option_days: Floats  # [R, M]
    backlog_share: Floats  # [M]
    backlog_usd_per_unit_day: Floats  # [M]
    return_share: Floats  # [M]
    return_median_days: Floats  # [N] lognormal lag of the returns that a node receives
    return_log_deviation: Floats  # [N]
    lost_margin_usd: Floats  # [M, S]

    lane_origin: Integers  # [L] endpoint
    lane_destination: Integers  # [L] node
    lane_agent: Integers  # [L]
    lane_mode: Integers  # [L] index into `Mode`
    lane_transit_days: Integers  # [L] scheduled days after departure, production included
    lane_wait_days: Integers  # [7, L] days to the next departure, by weekday (Monday = 0)
    lane_late_share: Floats  # [L]
    lane_late_days: Floats  # [L]
    lane_longest_delay_days: Integers  # [L]
    lane_m3_per_day: Floats  # [L]
    lane_usd_per_shipment: Floats  # [L]
    lane_usd_per_container: Floats  # [L]
    lane_freight_usd: Floats  # [L, S] per unit
    lane_duty_usd: Floats  # [L, S] per unit
    lane_kg_co2e: Floats  # [L, S] per unit
    lane_carries: Booleans  # [L, S] whether the lane's origin can ever have the SKU

    sku_value_usd: Floats  # [S]
    sku_price_usd: Floats  # [S]
    sku_volume_m3: Floats  # [S]
    sku_weight_kg: Floats  # [S]
    capital_share_per_year: float
    container_m3: float
    divisible: bool  # whether fractions of a unit are kept

    lane_lead_days: Floats  # [L] expected days from order to arrival
    lane_lead_deviation_days: Floats  # [L] standard deviation of the same
    lane_primary: Booleans  # [L, S] whether the lane is the node's cheapest way to get the SKU
    lane_faster: Integers  # [L, J] other lanes to the same node that are faster; L where there are no more
    direct_share: Floats  # [N, M] 1 where the node is the market's first option
    echelon_share: Floats  # [N, M, S] 1 where the market's demand reaches the node along primary lanes
    pipeline_days: int  # H, days of pipeline that hold any shipment

    @property
    def endpoints(self) -> tuple[str, ...]:
        """Names of all places where a lane may start."""
        return self.nodes + self.suppliers

    @classmethod
    def from_description(cls, network: NetworkDescription) -> NetworkArrays:
        """Compile a validated description."""
        goods = assortment_of(network)
        fields = {
            **_names(network, goods),
            **_node_fields(network),
            **_market_fields(network, goods),
            **_lane_fields(network, goods),
            "supplier_units_per_day": _floats(s.capacity_units_per_day for s in network.suppliers.values()),
            "supplier_minimum_units": _floats(s.minimum_order_units for s in network.suppliers.values()),
            "sku_value_usd": goods.unit_value_usd,
            "sku_price_usd": goods.price_usd,
            "sku_volume_m3": goods.volume_m3,
            "sku_weight_kg": goods.weight_kg,
            "capital_share_per_year": network.capital_share_per_year,
            "container_m3": network.container_m3,
            "divisible": network.divisible,
        }
        return cls(**fields, **_route_fields(network, goods, fields))


def _floats(values: Any) -> Floats:
    return np.array(list(values), dtype=np.float64)


def _integers(values: Any) -> Integers:
    return np.array(list(values), dtype=np.int64)


def _names(network: NetworkDescription, goods: Assortment) -> dict[str, Any]:
    return {
        "nodes": tuple(network.nodes),
        "agents": tuple(network.warehouses),
        "suppliers": tuple(network.suppliers),
        "markets": tuple(network.markets),
        "lanes": tuple(lane.name for lane in network.lanes),
        "skus": goods.names,
        "skus_drawn": network.catalogue is not None,
    }


def _node_fields(network: NetworkDescription) -> dict[str, Any]:
    nodes = list(network.nodes.values())
    agents = network.warehouses
    storage = [n.storage_usd_per_m3_day for n in nodes]
    return {
        "node_agent": _integers(agents.index(network.manager_of(name)) for name in network.nodes),
        "node_capacity_m3": _floats(n.capacity_m3 for n in nodes),
        "dock_m3_per_day": _floats(n.dock_m3_per_day for n in nodes),
        "picking_units_per_day": _floats(n.picking_units_per_day for n in nodes),
        "storage_usd_per_m3_day": np.array([s if isinstance(s, list) else [s] * 12 for s in storage], dtype=np.float64),
        "inbound_usd_per_unit": _floats(n.inbound_usd_per_unit for n in nodes),
        "outbound_usd_per_unit": _floats(n.outbound_usd_per_unit for n in nodes),
        "return_usd_per_unit": _floats(n.return_usd_per_unit for n in nodes),
        "restock_share": _floats(n.restock_share for n in nodes),
    }


def _market_fields(network: NetworkDescription, goods: Assortment) -> dict[str, Any]:
    markets = list(network.markets.values())
    nodes = list(network.nodes)
    ranks = max(len(market.options) for market in markets)
    shape = (ranks, len(markets))
    node, exists = np.zeros(shape, np.int64), np.zeros(shape, np.bool_)
    usd, days = np.zeros(shape), np.zeros(shape)
    median, deviation = np.full(len(nodes), 13.0), np.ones(len(nodes))
    for column, market in enumerate(markets):
        ranked = sorted(market.options, key=lambda option: option.usd_per_unit)
        for rank, option in enumerate(ranked):
            node[rank, column], exists[rank, column] = nodes.index(option.node), True
            usd[rank, column], days[rank, column] = option.usd_per_unit, option.days
        first = node[0, column]
        median[first], deviation[first] = market.returns.median_days, market.returns.log_deviation
    price_factor = _floats(m.price_factor for m in markets)
    margin = price_factor[:, None] * goods.price_usd[None, :] - goods.unit_value_usd[None, :]
    return {
        "option_node": node,
        "option_exists": exists,
        "option_usd_per_unit": usd,
        "option_days": days,
        "backlog_share": _floats(m.backlog_share for m in markets),
        "backlog_usd_per_unit_day": _floats(m.backlog_usd_per_unit_day for m in markets),
        "return_share": _floats(m.returns.share for m in markets),
        "return_median_days": median,
        "return_log_deviation": deviation,
        "lost_margin_usd": np.maximum(margin, 0.0),
    }


def _lane_fields(network: NetworkDescription, goods: Assortment) -> dict[str, Any]:
    lanes = network.lanes
    nodes, suppliers = list(network.nodes), list(network.suppliers)
    endpoints, agents, modes = [*nodes, *suppliers], network.warehouses, list(Mode)
    origin = _integers(endpoints.index(lane.origin) for lane in lanes)
    production = np.array([0] * len(nodes) + [s.production_days for s in network.suppliers.values()])
    chargeable_kg = np.maximum(goods.weight_kg, KG_PER_M3_CHARGEABLE * goods.volume_m3)
    freight = (
        _floats(lane.price.per_unit for lane in lanes)[:, None]
        + _floats(lane.price.per_m3 for lane in lanes)[:, None] * goods.volume_m3
        + _floats(lane.price.per_chargeable_kg for lane in lanes)[:, None] * chargeable_kg
    )
    tonne_km = _floats(lane.distance_km for lane in lanes)[:, None] * goods.weight_kg / 1000
    made_here = np.concatenate([np.ones((len(nodes), len(goods.names)), np.bool_), goods.made_by])
    return {
        "lane_origin": origin,
        "lane_destination": _integers(nodes.index(lane.destination) for lane in lanes),
        "lane_agent": _integers(agents.index(network.manager_of(lane.destination)) for lane in lanes),
        "lane_mode": _integers(modes.index(lane.mode) for lane in lanes),
        "lane_transit_days": _integers(lane.transit.days for lane in lanes) + production[origin],
        "lane_wait_days": np.stack([_wait_by_weekday(lane.departures) for lane in lanes], axis=1),
        "lane_late_share": _floats(lane.transit.late_share for lane in lanes),
        "lane_late_days": _floats(lane.transit.late_days for lane in lanes),
        "lane_longest_delay_days": _integers(
            lane.transit.longest_delay_days if lane.transit.late_share > 0 else 0 for lane in lanes
        ),
        "lane_m3_per_day": _floats(lane.capacity_m3_per_day for lane in lanes),
        "lane_usd_per_shipment": _floats(lane.price.per_shipment for lane in lanes),
        "lane_usd_per_container": _floats(lane.price.per_container for lane in lanes),
        "lane_freight_usd": freight,
        "lane_duty_usd": _floats(lane.duty_share for lane in lanes)[:, None] * goods.unit_value_usd,
        "lane_kg_co2e": _floats(lane.kg_co2e_per_tonne_km for lane in lanes)[:, None] * tonne_km,
        "lane_carries": made_here[origin],
    }


def _wait_by_weekday(departures: list[Weekday]) -> Integers:
    """Days from each weekday to the lane's next departure, 0 if it departs that very day."""
    days = [list(Weekday).index(day) for day in departures]
    return _integers(min((day - today) % 7 for day in days) for today in range(7))


def _route_fields(network: NetworkDescription, goods: Assortment, fields: dict[str, Any]) -> dict[str, Any]:
    wait, transit, late = fields["lane_wait_days"], fields["lane_transit_days"], fields["lane_late_share"]
    lead = transit + wait.mean(axis=0) + late * fields["lane_late_days"]
    # A late day count is 1 + geometric: its variance about the mean joins that of being late at all.
    late_days = fields["lane_late_days"]
    delay_variance = late * (late_days**2 + late_days * np.maximum(late_days - 1, 0)) - (late * late_days) ** 2
    capital = goods.unit_value_usd * network.capital_share_per_year / 365
    unit_cost = fields["lane_freight_usd"] + fields["lane_duty_usd"] + lead[:, None] * capital
    unit_cost = np.where(fields["lane_carries"], unit_cost, np.inf)
    nodes = len(network.nodes)
    primary = routes.primary_lanes(
        fields["lane_origin"],
        fields["lane_destination"],
        unit_cost,
        goods.made_by,
        nodes,
        fields["inbound_usd_per_unit"],
    )
    direct = np.zeros((nodes, len(network.markets)))
    direct[fields["option_node"][0], np.arange(len(network.markets))] = 1.0
    longest = transit + wait.max(axis=0) + fields["lane_longest_delay_days"]
    return {
        "lane_lead_days": lead,
        "lane_lead_deviation_days": np.sqrt(delay_variance + wait.var(axis=0)),
        "lane_primary": primary,
        "lane_faster": routes.faster_lanes(fields["lane_destination"], lead),
        "direct_share": direct,
        "echelon_share": routes.echelon_share(fields["lane_origin"], fields["lane_destination"], primary, direct),
        "pipeline_days": int(max(longest.max(), 1)) + 1,
    }
