"""Lanes of a random network: slow ones everywhere, fast ones beside some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from entrepot.envs.network.description import Weekday
from entrepot.envs.network.drawn.chance import Chance, rounded
from entrepot.envs.network.drawn.distribution import NetworkDistribution
from entrepot.envs.network.drawn.shape import Shape, days_apart
from entrepot.envs.network.lanes import KG_PER_M3_CHARGEABLE

SEA_FROM_DAYS = 6
"""A slow lane of so many days goes by sea, a faster one by truck; that changes no cost."""
KG_CO2E_PER_TONNE_KM = {"sea": 0.0127, "truck": 0.126, "air": 0.54}
"""As in the network two_warehouses; of trucks as in the network cold_chain."""
LONGEST_DELAY = 3
"""Times the mean delay."""
SIDEWAYS_DEARER = 1.5


def draw_lanes(
    ranges: NetworkDistribution,
    shape: Shape,
    flow: Mapping[str, float],
    goods: Mapping[str, float],
    chance: Chance,
) -> list[dict[str, Any]]:
    """What a network's YAML says of lanes.

    Args:
        ranges: of the distribution.
        shape: who feeds whom.
        flow: units a day that pass through each node.
        goods: `value` in USD, `volume` in m³, `density` in kg/m³, and `margin` in USD of the median SKU.
        chance: the source of draws.
    """
    apart = [ranges.near_days, days_apart(ranges, chance), days_apart(ranges, chance)]
    free = chance.happens(ranges.shipment_free_share)
    lanes = []
    for origin, node, dearer in _ways(shape):
        days = chance.whole(apart[shape.stage[node]] if dearer == 1.0 else ranges.near_days)
        price = 0.0 if free else chance.amount(ranges.shipment) * flow[node] * goods["margin"]
        slow = chance.amount(ranges.slow_freight) * dearer
        fast = max(chance.amount(ranges.fast_freight), 1.5 * slow)
        times = chance.whole(ranges.departures)
        lanes.append(_lane(ranges, origin, node, days, slow, price, times, goods, chance, fast=False))
        if days > 2 and chance.happens(ranges.fast_lane_share):
            sooner = max(1, round(days * chance.amount(ranges.faster)))
            times = max(times, chance.whole(ranges.departures))
            lanes.append(_lane(ranges, origin, node, sooner, fast, price, times, goods, chance, fast=True))
    return lanes


def _ways(shape: Shape) -> list[tuple[str, str, float]]:
    """Origin, destination, and how many times as dear as usual."""
    ways = [(supplier, hub, 1.0) for supplier, hub in shape.supplied]
    for node, origins in shape.origins.items():
        # A second origin of goods that the first has too is dearer than it.
        ways += [(origin, node, 1.0 + 0.3 * place) for place, origin in enumerate(origins)]
    return [*ways, *((origin, node, SIDEWAYS_DEARER) for origin, node in shape.sideways)]


def _lane(
    ranges: NetworkDistribution,
    origin: str,
    node: str,
    days: int,
    freight: float,
    shipment_usd: float,
    times: int,
    goods: Mapping[str, float],
    chance: Chance,
    *,
    fast: bool,
) -> dict[str, Any]:
    mode = "air" if fast else "sea" if days >= SEA_FROM_DAYS else "truck"
    usd = freight * goods["value"]
    chargeable = goods["volume"] * max(goods["density"], KG_PER_M3_CHARGEABLE)
    late = chance.amount(ranges.late_days)
    by = {"per_chargeable_kg": rounded(usd / chargeable)} if fast else {"per_m3": rounded(usd / goods["volume"])}
    return {
        "origin": origin,
        "destination": node,
        "mode": mode,
        "transit": {
            "days": days,
            "late_share": chance.amount(ranges.late_share),
            "late_days": late,
            "longest_delay_days": round(LONGEST_DELAY * late),
        },
        "departures": _departures(times, chance),
        "price": {**by, "per_shipment": rounded(shipment_usd)},
        "duty_share": chance.amount(ranges.duty),
        "kg_co2e_per_tonne_km": KG_CO2E_PER_TONNE_KM[mode],
    }


def _departures(times: int, chance: Chance) -> list[str]:
    days = [day.value for day in Weekday]
    if times >= len(days):
        return days
    return [days[day] for day in sorted(chance.rng.choice(len(days), times, replace=False).tolist())]
