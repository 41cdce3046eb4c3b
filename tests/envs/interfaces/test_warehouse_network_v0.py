import warnings
from typing import Any

import hypothesis
import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from pettingzoo.test import api_test, parallel_api_test, parallel_seed_test, render_test, seed_test

from entrepot.configs.loader import ConfigurationError
from entrepot.envs import warehouse_network_v0
from entrepot.envs.network import NetworkDescription, load_network
from tests.envs.poisson_demand import PoissonDemand
from tests.strategies import networks

NETWORKS = ["two_warehouses", "kreen"]
ACTIONS = ["cover", "units"]


def settings(network: str | NetworkDescription = "two_warehouses", **more: Any) -> dict[str, Any]:
    description = load_network(network, skus=3) if isinstance(network, str) else network
    return {"network": description, "demand": PoissonDemand.of(description), "episode_days": 20, **more}


def numbered_warehouses() -> NetworkDescription:
    """two_warehouses with names as PettingZoo recommends them."""
    text = load_network("two_warehouses", skus=3).model_dump_json()
    text = text.replace('"hub"', '"warehouse_0"').replace('"shop"', '"warehouse_1"')
    return NetworkDescription.model_validate_json(text)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("network", NETWORKS)
def test_the_parallel_environment_conforms(network: str, action: str) -> None:
    parallel_api_test(warehouse_network_v0.parallel_env(**settings(network, action=action)), num_cycles=50)


@pytest.mark.parametrize("action", ACTIONS)
def test_the_agent_by_agent_environment_conforms(action: str) -> None:
    api_test(warehouse_network_v0.env(**settings(numbered_warehouses(), action=action)), num_cycles=100)


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


def test_rendering_conforms() -> None:
    render_test(lambda **mode: warehouse_network_v0.env(**settings(), **mode))


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


def test_infos_tell_each_agents_cost() -> None:
    env = warehouse_network_v0.parallel_env(**settings())
    env.reset(seed=1)
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
