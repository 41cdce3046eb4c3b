"""Rows of the vectorised environment are what the single environments show."""

from typing import Any

import numpy as np
import pytest
import torch
from stable_baselines3.common.env_checker import check_env
from stable_baselines3.common.vec_env import VecMonitor

from entrepot.envs.interfaces.central_planner import CentralPlanner
from entrepot.envs.world import World
from entrepot.training.sb3.environment import WarehouseVecEnv
from tests.worlds.tiny import tiny_world

ARGUMENTS: dict[str, Any] = {"environments": 3, "episode_days": 5, "warm_up_days": 2}


@pytest.fixture(scope="module")
def world() -> World:
    return tiny_world(skus=2)


def test_the_gymnasium_environment_passes_stable_baselines_own_check(world: World) -> None:
    check_env(CentralPlanner(world.description, world.demand, episode_days=5))


def test_a_central_row_is_what_the_central_planner_shows(world: World) -> None:
    many = WarehouseVecEnv.central(world, **ARGUMENTS | {"environments": 1})
    one = CentralPlanner(world.description, world.demand, episode_days=5, warm_up_days=2)
    rng = np.random.default_rng(0)
    first, _ = one.reset(seed=7)
    rows = many.reset()
    many.batched.reset(scenario=one.batched.scenario)
    rows = many.batched.global_state().numpy()
    np.testing.assert_array_equal(rows[0], first)
    for _ in range(4):
        action = rng.uniform(-1, 1, one.action_space.shape).astype(np.float32)
        seen, reward, _, _, _ = one.step(action)
        rows, rewards, dones, _ = many.step(action[None])
        np.testing.assert_allclose(rows[0], seen, rtol=1e-6)
        assert rewards[0] == pytest.approx(reward, rel=1e-6)
        assert not dones.any()


def test_agents_rows_say_who_they_are_and_order_on_their_own_lanes(world: World) -> None:
    env = WarehouseVecEnv.agents(world, **ARGUMENTS)
    rows = env.reset()
    assert rows.shape == (6, env.batched.observation.width + 2)
    np.testing.assert_array_equal(rows[:, -2:], np.tile(np.eye(2), (3, 1)))
    actions = np.zeros((6, *(env.action_space.shape or ())), np.float32)
    state = env.batched.snapshot
    rate = env.batched.demand_rate
    base = world.attributes.base_cover_days.expand(3, -1, -1)
    expected = env.batched.action.decisions(base, state, rate).orders
    env.step(actions)
    assert env.batched.transition is not None
    torch.testing.assert_close(env.batched.transition.decisions.orders, expected)


def test_an_episodes_end_brings_its_last_observation_and_a_new_beginning(world: World) -> None:
    env = VecMonitor(WarehouseVecEnv.agents(world, **ARGUMENTS))
    env.seed(3)
    env.reset()
    actions = np.zeros((6, *(env.action_space.shape or ())), np.float32)
    for day in range(1, 6):
        rows, _, dones, infos = env.step(actions)
        assert dones.all() == dones.any() == (day == 5)
    assert all(info["TimeLimit.truncated"] for info in infos)
    assert all(info["episode"]["l"] == 5 for info in infos)
    assert not np.array_equal(infos[0]["terminal_observation"], rows[0])
    env.step(actions)


def test_the_same_seed_gives_the_same_series(world: World) -> None:
    series = []
    for _ in range(2):
        env = WarehouseVecEnv.agents(world, **ARGUMENTS)
        env.seed(5)
        env.reset()
        actions = np.zeros((6, *(env.action_space.shape or ())), np.float32)
        series.append(np.stack([env.step(actions)[1] for _ in range(7)]))
    np.testing.assert_array_equal(series[0], series[1])


def test_figures_are_of_the_days_since_they_were_last_taken(world: World) -> None:
    env = WarehouseVecEnv.central(world, **ARGUMENTS)
    env.reset()
    assert env.take_figures() == (0.0, 0.0, 0)
    env.step(np.zeros((3, *(env.action_space.shape or ())), np.float32))
    cost, lost, days = env.take_figures()
    assert env.batched.transition is not None
    assert cost == pytest.approx(float(env.batched.transition.cost_by_agent.sum()) / 3, rel=1e-5)
    assert 0 <= lost <= 1
    assert days == 3


def test_rows_have_no_lives_of_their_own(world: World) -> None:
    env = WarehouseVecEnv.agents(world, **ARGUMENTS)
    assert env.get_attr("batched", [1]) == [env.batched]
    assert env.env_is_wrapped(object) == [False] * 6
    with pytest.raises(NotImplementedError, match="can't differ"):
        env.set_attr("batched", None)
    with pytest.raises(NotImplementedError, match="rows are views"):
        env.env_method("reset")
    with pytest.raises(RuntimeError, match="step_async"):
        WarehouseVecEnv.agents(world, **ARGUMENTS).step_wait()
