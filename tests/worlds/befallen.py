"""The small network and what befalls it."""

from __future__ import annotations

from typing import Any

import torch

from entrepot.envs.demand import Split
from entrepot.envs.network import load_network
from entrepot.envs.network.disruption.description import disruption_from
from entrepot.envs.twin import Scenario, draw_scenario
from entrepot.envs.world import World
from tests.poisson_demand import PoissonDemand


def befallen(network: str = "two_warehouses", units: float = 30.0, **events: dict[str, Any]) -> World:
    """Two SKUs in a network that events befall; none where none is given."""
    description = load_network(network, skus=2)
    disruption = disruption_from({"name": "tried", "events": events}, source="tried.yaml") if events else None
    return World.of(description, PoissonDemand.of(description, units), disruption=disruption, dtype=torch.float64)


def drawn(world: World, *, episodes: int = 3, days: int = 60, seed: int = 0) -> Scenario:
    """Scenarios of a world."""
    return draw_scenario(
        world.network, world.demand, episodes=episodes, days=days, split=Split.TRAIN, seed=seed, dtype=torch.float64
    )
