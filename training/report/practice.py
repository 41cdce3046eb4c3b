"""The two practices that the paper compares, and the second without one of its parts at a time.

`passive` is today's practice at its best: min-max on records that are booked late by hand and counted once a year,
reviewed once a week, its two figures tuned; every node by its cheapest way, no help between sister warehouses,
equipment run to failure. `active` is a trained policy that sees each day's demand and may send goods between sisters,
records booked on the day and counted on suspicion, and maintenance by condition. Stock goes wrong alike in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import torch
from torch import Tensor

from entrepot.agents.policy import Policy
from entrepot.agents.rules import MinMax
from entrepot.configs.loader import ConfigurationError
from entrepot.envs.decisions import Decisions
from entrepot.envs.demand import Split
from entrepot.envs.network import NetworkArrays, NetworkDescription, load_network
from entrepot.envs.network.equipment.description import MaintenancePolicy
from entrepot.envs.network.records.description import CountPlan, NodeRecords
from entrepot.envs.observe.reading import Costly
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.snapshot.statistics import opening_square
from entrepot.envs.world import World
from entrepot.training.evaluation.evaluate import evaluate
from entrepot.training.experiment import EvaluationSettings

PASSIVE, ACTIVE = "passive", "active"
ERRORS_OF = "kreen_records"
BOOKINGS = {PASSIVE: (2, CountPlan.YEARLY), ACTIVE: (0, CountPlan.SUSPICION)}
"""Days until hand-kept records are booked, an assumption, and how stock is counted."""
SAFETY_DAYS, LOT_DAYS = (3.0, 7.0, 14.0, 21.0, 35.0), (7.0, 14.0, 28.0, 42.0)
"""Tried for min-max, in all pairs."""


@dataclass(frozen=True)
class Side:
    """A policy in a world; worlds of one report share their scenarios."""

    world: World
    policy: Policy


@dataclass(frozen=True)
class MinMaxTuning:
    """What min-max was tuned to, and on what."""

    safety_days: float
    lot_days: float
    tried: int
    usd_per_day: float
    usual_usd_per_day: float  # with the usual rule of thumb
    safest: tuple[float, float]  # safety and lot of the pair with the fewest stock-outs
    safest_stock_out_ratio: float  # its stock-out rate over that of the cheapest
    safest_cost_ratio: float  # its cost over that of the cheapest


def maintained(described: NetworkDescription, how: MaintenancePolicy) -> NetworkDescription:
    """The same network with all equipment kept up in one way."""
    if described.inside is None:
        return described
    warehouses = {
        node: inside.model_copy(
            update={
                "equipment": {
                    name: fleet.model_copy(update={"maintenance": how, "maintenance_age_hours": None})
                    for name, fleet in inside.equipment.items()
                }
            }
        )
        for node, inside in described.inside.warehouses.items()
    }
    return described.model_copy(update={"inside": described.inside.model_copy(update={"warehouses": warehouses})})


def recorded(described: NetworkDescription, side: str) -> NetworkDescription:
    """The same network whose records go wrong, with the bookings and counts of a side.

    The rates of errors are the network's own, those of `kreen_records` where it gives none.
    """
    own = described.records or load_network(ERRORS_OF).records
    assert own is not None
    delay, counts = BOOKINGS[side]

    def booked(node: NodeRecords) -> NodeRecords:
        return node.model_copy(update={"booking_delay_days": delay})

    records = own.model_copy(
        update={
            "every_node": booked(own.every_node),
            "nodes": {name: booked(node) for name, node in own.nodes.items()},
            "counts": counts,
        }
    )
    return described.model_copy(update={"records": records})


def tuned_min_max(world: World, *, episodes: int, seed: int) -> tuple[MinMax, MinMaxTuning]:
    """Min-max with the safety and the lot that cost least on validation scenarios, stock settled."""
    settings = EvaluationSettings(episodes=episodes, days=120, warm_up_days=60, seed=seed)
    pairs = list(product(SAFETY_DAYS, LOT_DAYS))
    rules: Mapping[str, Policy] = {
        f"{safety:g} {lot:g}": MinMax(world.attributes, safety_days=safety, lot_days=lot) for safety, lot in pairs
    }
    with torch.inference_mode():
        rows = evaluate(world, rules, settings, split=Split.VALIDATION).rows()
    cost = [float(row["settled_cost_usd_per_day"]) for row in rows]
    place = int(np.argmin(cost))
    safety, lot = pairs[place]
    rate = [float(row["stock_out_rate"]) for row in rows]
    safest = int(np.argmin(rate))
    tuning = MinMaxTuning(
        safety,
        lot,
        len(pairs),
        cost[place],
        cost[pairs.index((14.0, 28.0))],
        pairs[safest],
        rate[safest] / rate[place] if rate[place] else 1.0,
        cost[safest] / cost[place],
    )
    return MinMax(world.attributes, safety_days=safety, lot_days=lot), tuning


def lateral_lanes(network: NetworkArrays) -> Tensor:
    """[L] whether a lane joins sister warehouses: both ends are nodes, and another lane leads back."""
    origin, destination = np.asarray(network.lane.origin), np.asarray(network.lane.destination)
    ways = set(zip(origin.tolist(), destination.tolist(), strict=True))
    back = [(there, here) in ways for here, there in zip(origin.tolist(), destination.tolist(), strict=True)]
    return torch.as_tensor(np.asarray(back) & (origin < len(network.nodes)))


class WithoutTransfers:
    """A policy whose orders between sister warehouses are not carried out."""

    def __init__(self, policy: Policy, network: NetworkArrays) -> None:
        """Args: the policy; the network.

        Raises:
            ConfigurationError: no lanes join sister warehouses.
        """
        lateral = lateral_lanes(network)
        if not lateral.any():
            raise ConfigurationError("network: has no lanes between sister warehouses, so that none can be left out")
        self.policy, self.reads = policy, policy.reads
        self._kept = (~lateral)[:, None]

    def begin(self, episodes: int) -> None:
        """As the policy does."""
        self.policy.begin(episodes)

    def decide(self, snapshot: Snapshot) -> Decisions:
        """The policy's decisions, but for those orders."""
        made = self.policy.decide(snapshot)
        return replace(made, orders=made.orders * self._kept.to(made.orders))


class WithoutForecasts:
    """A policy that is shown the long run in place of recent demand, and no season."""

    def __init__(self, policy: Policy, attributes: NetworkAttributes) -> None:
        """Args: the policy; attributes of the network."""
        self.policy = policy
        self.reads: frozenset[Costly] = policy.reads
        self._mean = attributes.demand_mean

    def begin(self, episodes: int) -> None:
        """As the policy does."""
        self.policy.begin(episodes)

    def decide(self, snapshot: Snapshot) -> Decisions:
        """The policy's decisions of what it is shown."""
        mean = self._mean.expand_as(snapshot.demand_slow)
        shown = replace(
            snapshot,
            demand_fast=mean,
            demand_slow=mean,
            demand_quarter=mean,
            demand_square=opening_square(mean),
            season_ahead=torch.ones_like(snapshot.season_ahead),
        )
        return self.policy.decide(shown)
