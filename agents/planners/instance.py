"""What one plan is made for: a network, where it starts, and a stretch of time, as NumPy arrays.

Time is cut into T periods. The hindsight bound takes days; a rolling plan takes days at first and weeks later.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Annotated, Any, Self, get_args, get_type_hints

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.planners.doubles import doubles
from entrepot.envs.axes import Record
from entrepot.envs.network.description import UNLIMITED
from entrepot.envs.settlement import StockValues
from entrepot.envs.twin import Scenario, State, TwinParameters

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class FromTwin:
    """Where a field stands in `TwinParameters`, and its axes."""

    place: str
    axes: str
    capacity: bool = False
    """Some of the SKUs have a share of it only."""


@dataclass(frozen=True)
class PlannedNetwork:
    """A network's figures in double precision, from `TwinParameters` and `StockValues`."""

    capacity_m3: Annotated[Floats, FromTwin("node.capacity_m3", "N", capacity=True)]
    dock_m3_per_day: Annotated[Floats, FromTwin("node.dock_m3_per_day", "N", capacity=True)]
    picking_units_per_day: Annotated[Floats, FromTwin("node.picking_units_per_day", "N", capacity=True)]
    storage_usd_per_m3_day: Annotated[Floats, FromTwin("node.storage_usd_per_m3_day", "NY")]
    inbound_usd: Annotated[Floats, FromTwin("node.inbound_usd_per_unit", "N")]
    outbound_usd: Annotated[Floats, FromTwin("node.outbound_usd_per_unit", "N")]
    return_usd: Annotated[Floats, FromTwin("node.return_usd_per_unit", "N")]
    restock_share: Annotated[Floats, FromTwin("node.restock_share", "N")]
    option_group: Annotated[Floats, FromTwin("option.at_node", "RNM")]
    option_usd: Annotated[Floats, FromTwin("option.usd_per_unit", "RM")]
    backlog_share: Annotated[Floats, FromTwin("market.backlog_share", "M")]
    backlog_usd: Annotated[Floats, FromTwin("market.backlog_usd_per_unit_day", "M")]
    lost_margin_usd: Annotated[Floats, FromTwin("market.lost_margin_usd", "MS")]
    market_home: Annotated[Floats, FromTwin("market.direct_share", "NM")]
    return_share: Annotated[Floats, FromTwin("market.returns_share", "M")]
    return_hazard: Annotated[Floats, FromTwin("returns.hazard", "2N")]
    lane_destination: Annotated[Integers, FromTwin("lane.destination", "L")]
    lane_transit_days: Annotated[Integers, FromTwin("lane.transit_days", "L")]
    lane_wait_days: Annotated[Integers, FromTwin("lane.wait_days", "DL")]
    lane_m3_per_day: Annotated[Floats, FromTwin("lane.capacity_m3_per_day", "L", capacity=True)]
    lane_shipment_usd: Annotated[Floats, FromTwin("lane.price_per_shipment", "L")]
    lane_container_usd: Annotated[Floats, FromTwin("lane.price_per_container", "L")]
    lane_freight_usd: Annotated[Floats, FromTwin("lane.freight_usd", "LS")]
    lane_duty_usd: Annotated[Floats, FromTwin("lane.duty_usd", "LS")]
    lane_carries: Annotated[Floats, FromTwin("lane.carries", "LS")]
    lane_from_node: Annotated[Floats, FromTwin("lane.from_node", "NL")]
    lane_from_supplier: Annotated[Floats, FromTwin("supplier.of_lane", "KL")]
    supplier_units_per_day: Annotated[Floats, FromTwin("supplier.capacity_units_per_day", "K", capacity=True)]
    value_usd: Annotated[Floats, FromTwin("sku.unit_value_usd", "S")]
    volume_m3: Annotated[Floats, FromTwin("sku.volume_m3", "S")]
    placement_usd: Floats  # [N] of a unit that arrives over a lane
    capital_share_per_day: float
    container_m3: float
    pipeline_days: int
    values: dict[str, Floats]  # of `StockValues`, by field

    @classmethod
    def of(cls, parameters: TwinParameters) -> Self:
        """The same network as the twin has it."""
        values = StockValues.of(parameters)
        return cls(
            **{name: _plain(parameters, source.place) for name, source in twin_fields().items()},
            placement_usd=doubles(parameters.placement_usd[:, 0]),
            capital_share_per_day=parameters.capital_share_per_year / 365,
            container_m3=parameters.container_m3,
            pipeline_days=parameters.pipeline_days,
            values={field.name: doubles(getattr(values, field.name)) for field in fields(values)},
        )

    def for_skus(self, chosen: Integers, *, capacity_share: float = 1.0) -> Self:
        """Some of the SKUs, with a share of every capacity that can bind."""
        values = {name: value if name == "booked" else value[..., chosen] for name, value in self.values.items()}
        changed: dict[str, Any] = {}
        for name, source in twin_fields().items():
            value = getattr(self, name)
            if source.axes.endswith("S"):
                changed[name] = value[..., chosen]
            elif source.capacity:
                changed[name] = np.where(value < UNLIMITED, value * capacity_share, UNLIMITED)
        return replace(self, **changed, values=values)


