import warnings
from functools import partial
from inspect import signature
from types import SimpleNamespace
from typing import Any

import hypothesis
import numpy as np
import pytest
import supersuit
import torch
from hypothesis import strategies as st
from pettingzoo.test import (
    api_test,
    max_cycles_test,
    parallel_api_test,
    parallel_seed_test,
    render_test,
    seed_test,
    state_test,
)

from entrepot.configs.loader import ConfigurationError
from entrepot.envs import warehouse_network_v0
from entrepot.envs.network import NetworkDescription, load_network
from tests.poisson_demand import PoissonDemand
from tests.worlds.networks import networks

NETWORKS = ["two_warehouses", "kreen"]
ACTIONS = ["cover", "units", "unit"]


def settings(network: str | NetworkDescription = "two_warehouses", **more: Any) -> dict[str, Any]:
    description = load_network(network, skus=3) if isinstance(network, str) else network
    return {"network": description, "demand": PoissonDemand.of(description), "episode_days": 20, **more}


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("network", NETWORKS)
def test_the_parallel_environment_conforms(network: str, action: str) -> None:
    parallel_api_test(warehouse_network_v0.parallel_env(**settings(network, action=action)), num_cycles=50)


@pytest.mark.parametrize("action", ACTIONS)
def test_the_agent_by_agent_environment_conforms(action: str) -> None:
    api_test(warehouse_network_v0.env(**settings(action=action, agent_names="numbered")), num_cycles=100)


@pytest.mark.parametrize("network", NETWORKS)
def test_it_conforms_with_agents_called_by_their_warehouses_names(network: str) -> None:
    with warnings.catch_warnings():
        # PettingZoo recommends player_0; ours are called los_angeles or hub, as people call them.
        warnings.filterwarnings("ignore", message="We recommend agents to be named in the format")
        api_test(warehouse_network_v0.env(**settings(network)), num_cycles=100)


@pytest.mark.parametrize("network", NETWORKS)
def test_the_same_seed_gives_the_same_episodes(network: str) -> None:
    parallel_seed_test(lambda: warehouse_network_v0.parallel_env(**settings(network)), num_cycles=50)
    seed_test(lambda: warehouse_network_v0.env(**settings(network)), num_cycles=50)


@pytest.mark.parametrize("action", ACTIONS)
def test_the_state_and_the_number_of_cycles_conform(action: str) -> None:
    more = settings(action=action)
    state_test(warehouse_network_v0.env(**more), warehouse_network_v0.parallel_env(**more))
    del more["episode_days"]
    doors = ("env", "parallel_env")
    max_cycles_test(SimpleNamespace(**{name: partial(getattr(warehouse_network_v0, name), **more) for name in doors}))


def test_rendering_conforms() -> None:
    render_test(lambda **mode: warehouse_network_v0.env(**settings(), **mode))


def test_supersuits_wrappers_take_it() -> None:
    padded = supersuit.pad_action_space_v0(warehouse_network_v0.parallel_env(**settings("kreen", action="unit")))
    parallel_api_test(supersuit.agent_indicator_v0(padded), num_cycles=5)


def test_agents_are_the_warehouses() -> None:
    env = warehouse_network_v0.parallel_env(**settings("kreen"))
    assert env.possible_agents == ["dongguan", "yiwu", "los_angeles", "vancouver", "hamburg", "haiphong"]


def test_an_agents_action_is_a_number_for_each_lane_it_owns_and_sku() -> None:
    description = load_network("kreen", skus=3)
    env = warehouse_network_v0.parallel_env(**settings("kreen"))
    owned = [lane for lane in description.lanes if description.manager_of(lane.destination) == "hamburg"]
    assert env.action_space("hamburg").shape == (3 * len(owned),)
    assert (env.action_space("hamburg").high == 120.0).all()


def test_observations_lie_in_their_spaces_on_every_day() -> None:
    env = warehouse_network_v0.parallel_env(**settings("kreen"))
    observations, _ = env.reset(seed=4)
    while env.agents:
        actions = {agent: np.full(env.action_space(agent).shape, 48.0, np.float32) for agent in env.agents}
        observations, _, _, _, _ = env.step(actions)
        assert all(env.observation_space(agent).contains(seen) for agent, seen in observations.items())
        assert env.state_space.contains(env.state())


def test_agent_by_agent_and_parallel_live_through_the_same() -> None:
    parallel = warehouse_network_v0.parallel_env(**settings("kreen"))
    turns = warehouse_network_v0.env(**settings("kreen"))
    parallel.reset(seed=9)
    turns.reset(seed=9)
    rng = np.random.default_rng(0)
    for _ in range(8):
        actions = {a: rng.uniform(0, 60, parallel.action_space(a).shape).astype(np.float32) for a in parallel.agents}
        for agent in parallel.agents:
            assert turns.agent_selection == agent
            turns.step(actions[agent])
        observations, rewards, _, _, _ = parallel.step(actions)
        for agent in parallel.agents:
            np.testing.assert_array_equal(turns.observe(agent), observations[agent])
            assert turns.rewards[agent] == rewards[agent]


