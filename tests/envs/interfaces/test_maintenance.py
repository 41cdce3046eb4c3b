"""Agents that decide, too, when their equipment is maintained."""

from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env
from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, seed_test, state_test

from entrepot.configs.loader import ConfigurationError
from entrepot.envs import warehouse_network_v0
from entrepot.envs.central_planner import CentralPlanner
from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.network import load_network
from entrepot.envs.world import build_world
from tests.poisson_demand import PoissonDemand
from tests.worlds.worn import worn

ACTIONS = ["cover", "units", "unit"]


def settings(**more: Any) -> dict[str, Any]:
    description = worn()
    demand = PoissonDemand.of(description)
    return {"network": description, "demand": demand, "episode_days": 20, "maintenance": True, **more}


@pytest.mark.parametrize("action", ACTIONS)
def test_environments_that_decide_maintenance_conform(action: str) -> None:
    more = settings(action=action, agent_names="numbered")
    parallel_api_test(warehouse_network_v0.parallel_env(**more), num_cycles=50)
    api_test(warehouse_network_v0.env(**more), num_cycles=60)
    state_test(warehouse_network_v0.env(**more), warehouse_network_v0.parallel_env(**more))


def test_the_same_seed_gives_the_same_episodes_with_maintenance() -> None:
    parallel_seed_test(lambda: warehouse_network_v0.parallel_env(**settings()), num_cycles=30)
    seed_test(lambda: warehouse_network_v0.env(**settings(agent_names="numbered")), num_cycles=30)


def test_a_planner_that_decides_maintenance_conforms() -> None:
    env = CentralPlanner(**settings())
    check_env(env, skip_render_check=True)
    assert env.action_space.shape == (3 * 3 + 5,)
    env.reset(seed=1)
    with pytest.raises(ValueError, match=r"needed: \(14,\), lanes × SKUs \+ units"):
        env.step(np.zeros(9, np.float32))


def test_gymnasium_makes_a_planner_that_decides_maintenance() -> None:
    env = gymnasium.make("entrepot/CentralPlanner-v0", disable_env_checker=True, **settings())
    env.reset(seed=1)
    env.step(env.action_space.sample())


@pytest.mark.parametrize("action", ACTIONS)
def test_the_last_numbers_of_an_action_maintain_the_agents_own_units(action: str) -> None:
    env = warehouse_network_v0.parallel_env(**settings(action=action))
    middle = 0.0 if action == "unit" else 0.5
    assert [env.action_space(agent).shape for agent in ("hub", "shop")] == [(3 + 2,), (6 + 3,)]
    env.reset(seed=1)
    actions = {agent: env.action_space(agent).low.copy() for agent in env.agents}
    actions["hub"][-1] = middle
    actions["shop"][-3:] = [1.0, middle - 0.01, 7.0]
    env.step(actions)
    assert env.batched.transition is not None
    assert env.batched.transition.flows.equipment is not None
    assert env.batched.transition.flows.equipment.maintenances.tolist() == [[0, 1, 1, 0, 1]]


def test_a_planner_and_agents_that_decide_the_same_live_through_the_same() -> None:
    agents, planner = warehouse_network_v0.parallel_env(**settings(action="unit")), CentralPlanner(**settings())
    agents.reset(seed=3)
    planner.reset(seed=3)
    planner.batched.reset(3)
    rng = np.random.default_rng(0)
    for _ in range(10):
        actions = {a: rng.uniform(-1, 1, agents.action_space(a).shape).astype(np.float32) for a in agents.agents}
        hub, shop = actions["hub"], actions["shop"]
        agents.step(actions)
        planner.step(np.concatenate([hub[:3], shop[:6], hub[3:], shop[6:]]))
        one, other = agents.batched.state.equipment, planner.batched.state.equipment
        assert one is not None
        assert other is not None
        assert torch.equal(one.age_hours, other.age_hours)
        assert torch.equal(one.maintenances, other.maintenances)


def test_the_mask_leaves_out_units_that_are_being_mended() -> None:
    env = warehouse_network_v0.parallel_env(**settings())
    _, infos = env.reset(seed=1)
    seen = set()
    while env.agents:
        before = env.batched.state.equipment
        assert before is not None
        mask = np.concatenate([infos["hub"]["action_mask"][3:], infos["shop"]["action_mask"][6:]])
        np.testing.assert_array_equal(mask == 1, before.down_hours[0].numpy() <= 0)
        _, _, _, _, infos = env.step({agent: env.action_space(agent).high for agent in env.agents})
        assert env.batched.transition is not None
        assert env.batched.transition.flows.equipment is not None
        np.testing.assert_array_equal(env.batched.transition.flows.equipment.maintenances[0].numpy(), mask)
        seen.update(mask.tolist())
    assert seen == {0, 1}


def test_agents_see_the_wear_of_their_own_units_and_the_rest_as_without_the_option() -> None:
    world = build_world(worn(), PoissonDemand.of(worn()))
    env, plain = (BatchedWarehouseNetwork(world, seed=1, maintenance=on) for on in (True, False))
    names, known = [env.observation.names(agent) for agent in (0, 1)], [env.reset(), plain.reset()]
    assert [name for name in names[0] if name.endswith("/wear")] == ["hub/lifts/1/wear", "hub/lifts/2/wear"]
    assert sum(name.endswith("/mending") for name in names[1]) == 3
    no_orders = torch.zeros(1, env.parameters.lanes, env.parameters.skus)
    for _ in range(12):
        equipment, units = env.state.equipment, world.attributes.units
        assert equipment is not None
        assert units is not None
        for agent in (0, 1):
            seen = dict(zip(names[agent], known[0][0, agent].tolist(), strict=False))
            without = dict(zip(plain.observation.names(agent), known[1][0, agent].tolist(), strict=False))
            wear = {name: seen.pop(name) for name in names[agent] if name.endswith("/wear")}
            mending = {name: seen.pop(name) for name in names[agent] if name.endswith("/mending")}
            own = slice(0, 2) if agent == 0 else slice(2, 5)
            expected = (equipment.age_hours / units.unit_scale_hours)[0, own]
            assert list(wear.values()) == pytest.approx(expected.tolist(), rel=1e-6)
            assert list(mending.values()) == pytest.approx((equipment.down_hours[0, own] / (8, 16)[agent]).tolist())
            assert seen == without
        known = [env.step(no_orders)[0], plain.step(no_orders)[0]]


def test_without_a_decision_the_networks_own_policy_maintains() -> None:
    world = build_world(worn(), PoissonDemand.of(worn()))
    decides, leaves = (BatchedWarehouseNetwork(world, seed=1, maintenance=on) for on in (True, False))
    for env in (decides, leaves):
        env.reset()
        env.step(torch.zeros(1, env.parameters.lanes, env.parameters.skus))
    one, other = decides.state.equipment, leaves.state.equipment
    assert one is not None
    assert other is not None
    assert torch.equal(one.age_hours, other.age_hours)


def test_maintenance_is_refused_where_nothing_wears_and_where_it_is_no_number() -> None:
    plain = load_network("two_warehouses", skus=3)
    for door in (warehouse_network_v0.parallel_env, CentralPlanner):
        with pytest.raises(ConfigurationError, match="maintenance: True; allowed: False, as no equipment"):
            door(plain, PoissonDemand.of(plain), maintenance=True)
    env = warehouse_network_v0.parallel_env(**settings())
    env.reset(seed=1)
    actions = {agent: env.action_space(agent).low.copy() for agent in env.agents}
    actions["shop"][-1] = np.nan
    with pytest.raises(ValueError, match="maintenance: NaN or infinity among it"):
        env.step(actions)