@dataclass(frozen=True)
class Opening:
    """Where every unit is before the first period: the least and the most, which are the same where it is known."""

    on_hand: Floats  # [2, N, S] units
    dock: Floats  # [2, N, S]
    arriving: Floats  # [2, T, N, S] already on the way, by period of arrival
    backlog: Floats  # [2, M, S]
    with_customers: Floats  # [2, 2, N, S] by wave

    @classmethod
    def of(cls, state: State, episode: int, days: int) -> Self:
        """One environment's state, before a plan of so many days."""
        ring = doubles(state.pipeline_by_days()[episode].permute(2, 0, 1))  # [H, N, S]
        arriving = np.zeros((days, *ring.shape[1:]))
        shown = min(days, len(ring))
        arriving[:shown] = ring[:shown]
        known = (
            doubles(state.on_hand[episode]),
            doubles(state.dock[episode]),
            arriving,
            doubles(state.backlog[episode]),
            doubles(state.with_customers[:, episode]),
        )
        return cls(*(np.stack([units, units]) for units in known))

    @classmethod
    def any(cls, due: NDArray[np.bool_], most_backlog: Floats, most_with_customers: Floats) -> Self:
        """Any state at all in which no node holds more than its space.

        Args:
            due: [T, N, S] whether anything can be on its way that arrives at the node in the period.
            most_backlog: [M, S] units.
            most_with_customers: [N, S] units sold before and still to come back, at the most.
        """
        unlimited = np.full(most_with_customers.shape, np.inf)
        most = (
            unlimited,
            unlimited,
            np.where(due, np.inf, 0.0),
            most_backlog,
            np.stack([most_with_customers, most_with_customers]) / 2,
        )
        return cls(*(np.stack([np.zeros_like(units), units]) for units in most))


@dataclass(frozen=True)
class Instance:
    """N nodes, K suppliers, M markets, L lanes, S SKUs, T periods."""

    network: PlannedNetwork
    opening: Opening
    demand: Floats  # [T, M, S] units
    waits_least: Floats  # [T, M, S] share of a period's unserved demand that waits, at the least
    waits_most: Floats  # [T, M, S] and at the most
    restocked: Floats  # [T, N, S] units that come back besides those of the plan's own sales
    arrival: Integers  # [T, L] period in which a shipment of the period joins the dock; T or more: after the end
    transit_days: Floats  # [T, L] days of it that are counted
    container_surge: Floats  # [T, L] factor on the price of containers, paid on departure
    departs_later: Floats  # [T, L] 1 where that is after the end
    length_days: Floats  # [T]
    storage_usd_per_m3_day: Floats  # [T, N]
    equipment: Floats  # [T, N] share of normal
    lane_open: Floats  # [T, L] share of normal
    supplier_up: Floats  # [T, K] share of normal
    price_surge: Floats  # [T, L]

    @property
    def periods(self) -> int:
        """T."""
        return len(self.demand)

    @property
    def skus(self) -> int:
        """S."""
        return len(self.network.value_usd)

    def for_skus(self, chosen: Integers, *, capacity_share: float = 1.0) -> Self:
        """The same with some of its SKUs, and with a share of every capacity."""
        opening: dict[str, Any] = {
            field.name: getattr(self.opening, field.name)[..., chosen] for field in fields(self.opening)
        }
        cut: dict[str, Any] = {
            name: getattr(self, name)[..., chosen] for name in ("demand", "waits_least", "waits_most", "restocked")
        }
        return replace(
            self,
            network=self.network.for_skus(chosen, capacity_share=capacity_share),
            opening=replace(self.opening, **opening),
            **cut,
        )