def test_observations_that_were_handed_out_stay_as_they_were() -> None:
    env = warehouse_network_v0.parallel_env(**settings())
    first, _ = env.reset(seed=1)
    kept = {agent: seen.copy() for agent, seen in first.items()}
    state = env.state()
    kept_state = state.copy()
    env.step({agent: env.action_space(agent).high for agent in env.agents})
    for agent, seen in first.items():
        np.testing.assert_array_equal(seen, kept[agent])
    np.testing.assert_array_equal(state, kept_state)


def test_numbered_agents_are_the_same_warehouses_in_the_same_order() -> None:
    named, numbered = (
        warehouse_network_v0.parallel_env(**settings("kreen", agent_names=names))
        for names in ("warehouses", "numbered")
    )
    assert numbered.possible_agents == [f"warehouse_{index}" for index in range(6)]
    assert numbered.warehouse_of["warehouse_2"] == "los_angeles"
    one, other = named.reset(seed=1)[0], numbered.reset(seed=1)[0]
    for agent, seen in other.items():
        np.testing.assert_array_equal(seen, one[numbered.warehouse_of[agent]])
    assert named.warehouse_of == {agent: agent for agent in named.possible_agents}


def test_spaces_stand_in_dictionaries_too() -> None:
    env = warehouse_network_v0.parallel_env(**settings())
    for agent in env.possible_agents:
        assert env.observation_spaces[agent] is env.observation_space(agent)
        assert env.action_spaces[agent] is env.action_space(agent)


@pytest.mark.parametrize("action", ACTIONS)
def test_lower_bounds_order_nothing_and_upper_ones_120_days(action: str) -> None:
    env = warehouse_network_v0.parallel_env(**settings(action=action))
    ordered = {}
    for bound in ("low", "high"):
        env.reset(seed=1)
        env.step({agent: getattr(env.action_space(agent), bound) for agent in env.agents})
        assert env.batched.transition is not None
        ordered[bound] = env.batched.transition.decisions.orders
    assert (ordered["low"] == 0).all()
    days = warehouse_network_v0.parallel_env(**settings(action="units" if action == "units" else "cover"))
    days.reset(seed=1)
    days.step({agent: days.action_space(agent).high for agent in days.agents})
    assert days.batched.transition is not None
    assert torch.equal(days.batched.transition.decisions.orders, ordered["high"])


def test_a_unit_action_of_0_is_60_days_of_cover() -> None:
    orders = []
    for action, value in (("unit", 0.0), ("cover", 60.0)):
        env = warehouse_network_v0.parallel_env(**settings(action=action))
        env.reset(seed=1)
        env.step({agent: np.full(env.action_space(agent).shape, value, np.float32) for agent in env.agents})
        assert env.batched.transition is not None
        orders.append(env.batched.transition.decisions.orders)
    assert torch.equal(*orders)


def test_the_mask_says_on_which_cells_an_order_leaves_today() -> None:
    env = warehouse_network_v0.parallel_env(**settings("kreen"))
    _, infos = env.reset(seed=1)
    seen = set()
    for _ in range(8):
        masks = {agent: infos[agent]["action_mask"] for agent in env.agents}
        for agent, mask in masks.items():
            assert mask.dtype == np.int8
            assert mask.shape == env.action_space(agent).shape
        env_before, known = env.batched, env.batched.snapshot
        _, _, _, _, infos = env.step({agent: env.action_space(agent).high for agent in env.agents})
        assert env_before.transition is not None
        orders = env_before.transition.decisions.orders[0].numpy()
        waits = known.lane_wait_days[0].numpy()
        for index, agent in enumerate(env.possible_agents):
            lanes = env_before.action.lanes_of(index)
            assert (orders[lanes].ravel()[masks[agent] == 0] == 0).all()
            departs = np.repeat(waits[lanes] < 0.5, 3) & (env_before.network.lane.carries[lanes].ravel() > 0)
            np.testing.assert_array_equal(masks[agent] == 1, departs)
            seen.update(masks[agent].tolist())
    assert seen == {0, 1}


def test_the_mask_is_that_of_the_action_map_and_can_be_left_out() -> None:
    env = warehouse_network_v0.parallel_env(**settings("kreen"))
    without = warehouse_network_v0.parallel_env(**settings("kreen"), action_mask=False)
    for each in (env, without):
        each.reset(seed=1)
    for _ in range(3):
        actions = {agent: env.action_space(agent).high for agent in env.agents}
        _, rewards, _, _, infos = env.step(actions)
        _, same, _, _, bare = without.step(actions)
        mask = env.batched.action_mask()[0].numpy()
        for index, agent in enumerate(env.possible_agents):
            np.testing.assert_array_equal(infos[agent]["action_mask"], mask[env.batched.action.lanes_of(index)].ravel())
            assert bare[agent] == {"cost_usd": infos[agent]["cost_usd"]}
        assert rewards == same


