"""From a sale to the problem of who serves it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from entrepot.scheduler.allocation.problem import Floats, Problem
from entrepot.scheduler.allocation.terms import Terms
from entrepot.scheduler.events.data import Sale
from entrepot.scheduler.events.quantities import MILLION
from entrepot.scheduler.places import Places


@dataclass(frozen=True)
class Posed:
    """A problem, and whose its lines and nodes are."""

    problem: Problem
    skus: NDArray[np.int64]  # [L]
    nodes: NDArray[np.int64]  # [W]
    arrival_days: Floats  # [W] from today, in the market's days
    late_days: Floats  # [W] after what was promised


def posed(
    places: Places,
    sale: Sale,
    wanted: dict[int, int],
    free: NDArray[np.int64],
    value: Floats,
    terms: Terms,
    now: datetime,
) -> Posed:
    """What serving a sale's lines from each node of its market costs.

    A unit costs its freight and handling, what it is worth where it lies, and for each day that it comes after what was
    promised what a waiting customer costs. Where nothing was promised, what the market's first option takes from the
    day of the order is.

    Args:
        places: of the network.
        sale: whose lines wait.
        wanted: millionths of units by SKU.
        free: [N, S] millionths of units that are spoken for by nobody.
        value: [N, S] USD of a unit where it lies.
        terms: fixed cost and cut-offs.
        now: with an offset.
    """
    arrays = places.names.arrays
    market, option = places.names.markets[sale.market], arrays.option
    ranks = np.flatnonzero(option.exists[:, market])
    nodes, first = np.unique(option.node[ranks, market], return_index=True)  # the cheapest of each node's options
    ranks = ranks[first]
    skus = np.array(sorted(wanted), np.int64)
    days = np.ceil(option.days[ranks, market])
    leaves = np.array([_leaves_in(places, arrays.nodes[node], sale.market, terms, now) for node in nodes.tolist()])
    arrival = leaves + days
    today = places.date_at(sale.market, now)
    if sale.promised is not None:
        promised = (sale.promised - today).days
    else:
        ordered = places.date_at(sale.market, sale.ordered)
        promised = (ordered - today).days + int(np.ceil(option.days[0, market]))
    late = np.maximum(arrival - promised, 0.0)
    usd = (
        option.usd_per_unit[ranks, market]
        + arrays.node.outbound_usd_per_unit[nodes]
        + late * arrays.market.backlog_usd_per_unit_day[market]
        + value[nodes][:, skus].T
    )
    units = np.array([wanted[sku] for sku in skus.tolist()], np.float64) / MILLION
    problem = Problem.of(units, free[nodes][:, skus].T / MILLION, usd, np.full(len(nodes), terms.shipment_usd), arrival)
    return Posed(problem, skus, nodes, arrival, late)


def _leaves_in(places: Places, node: str, market: str, terms: Terms, now: datetime) -> int:
    """Days from the market's today to that on which a node's next parcels leave."""
    zone = places.zone_of(node)
    there = now.astimezone(zone)
    until = datetime.combine(there.date(), terms.by_node.get(node, terms.ships_until), tzinfo=zone)
    day = there.date() if there < until else there.date() + timedelta(days=1)
    return max((day - places.date_at(market, now)).days, 0)