def days_of(
    network: PlannedNetwork,
    opening: Opening,
    scenario: Scenario,
    episode: int,
    *,
    whole_units: bool,
) -> Instance:
    """One episode of a scenario, day by day.

    Args:
        network: what it takes place in.
        opening: before the scenario's first day.
        scenario: of T days.
        episode: which of its B.
        whole_units: whether the twin will keep whole units.
    """
    values = {field.name: getattr(scenario, field.name) for field in fields(scenario)}
    day = {name: value[episode].cpu().numpy() for name, value in values.items() if value is not None}
    days = len(day["demand"])
    wait = network.lane_wait_days[day["weekday"]]
    transit = (network.lane_transit_days + wait + day["delay_days"]).clip(1, network.pipeline_days - 1)
    today = np.arange(days)[:, None]
    departure = today + wait
    surge = day["price_surge"].astype(np.float64)
    known = np.take_along_axis(surge, np.minimum(departure, days - 1), axis=0)
    share = np.broadcast_to(network.backlog_share[:, None], day["demand"].shape)
    least, most = (
        _shares_that_wait(day["demand"], network.backlog_share, day["rounding"]) if whole_units else (share, share)
    )
    return Instance(
        network=network,
        opening=opening,
        demand=day["demand"].astype(np.float64),
        waits_least=least,
        waits_most=most,
        restocked=np.zeros((days, len(network.capacity_m3), day["demand"].shape[2])),
        arrival=today + transit,
        transit_days=np.minimum(transit, days - today).astype(np.float64),
        container_surge=np.where(departure < days, known, 0.0),
        departs_later=(departure >= days).astype(np.float64),
        length_days=np.ones(days),
        storage_usd_per_m3_day=network.storage_usd_per_m3_day.T[day["month"]],
        equipment=day["equipment"].astype(np.float64),
        lane_open=day["lane_open"].astype(np.float64),
        supplier_up=day["supplier_up"].astype(np.float64),
        price_surge=surge,
    )


MOST_UNITS = 32
"""Up to so many unserved units in a day every number is looked at one by one."""


def _shares_that_wait(demand: Any, backlog_share: Floats, rounding: Any) -> tuple[Floats, Floats]:
    """[T, M, S] twice: of u unserved units, min(floor(u · share + rounding), u) wait; its least and greatest share.

    Args:
        demand: [T, M, S] units; u can be any whole number up to it.
        backlog_share: [M].
        rounding: [T, S] in the type that the twin computes in.
    """
    share = backlog_share.astype(rounding.dtype)[:, None]
    drawn = rounding[:, None, :]
    least, most = np.ones(demand.shape), np.zeros(demand.shape)
    for units in range(1, MOST_UNITS + 1):
        waits = np.minimum(np.floor(rounding.dtype.type(units) * share + drawn), units) / units
        least = np.where(demand >= units, np.minimum(least, waits), least)
        most = np.where(demand >= units, np.maximum(most, waits), most)
    beyond = demand > MOST_UNITS
    least = np.where(beyond, np.minimum(least, (share - 1 / MOST_UNITS).clip(min=0.0)), least)
    most = np.where(beyond, np.maximum(most, (share + 1 / MOST_UNITS).clip(max=1.0)), most)
    nobody = demand == 0
    return np.where(nobody, 0.0, least), np.where(nobody, 1.0, most)


@cache
def twin_fields() -> dict[str, FromTwin]:
    """Of those fields of `PlannedNetwork` that stand in `TwinParameters`."""
    hints = get_type_hints(PlannedNetwork, include_extras=True)
    return {name: note for name, hint in hints.items() for note in get_args(hint)[1:] if isinstance(note, FromTwin)}


def _plain(parameters: TwinParameters, place: str) -> NDArray[Any]:
    """A tensor of the twin without the axes of 1 along which a step spreads it."""
    concern, name = place.split(".")
    record: Record = getattr(parameters, concern)
    value = doubles(getattr(record, name))
    axes = zip(record.axes()[name].names, value.shape, strict=True)
    plain: NDArray[Any] = value.reshape([size for axis, size in axes if axis != "1"])
    return plain
