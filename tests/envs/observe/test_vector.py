from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.network import load_network
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.observe.vector import OBSERVATION_BOUND
from entrepot.envs.order_up_to import demand_rate
from entrepot.envs.world import build_world
from tests.poisson_demand import PoissonDemand


@pytest.fixture(scope="module")
def world() -> BatchedWarehouseNetwork:
    description = load_network("kreen", skus=3)
    world = BatchedWarehouseNetwork(
        build_world(description, PoissonDemand.of(description)), environments=2, episode_days=60, seed=5
    )
    world.reset()
    for _ in range(20):
        world.step(torch.full((2, world.parameters.lanes, 3), 30.0))
    return world


def observed(world: BatchedWarehouseNetwork, snapshot: Snapshot) -> Tensor:
    rate = demand_rate(world.attributes, snapshot)
    return world.observation.by_agent(world.observation.features(snapshot, rate))


def named(world: BatchedWarehouseNetwork, observations: Tensor, agent: str) -> dict[str, float]:
    index = world.agents.index(agent)
    return dict(zip(world.observation.names(index), observations[0, index].tolist(), strict=False))


def test_every_agent_has_its_own_nodes_lanes_and_what_their_origins_publish(world: BatchedWarehouseNetwork) -> None:
    network = world.network
    for index, agent in enumerate(world.agents):
        seen = {name.split("/")[0] for name in world.observation.names(index) if "/" in name}
        nodes = {network.nodes[node] for node in np.flatnonzero(network.node.agent == index)}
        lanes = np.flatnonzero(network.lane.agent == index)
        published = {network.endpoints[network.lane.origin[lane]] for lane in lanes} & set(network.nodes)
        assert seen == nodes | {network.lanes[lane] for lane in lanes} | published, agent


def test_places_beyond_an_agents_width_are_zero(world: BatchedWarehouseNetwork) -> None:
    observations = observed(world, world.snapshot)
    assert observations.shape == (2, 6, world.observation.width)
    assert observations.dtype == torch.float32
    for index, width in enumerate(world.observation.widths):
        assert (observations[:, index, width:] == 0).all()
        assert (observations[:, index, :width] != 0).any()


def test_stock_is_told_as_the_logarithm_of_days_of_cover(world: BatchedWarehouseNetwork) -> None:
    values = named(world, observed(world, world.snapshot), "hamburg")
    node = world.network.nodes.index("hamburg")
    days = world.snapshot.on_hand[0, node, 1] / demand_rate(world.attributes, world.snapshot)[0, node, 1]
    assert values["hamburg/sku-00002/on_hand_cover"] == pytest.approx(np.log1p(days.item() / 14), abs=1e-6)


def test_an_agent_does_not_see_stock_of_places_it_has_no_lane_from(world: BatchedWarehouseNetwork) -> None:
    on_hand = world.snapshot.on_hand.clone()
    on_hand[:, world.network.nodes.index("fba_de")] += 500
    before, after = observed(world, world.snapshot), observed(world, replace(world.snapshot, on_hand=on_hand))
    changed = {agent for agent, same in zip(world.agents, (before == after).all(dim=2)[0], strict=True) if not same}
    assert changed == {"hamburg"}


def test_a_slow_and_a_fast_sku_with_the_same_cover_look_alike_but_for_their_rate() -> None:
    description = load_network("two_warehouses", skus=2)
    slow, fast = (
        BatchedWarehouseNetwork(build_world(description, PoissonDemand.of(description, rate)), environments=1, seed=1)
        for rate in (2.0, 200.0)
    )
    views = []
    for world in (slow, fast):
        world.reset()
        rate = demand_rate(world.attributes, world.snapshot)
        same_cover = replace(world.snapshot, on_hand=10 * rate, dock=rate, in_transit=20 * rate)
        views.append(named(world, observed(world, same_cover), "shop"))
    # How full the shelves are is told in m³, whatever the demand.
    differing = {name.split("/")[-1] for name in views[0] if views[0][name] != pytest.approx(views[1][name], abs=1e-5)}
    assert differing == {"rate", "space_used"}


def test_no_snapshot_however_extreme_leaves_the_bounds(world: BatchedWarehouseNetwork) -> None:
    extreme: dict[str, Any] = {
        name: torch.full_like(value, 1e12)
        for name, value in vars(world.snapshot).items()
        if isinstance(value, Tensor) and name not in ("day_of_year", "weekday")
    }
    for snapshot in (
        replace(world.snapshot, **extreme),
        replace(world.snapshot, demand_fast=0 * extreme["demand_fast"]),
    ):
        observations = observed(world, snapshot)
        assert torch.isfinite(observations).all()
        assert observations.abs().max() <= OBSERVATION_BOUND
