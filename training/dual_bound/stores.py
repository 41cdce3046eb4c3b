"""Stores that stand alone: what a policy has in each, and what a unit costs and saves there.

A node whose market buys nowhere else, that sends nothing on and is supplied from outside alone, lives by itself: what
is left after a day follows from what was there and from the day's demand. Then a unit's worth can be worked out day by
day with the chances of demand itself, where other networks need futures (`penalty.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.planners.costs import add_costs, add_settlement
from entrepot.agents.planners.doubles import doubles
from entrepot.agents.planners.flows import add_flows
from entrepot.agents.planners.instance import Instance, PlannedNetwork, twin_fields
from entrepot.agents.planners.program import LinearProgram
from entrepot.envs.demand.stationary import StationaryDemand
from entrepot.envs.network.description import UNLIMITED
from entrepot.envs.world import World
from entrepot.training.dual_bound.path import Path

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Store:
    """One SKU of a store along a policy's path, over T days of E episodes; units."""

    present: Floats  # [E, T] on hand and at the dock, with the day's arrivals
    before: Floats  # [E, T] that arrive later, before the day's orders
    coming: Floats  # [E, T] that arrive later, after them
    tomorrow: Floats  # [E, T] that arrive on the next day
    sent: Floats  # [E, T, L] over the lanes that lead here
    arrival: Integers  # [E, T, L] day, T or more if after the end
    demand: Floats  # [E, T]
    keep: Floats  # [E, T] USD of a unit that is left at a day's end; after the last, less what it is sold off for
    lost: Floats  # [E, T] USD that one more unit saves where demand isn't met
    order: Floats  # [E, T, L] USD of a unit sent
    opening: Floats  # [E] USD of a unit on hand before the first day

    @property
    def longest_lead_days(self) -> int:
        """From an order until it arrives."""
        return int((self.arrival - np.arange(self.arrival.shape[1])[:, None]).max())

    @classmethod
    def along(cls, path: Path, instances: Sequence[Instance], node: int, sku: int) -> Self:
        """Of a policy's path.

        Args:
            path: of E episodes.
            instances: [E] the same days.
            node: where.
            sku: which.
        """
        network = instances[0].network
        lanes = np.flatnonzero(network.lane_destination == node)
        markets = np.flatnonzero(network.option_group[0, node])
        states = [present.state for present in path.presents]
        coming = np.stack([doubles(state.pipeline_by_days()[:, node, sku]) for state in states], axis=1)  # [E, T, H]
        stock = np.stack([doubles((state.on_hand + state.dock)[:, node, sku]) for state in states], axis=1)
        sent = doubles(path.shipped)[:, :, lanes, sku]
        arrival = np.stack([instance.arrival for instance in instances])[:, :, lanes]
        at_once = arrival - np.arange(arrival.shape[1])[:, None] == 1
        before = coming[..., 1:].sum(axis=-1)
        prices = [_prices(instance.for_skus(np.array([sku])), node, lanes, markets) for instance in instances]
        keep, lost, order, opening = (np.stack(each) for each in zip(*prices, strict=True))
        return cls(
            present=stock + coming[..., 0],
            before=before,
            coming=before + sent.sum(axis=-1),
            tomorrow=coming[..., 1] + (sent * at_once).sum(axis=-1),
            sent=sent,
            arrival=arrival,
            demand=np.stack([instance.demand[:, markets, sku].sum(axis=-1) for instance in instances]),
            keep=keep,
            lost=lost,
            order=order,
            opening=opening,
        )


def _prices(instance: Instance, node: int, lanes: Integers, markets: Integers) -> tuple[Floats, ...]:
    """Of one SKU: keep [T], lost [T], order [T, L] and opening, as in `Store`."""
    program = LinearProgram()
    flows = add_flows(program, instance)
    add_costs(program, instance, flows)
    add_settlement(program, instance, flows)
    price, market = program.objective, markets[0]
    received = price[flows.unload[:, node, 0]][:, None]
    return (
        price[flows.on_hand[:, node, 0]],
        price[flows.lost[:, market, 0]] - price[flows.serve[:, 0, market, 0]],
        price[flows.ship[:, lanes, 0]] + received,
        price[flows.opening_on_hand[node, 0]],
    )


def stand_alone(world: World) -> bool:
    """Whether every node is a store that stands alone, of one market, where all that isn't served is lost."""
    if not isinstance(world.demand, StationaryDemand):
        return False
    network, parameters = PlannedNetwork.of(world.parameters), world.parameters
    options = network.option_group.sum(axis=0)  # [N, M]
    limits = [getattr(network, name) for name, source in twin_fields().items() if source.capacity]
    return (
        all(world.demand.chances(market, 1) is not None for market in range(len(network.backlog_share)))
        and bool((options.sum(axis=0) == 1).all() and (options.sum(axis=1) == 1).all())
        and not network.lane_from_node.any()
        and not network.backlog_share.any()
        and not network.return_share.any()
        and parameters.inbound is None
        and world.network.disruption is None
        and all((limit >= float(np.float32(UNLIMITED))).all() for limit in limits)
    )
