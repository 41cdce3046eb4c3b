"""The small network, its scenarios and what is seen of it."""

import torch

from entrepot.envs.demand import Split
from entrepot.envs.demand.settings import DemandSettings
from entrepot.envs.observe.reading import EVERYTHING
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.opening import stocked_state
from entrepot.envs.twin import Day, Scenario, State, draw_scenario
from entrepot.envs.world import World, build_world


def tiny_world(network: str = "two_warehouses", skus: int | None = None, *, observation: str | None = None) -> World:
    return build_world(network, DemandSettings(), skus=skus, observation=observation)


def tiny_scenario(
    world: World, *, episodes: int = 3, days: int = 14, seed: int = 0, dtype: torch.dtype = torch.float32
) -> Scenario:
    return draw_scenario(
        world.network, world.demand, episodes=episodes, days=days, split=Split.TRAIN, seed=seed, dtype=dtype
    )


def first_snapshot(world: World, *, day: int = 0, episodes: int = 3) -> Snapshot:
    """Of a stocked network, on a day of a scenario whose episodes start on different weekdays."""
    opening = stocked_state(world.parameters, world.attributes, episodes=episodes)
    scenario = tiny_scenario(world, episodes=episodes)
    return shown(world, opening, scenario.at(day))


def shown(world: World, state: State, day: Day) -> Snapshot:
    """All that can be known of a state on the first day."""
    simulation = world.simulation()
    return simulation.observe(simulation.begin(state), day, EVERYTHING)