def test_a_space_is_sampled_under_the_mask() -> None:
    env = warehouse_network_v0.parallel_env(**settings(action="unit"))
    space = env.action_space("shop")
    mask = np.array([1, 0, 1, 0, 0, 0], np.int8)
    drawn = space.sample(mask)
    assert space.contains(drawn)
    assert (drawn[mask == 0] == -1.0).all()
    assert (drawn[mask == 1] > -1.0).all()
    with pytest.raises(ValueError, match=r"mask: shape \(3,\); needed: \(6,\)"):
        space.sample(mask[:3])


def test_an_episode_has_as_many_days_as_either_word_says() -> None:
    made = settings()
    del made["episode_days"]
    assert warehouse_network_v0.parallel_env(**made).max_cycles == 180
    assert warehouse_network_v0.parallel_env(**made, max_cycles=7).batched.episode_days == 7
    assert warehouse_network_v0.parallel_env(**made, max_cycles=7, episode_days=7).batched.episode_days == 7
    for wrong, message in (
        ({"max_cycles": 7, "episode_days": 8}, "max_cycles: 7; allowed with episode_days=8: the same"),
        ({"max_cycles": 0}, "max_cycles: 0; allowed: whole numbers from 1"),
        ({"agent_names": "letters"}, "agent_names: 'letters'; allowed: warehouses, numbered"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            warehouse_network_v0.parallel_env(**made, **wrong)


@pytest.mark.parametrize("call", ["state", "render"])
def test_there_is_nothing_to_see_before_reset(call: str) -> None:
    env = warehouse_network_v0.parallel_env(**settings(render_mode="rgb_array"))
    with pytest.raises(RuntimeError, match=r"there is no episode yet; call reset\(\) first"):
        getattr(env, call)()


def test_all_three_doors_take_the_same_arguments() -> None:
    expected = signature(warehouse_network_v0.parallel_env).parameters
    for door in (warehouse_network_v0.env, warehouse_network_v0.raw_env):
        assert signature(door).parameters == expected


def test_infos_tell_each_agents_cost() -> None:
    env = warehouse_network_v0.parallel_env(**settings())
    _, infos = env.reset(seed=1)
    assert [info["cost_usd"] for info in infos.values()] == [0.0, 0.0]
    _, rewards, _, _, infos = env.step({agent: env.action_space(agent).high for agent in env.agents})
    for agent in env.agents:
        assert infos[agent]["cost_usd"] == pytest.approx(-rewards[agent] * env.batched.reward.scale_usd, rel=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda actions: actions.pop("shop"), "actions: shop: missing; needed: hub, shop"),
        (lambda actions: actions.update(moon=np.zeros(3)), "actions: moon: unknown; allowed: hub, shop"),
        (lambda actions: actions.update(hub=np.zeros(7)), r"actions: hub: shape \(7,\); needed: \(3,\)"),
        (lambda actions: actions.update(hub=np.full(3, np.nan)), "actions: NaN or infinity among them"),
    ],
)
def test_actions_that_cannot_be_taken_are_refused(change: Any, message: str) -> None:
    env = warehouse_network_v0.parallel_env(**settings())
    env.reset(seed=1)
    actions = {agent: env.action_space(agent).high for agent in env.agents}
    change(actions)
    with pytest.raises(ValueError, match=message):
        env.step(actions)


def test_a_step_without_an_episode_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"call reset\(\)"):
        warehouse_network_v0.parallel_env(**settings()).step({})


def test_an_unknown_render_mode_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="render_mode: 'ansi'; allowed: human, rgb_array, or None"):
        warehouse_network_v0.parallel_env(**settings(), render_mode="ansi")


def test_rendering_without_a_mode_is_refused() -> None:
    env = warehouse_network_v0.parallel_env(**settings())
    env.reset(seed=1)
    with pytest.raises(ConfigurationError, match="render_mode: None"):
        env.render()


@hypothesis.settings(max_examples=15, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
@hypothesis.given(networks(), st.integers(0, 9))
def test_random_networks_conform(network: NetworkDescription, seed: int) -> None:
    env = warehouse_network_v0.parallel_env(**settings(network, seed=seed, episode_days=10, team_share=0.5))
    parallel_api_test(env, num_cycles=12)


def test_the_process_keeps_its_number_of_threads() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        env = warehouse_network_v0.parallel_env(**settings())
        env.reset(seed=1)
        with pytest.raises(ValueError, match="NaN"):
            env.step({"hub": np.full(3, np.nan, np.float32), "shop": np.zeros(6, np.float32)})
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


def test_without_arguments_it_is_the_kreen_network_with_32_skus() -> None:
    env = warehouse_network_v0.parallel_env()
    env.reset(seed=1)
    env.step({agent: np.full(env.action_space(agent).shape, 30.0, np.float32) for agent in env.agents})
    assert env.batched.description.name == "kreen"
    assert env.batched.parameters.skus == 32
