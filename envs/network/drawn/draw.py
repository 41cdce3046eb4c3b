"""A random network with its demand: valid descriptions, as a YAML would say them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from entrepot.configs.loader import available, validate
from entrepot.envs.network.description import NetworkDescription
from entrepot.envs.network.drawn.chance import Chance, rounded
from entrepot.envs.network.drawn.distribution import NetworkDistribution, load_distribution
from entrepot.envs.network.drawn.lanes import draw_lanes
from entrepot.envs.network.drawn.sales import draw_sales
from entrepot.envs.network.drawn.shape import Shape, draw_shape
from entrepot.envs.network.drawn.shelf_lives import draw_shelf_lives

KEPT = 32
"""Draws that are kept, for a network and its demand are asked for one after the other."""
LEAST_FLOW = 0.5
PEAK = [1.0] * 9 + [3.0] * 3
COUNTRIES = ("CN", "US", "DE", "JP", "BR")


@dataclass(frozen=True)
class Drawn:
    """A network, and what its demand's YAML says."""

    network: NetworkDescription
    demand: dict[str, Any]


def draw(distribution: NetworkDistribution, number: int, *, most_skus: int | None = None) -> Drawn:
    """The draw of a number: the same for ever, as long as the distribution's ranges stay.

    Args:
        distribution: ranges.
        number: from 0 on.
        most_skus: how many SKUs are kept, of all ranks of sales; all if None.
    """
    chance = Chance(np.random.default_rng([number, 17]))
    skus = max(1, chance.whole(distribution.skus))
    shape = draw_shape(distribution, skus if most_skus is None else min(skus, most_skus), chance)
    demand, units = draw_sales(distribution, list(shape.market_node), skus, most_skus, chance)
    flow = shape.flows(dict(zip(shape.market_node, units.sum(axis=1).tolist(), strict=True)))
    name = f"{distribution.name}-{number}"
    content = _content(distribution, shape, flow, units.shape[1], number, chance)
    content |= {"name": name, "title": f"Draw {number} of the random networks {distribution.name}", "demand": name}
    own = Chance(np.random.default_rng([number, 18]))  # so that networks where nothing perishes stay what they were
    content["catalogue"] |= draw_shelf_lives(distribution, shape, content["lanes"], own)
    return Drawn(validate(NetworkDescription, content, name), demand)


def drawn_named(name: str) -> Drawn | None:
    """The draw that a name such as `random-7` means; None if it is no such name."""
    found = re.fullmatch(r"([a-z][a-z_]*)-(\d{1,9})", name)
    if found is None or found[1] not in available("distribution"):
        return None
    return _kept(found[1], int(found[2]))


@lru_cache(KEPT)
def _kept(distribution: str, number: int) -> Drawn:
    return draw(load_distribution(distribution), number)


def _content(
    ranges: NetworkDistribution, shape: Shape, flow: Mapping[str, float], skus: int, number: int, chance: Chance
) -> dict[str, Any]:
    value, volume = chance.amount(ranges.unit_value_usd), chance.amount(ranges.volume_m3)
    density, markup = chance.amount(ranges.density_kg_per_m3), chance.amount(ranges.markup)
    goods = {"value": value, "volume": volume, "density": density, "margin": value * (markup - 1)}
    deviation = chance.amount(ranges.value_deviation)
    mean_m3 = volume * float(np.exp(deviation**2 / 2))
    storage = value / volume
    return {
        "capital_share_per_year": chance.amount(ranges.capital_share_per_year),
        "nodes": {
            name: _node(ranges, shape, name, max(flow[name], LEAST_FLOW), mean_m3, value, storage, chance)
            for name in shape.nodes
        },
        "suppliers": {
            name: {**_place(chance), "production_days": chance.whole(ranges.production_days)}
            for name in shape.suppliers
        },
        "markets": {name: _market(ranges, shape, name, value, chance) for name in shape.market_node},
        "lanes": draw_lanes(ranges, shape, {name: max(flow[name], LEAST_FLOW) for name in shape.nodes}, goods, chance),
        "catalogue": {
            "count": skus,
            "seed": number,
            "unit_value_usd": value,
            "unit_value_log_deviation": deviation,
            "markup": markup,
            "volume_m3": volume,
            "volume_log_deviation": deviation,
            "density_kg_per_m3": density,
            "supplier_shares": {name: 1.0 / len(shape.suppliers) for name in shape.suppliers},
        },
    }


def _place(chance: Chance) -> dict[str, Any]:
    return {
        "country": chance.one_of(COUNTRIES),
        "latitude": rounded(float(chance.rng.uniform(-45, 55))),
        "longitude": rounded(float(chance.rng.uniform(-120, 140))),
    }


def _node(
    ranges: NetworkDistribution,
    shape: Shape,
    name: str,
    flow: float,
    mean_m3: float,
    value: float,
    storage: float,
    chance: Chance,
) -> dict[str, Any]:
    manager = shape.manager.get(name)
    price = chance.amount(ranges.storage) * storage
    peak = chance.happens(ranges.peak_storage_share)
    return {
        **_place(chance),
        **({} if manager is None else {"kind": "fulfilment_centre", "manager": manager}),
        "capacity_m3": rounded(chance.amount(ranges.capacity_days) * flow * mean_m3),
        "dock_m3_per_day": rounded(chance.amount(ranges.dock) * flow * mean_m3),
        "picking_units_per_day": rounded(chance.amount(ranges.picking) * flow),
        "storage_usd_per_m3_day": [rounded(price * month) for month in PEAK] if peak else rounded(price),
        "inbound_usd_per_unit": rounded(chance.amount(ranges.handling) * value),
        "return_usd_per_unit": rounded(chance.amount(ranges.handling) * value),
        "restock_share": rounded(float(chance.rng.uniform(0.6, 1.0))),
    }


def _market(ranges: NetworkDistribution, shape: Shape, name: str, value: float, chance: Chance) -> dict[str, Any]:
    first, *others = shape.market_node[name]
    return {
        "country": chance.one_of(COUNTRIES),
        "channel": "own_site",
        "options": [
            {"node": first, "days": 2},
            *(
                {"node": node, "usd_per_unit": rounded(value * chance.rng.uniform(0.05, 0.4)), "days": 4}
                for node in others
            ),
        ],
        "backlog_share": chance.amount(ranges.backlog_share),
        "backlog_usd_per_unit_day": rounded(0.01 * value),
        "price_factor": rounded(float(chance.rng.uniform(0.9, 1.15))),
        "returns": {"share": chance.amount(ranges.returns)},
    }
