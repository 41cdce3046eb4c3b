import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.utils.env_checker import check_env
from stable_baselines3.common.env_checker import check_env as check_env_for_sb3

from entrepot.envs.central_planner import CentralPlanner
from entrepot.envs.network import load_network
from entrepot.registration import CENTRAL_PLANNER
from tests.poisson_demand import PoissonDemand


def planner(network: str = "two_warehouses", action: str = "cover", render_mode: str | None = None) -> CentralPlanner:
    description = load_network(network, skus=3)
    return CentralPlanner(description, PoissonDemand.of(description), 20, action=action, render_mode=render_mode)


@pytest.mark.parametrize("action", ["cover", "units", "unit"])
@pytest.mark.parametrize("network", ["two_warehouses", "kreen"])
def test_it_conforms_to_gymnasium_and_stable_baselines(network: str, action: str) -> None:
    check_env(planner(network, action), skip_render_check=True)
    check_env_for_sb3(planner(network, action))


def test_rendering_conforms() -> None:
    description = load_network("two_warehouses", skus=3)
    demand = PoissonDemand.of(description)
    env = gymnasium.make(CENTRAL_PLANNER, network=description, demand=demand, render_mode="rgb_array")
    check_env(env.unwrapped)


def test_gymnasium_makes_it_by_its_id() -> None:
    description = load_network("two_warehouses", skus=3)
    env = gymnasium.make(CENTRAL_PLANNER, network=description, demand=PoissonDemand.of(description), episode_days=5)
    env.reset(seed=1)
    for _ in range(5):
        _, _, terminated, truncated, _ = env.step(np.zeros(9, np.float32))
    assert not terminated
    assert truncated


def test_its_range_spans_no_cover_to_120_days() -> None:
    env = planner()
    world = env.batched
    for value, days in ((-1.0, 0.0), (0.0, 60.0), (1.0, 120.0)):
        env.reset(seed=2)
        expected = world.action.decisions(torch.full((1, 3, 3), days), world.snapshot, world.demand_rate).orders
        env.step(np.full(9, value, np.float32))
        assert world.transition is not None
        torch.testing.assert_close(world.transition.decisions.orders, expected)


def test_its_reward_is_the_mean_of_the_agents() -> None:
    env = planner("kreen")
    env.reset(seed=2)
    _, reward, _, _, info = env.step(env.action_space.sample())
    assert reward == pytest.approx(-info["cost_usd"] / env.batched.reward.scale_usd / 6, rel=1e-5)


def test_an_action_of_another_shape_is_refused() -> None:
    env = planner()
    env.reset(seed=1)
    with pytest.raises(ValueError, match=r"action: shape \(4,\); needed: \(9,\)"):
        env.step(np.zeros(4, np.float32))


def test_it_has_the_same_bounds_whether_in_days_or_in_units_of_the_range() -> None:
    orders = []
    for action in ("cover", "unit"):
        env = planner(action=action)
        env.reset(seed=2)
        env.step(np.full(9, 0.5, np.float32))
        assert env.batched.transition is not None
        orders.append(env.batched.transition.decisions.orders)
    assert torch.equal(*orders)


def test_infos_tell_the_cost_and_the_mask_from_reset_on() -> None:
    env = planner()
    _, info = env.reset(seed=2)
    assert info["cost_usd"] == 0.0
    mask = info["action_mask"]
    assert mask.dtype == np.int8
    env.step(np.ones(9, np.float32))
    assert env.batched.transition is not None
    assert ((env.batched.transition.decisions.orders.flatten().numpy() > 0) <= (mask == 1)).all()


def test_there_is_nothing_to_render_before_reset() -> None:
    with pytest.raises(RuntimeError, match=r"call reset\(\) first"):
        planner(render_mode="rgb_array").render()
