"""Ways for goods to travel, as arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np

from entrepot.envs.axes import Axes, Record
from entrepot.envs.network import paths
from entrepot.envs.network.assortment import Assortment
from entrepot.envs.network.columns import Booleans, Floats, Integers, gathered
from entrepot.envs.network.description import Lane, Mode, NetworkDescription, Weekday
from entrepot.envs.network.inbound.arrays import check_ins
from entrepot.envs.network.inbound.description import CheckIn

KG_PER_M3_CHARGEABLE = 167.0
"""IATA volumetric weight: 1 m³ counts as 167 kg."""


@dataclass(frozen=True)
class LaneArrays(Record):
    """Of each lane. J is the most lanes that are faster than another lane to the same node."""

    origin: Annotated[Integers, Axes("L")]  # endpoint
    destination: Annotated[Integers, Axes("L")]  # node
    agent: Annotated[Integers, Axes("L")]
    mode: Annotated[Integers, Axes("L")]  # index into `Mode`
    transit_days: Annotated[Integers, Axes("L")]  # scheduled days after departure, production included
    wait_days: Annotated[Integers, Axes("7L")]  # to the next departure, by weekday (Monday = 0)
    transit_late_share: Annotated[Floats, Axes("L")]
    transit_late_days: Annotated[Floats, Axes("L")]
    transit_longest_delay_days: Annotated[Integers, Axes("L")]  # 0 where nothing is ever late
    check_in_longest_days: Annotated[Integers, Axes("L")]  # at the destination, where it is Amazon's
    capacity_m3_per_day: Annotated[Floats, Axes("L")]
    price_per_shipment: Annotated[Floats, Axes("L")]  # USD
    price_per_container: Annotated[Floats, Axes("L")]  # USD
    freight_usd: Annotated[Floats, Axes("LS")]  # per unit: its part of the price by unit, m³ and chargeable kg
    duty_usd: Annotated[Floats, Axes("LS")]  # per unit
    kg_co2e: Annotated[Floats, Axes("LS")]  # per unit
    carries: Annotated[Booleans, Axes("LS")]  # whether the lane's origin can ever have the SKU

    lead_days: Annotated[Floats, Axes("L")]  # expected days from order to arrival
    lead_deviation_days: Annotated[Floats, Axes("L")]  # standard deviation of the same
    primary: Annotated[Booleans, Axes("LS")]  # whether the lane is the node's cheapest way to get the SKU
    faster: Annotated[Integers, Axes("LJ")]  # other lanes to the same node that are faster; L where there are no more

    @property
    def longest_days(self) -> int:
        """From any order to its arrival at the very latest."""
        latest = self.transit_days + self.wait_days.max(axis=0) + self.transit_longest_delay_days
        return int((latest + self.check_in_longest_days).max())

    @classmethod
    def of(cls, network: NetworkDescription, goods: Assortment, inbound_usd_per_unit: Floats) -> Self:
        """Of a network, with what it costs to receive a unit at each of N nodes."""
        lanes, nodes, agents = network.lanes, list(network.nodes), network.warehouses
        endpoints = [*nodes, *network.suppliers]
        origin = np.array([endpoints.index(lane.origin) for lane in lanes])
        destination = np.array([nodes.index(lane.destination) for lane in lanes])
        production = np.array([0] * len(nodes) + [s.production_days for s in network.suppliers.values()])
        transit = np.array([lane.transit.days for lane in lanes]) + production[origin]
        wait = np.stack([_wait_by_weekday(lane.departures) for lane in lanes], axis=1)
        check_in = check_ins(network)
        lead, deviation = _lead(lanes, transit, wait, check_in)
        freight, duty = _freight_usd(lanes, goods), _column(lane.duty_share for lane in lanes) * goods.unit_value_usd
        carries = np.concatenate([np.ones((len(nodes), len(goods.names)), np.bool_), goods.made_by])[origin]
        capital = goods.unit_value_usd * network.capital_share_per_year / 365
        unit_cost = np.where(carries, freight + duty + lead[:, None] * capital, np.inf)
        tonne_km = _column(network.lane_km(lane) for lane in lanes) * goods.weight_kg / 1000
        return gathered(
            cls,
            lanes,
            origin=origin,
            destination=destination,
            agent=np.array([agents.index(network.manager_of(lane.destination)) for lane in lanes]),
            mode=np.array([list(Mode).index(lane.mode) for lane in lanes]),
            transit_days=transit,
            wait_days=wait,
            transit_longest_delay_days=np.array(
                [lane.transit.longest_delay_days if lane.transit.late_share > 0 else 0 for lane in lanes]
            ),
            check_in_longest_days=np.array([days.longest for days in check_in]),
            freight_usd=freight,
            duty_usd=duty,
            kg_co2e=_column(lane.kg_co2e_per_tonne_km for lane in lanes) * tonne_km,
            carries=carries,
            lead_days=lead,
            lead_deviation_days=deviation,
            primary=paths.primary_lanes(
                origin, destination, unit_cost, goods.made_by, len(nodes), inbound_usd_per_unit
            ),
            faster=paths.faster_lanes(destination, lead),
        )


def _column(values: Iterable[float]) -> Floats:
    return np.array(list(values))[:, None]


def _wait_by_weekday(departures: list[Weekday]) -> Integers:
    """Days from each weekday to the lane's next departure, 0 if it departs that very day."""
    days = [list(Weekday).index(day) for day in departures]
    return np.array([min((day - today) % 7 for day in days) for today in range(7)])


def _freight_usd(lanes: list[Lane], goods: Assortment) -> Floats:
    """[L, S] per unit."""
    chargeable_kg = np.maximum(goods.weight_kg, KG_PER_M3_CHARGEABLE * goods.volume_m3)
    freight: Floats = (
        _column(lane.price.per_unit for lane in lanes)
        + _column(lane.price.per_m3 for lane in lanes) * goods.volume_m3
        + _column(lane.price.per_chargeable_kg for lane in lanes) * chargeable_kg
    )
    return freight


def _lead(lanes: list[Lane], transit: Integers, wait: Integers, check_in: list[CheckIn]) -> tuple[Floats, Floats]:
    """[L] expected days from order to arrival, check-in included, and their standard deviation."""
    late = np.array([lane.transit.late_share for lane in lanes])
    late_days = np.array([lane.transit.late_days for lane in lanes])
    # A late day count is 1 + geometric: its variance about the mean joins that of being late at all.
    delay_variance = late * (late_days**2 + late_days * np.maximum(late_days - 1, 0)) - (late * late_days) ** 2
    # A Poisson's variance is its mean; that check-in is cut off at its longest is left aside.
    checked_in = np.array([days.days for days in check_in])
    mean = transit + wait.mean(axis=0) + late * late_days + checked_in
    return mean, np.sqrt(delay_variance + wait.var(axis=0) + checked_in)
