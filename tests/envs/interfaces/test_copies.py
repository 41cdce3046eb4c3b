"""Copied, forked and spawned environments do as they are told, and go on as the original would."""

import copy
import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable
from functools import partial
from typing import Any

import cloudpickle
import gymnasium
import numpy as np
import pytest
import supersuit
import torch
from gymnasium.vector import AsyncVectorEnv, SyncVectorEnv
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv

from entrepot.envs import warehouse_network_v0
from entrepot.envs.central_planner import CentralPlanner
from entrepot.envs.interfaces.warehouse_network import WarehouseNetwork
from entrepot.envs.network import load_network
from entrepot.registration import CENTRAL_PLANNER
from tests.poisson_demand import PoissonDemand

COPIES: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda env: pickle.loads(pickle.dumps(env)),
    "cloudpickle": lambda env: cloudpickle.loads(cloudpickle.dumps(env)),
    "deepcopy": copy.deepcopy,
}
DESCRIPTION = load_network("two_warehouses", skus=2)
SETTINGS: dict[str, Any] = {
    "network": DESCRIPTION,
    "demand": PoissonDemand.of(DESCRIPTION),
    "episode_days": 6,
    "warm_up_days": 3,
}


def parallel(**more: Any) -> WarehouseNetwork:
    return warehouse_network_v0.parallel_env(**SETTINGS, **more)


def planner() -> CentralPlanner:
    return CentralPlanner(**SETTINGS)


def actions(env: WarehouseNetwork, day: int) -> dict[str, Any]:
    rng = np.random.default_rng(day)
    return {agent: rng.uniform(0, 90, env.action_space(agent).shape).astype(np.float32) for agent in env.agents}


@pytest.fixture
def woken_threads() -> Any:
    """A process whose torch has two threads and has used them, as by default on any machine of several cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    torch.ones(1 << 18).add(1.0).sum()
    yield
    torch.set_num_threads(before)


def assert_same(one: Any, other: Any) -> None:
    for first, second in zip(one, other, strict=True):
        assert first.keys() == second.keys()
        for key in first:
            np.testing.assert_equal(first[key], second[key])


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_goes_on_bit_for_bit_in_the_middle_of_an_episode_and_after_it(name: str) -> None:
    env = parallel(seed=3)
    env.reset()
    for day in range(2):
        env.step(actions(env, day))
    twin = COPIES[name](env)
    for day in range(2, 6):
        chosen = actions(env, day)
        assert_same(env.step(chosen), twin.step(chosen))
        np.testing.assert_array_equal(env.state(), twin.state())
    assert_same(env.reset(), twin.reset())
    assert_same(env.step(actions(env, 9)), twin.step(actions(env, 9)))


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_obeys_and_leaves_the_original_alone(name: str) -> None:
    env = parallel()
    env.reset(seed=1)
    kept = env.batched.state.pipeline.clone()
    ordered = []
    for cover in (0.0, 100.0):
        twin = COPIES[name](env)
        twin.step({agent: np.full(twin.action_space(agent).shape, cover, np.float32) for agent in twin.agents})
        ordered.append(float(twin.batched.transition.decisions.orders.sum()))
    assert ordered[0] == 0 < ordered[1]
    assert torch.equal(env.batched.state.pipeline, kept)


@pytest.mark.parametrize("name", COPIES)
def test_a_copied_planner_goes_on_bit_for_bit(name: str) -> None:
    env = planner()
    env.reset(seed=3)
    rng = np.random.default_rng(0)
    env.step(rng.uniform(-1, 1, env.action_space.shape).astype(np.float32))
    twin = COPIES[name](env)
    for _ in range(5):
        action = rng.uniform(-1, 1, env.action_space.shape).astype(np.float32)
        for one, other in zip(env.step(action), twin.step(action), strict=True):
            np.testing.assert_equal(one, other)
    np.testing.assert_array_equal(env.reset()[0], twin.reset()[0])


def test_a_copied_agent_by_agent_environment_obeys() -> None:
    env = warehouse_network_v0.env(**SETTINGS)
    env.reset(seed=1)
    twin = copy.deepcopy(env)
    for each in (env, twin):
        for agent in list(each.agents):
            each.step(each.action_space(agent).high)
        assert each.unwrapped.batched.transition.decisions.orders.sum() > 0


def test_copies_of_an_environment_without_a_seed_live_through_scenarios_of_their_own() -> None:
    env = parallel()
    twins = [pickle.loads(pickle.dumps(env)) for _ in range(2)]
    for twin in twins:
        twin.reset()
    assert not torch.equal(twins[0].batched.scenario.demand, twins[1].batched.scenario.demand)
    seeded = parallel(seed=5)
    first, second = (copy.deepcopy(seeded) for _ in range(2))
    assert_same(first.reset(), second.reset())


def test_a_copy_carries_a_scenario_once_and_not_again_for_each_of_its_days() -> None:
    env = parallel()
    env.reset(seed=1)
    scenario = env.batched.scenario
    size = sum(getattr(scenario, name).nbytes for name in ("demand", "delay_days", "season_ahead", "rounding"))
    assert len(pickle.dumps(scenario)) < 3 * size + 10_000


def _live_on(env: WarehouseNetwork, channel: Any) -> None:
    channel.send((env.step(actions(env, 2)), torch.get_num_threads()))
    channel.close()


# Each child that isn't forked imports torch anew: of the two other methods, one is tried here and one below. Both are
# sent tensors by torch's own means, which share memory instead of copying it.
@pytest.mark.parametrize("method", ["fork", pytest.param("forkserver", marks=pytest.mark.slow)])
@pytest.mark.usefixtures("woken_threads")
def test_another_process_goes_on_with_an_environment_that_has_been_stepped(method: str) -> None:
    env = parallel()
    env.reset(seed=1)
    env.step(actions(env, 1))
    context: Any = multiprocessing.get_context(method)
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=_live_on, args=(env, sender))
    child.start()
    assert receiver.poll(60), "the child hangs"
    result, threads = receiver.recv()
    child.join()
    assert_same(result, env.step(actions(env, 2)))
    if method == "fork":
        assert threads == 1
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("woken_threads")
def test_a_forked_child_can_compile_step_and_use_torch_on_its_own() -> None:
    parallel().reset(seed=1)
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        env = warehouse_network_v0.parallel_env("two_warehouses", episode_days=2)
        env.reset(seed=1)
        env.step(actions(env, 0))
        busy = torch.ones(512, 512)
        os._exit(0 if float((busy @ busy).sum()) > 0 else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.parametrize(
    "vectorised",
    [
        SyncVectorEnv,
        AsyncVectorEnv,
        *(
            pytest.param(partial(AsyncVectorEnv, context=method), marks=pytest.mark.slow, id=method)
            for method in ("forkserver", "spawn")
        ),
    ],
)
@pytest.mark.usefixtures("woken_threads")
def test_gymnasiums_vector_environments_obey(vectorised: Any) -> None:
    planner().reset(seed=0)
    env = vectorised([planner, planner])
    try:
        env.reset(seed=[4, 4])
        _, rewards, _, _, infos = env.step(np.stack([np.full(6, -1.0), np.full(6, 1.0)]).astype(np.float32))
        assert rewards[0] > rewards[1]  # what is ordered costs freight today and sells later
        assert infos["cost_usd"][0] < infos["cost_usd"][1]
        assert infos["action_mask"].shape == (2, 6)
    finally:
        env.close()


def test_gymnasium_vectorises_it_by_its_id() -> None:
    env = gymnasium.make_vec(CENTRAL_PLANNER, num_envs=2, vectorization_mode="async", **SETTINGS)
    try:
        observations, _ = env.reset(seed=4)
        assert not np.array_equal(observations[0], observations[1])
    finally:
        env.close()


@pytest.mark.parametrize(
    "method", ["dummy", "fork", *(pytest.param(name, marks=pytest.mark.slow) for name in ("forkserver", "spawn"))]
)
@pytest.mark.usefixtures("woken_threads")
def test_stable_baselines_vector_environments_obey(method: str) -> None:
    made = [planner]
    env = DummyVecEnv(made) if method == "dummy" else SubprocVecEnv(made, start_method=method)
    try:
        env.seed(4)
        env.reset()
        few, many = (np.full((1, 6), value, np.float32) for value in (-1.0, 1.0))
        _, idle, _, _ = env.step(few)
        env.seed(4)
        env.reset()
        _, busy, _, _ = env.step(many)
        assert (idle > busy).all()
    finally:
        env.close()


def test_supersuits_copies_obey_and_differ() -> None:
    padded = supersuit.pad_action_space_v0(parallel(action="unit"))
    rows = supersuit.concat_vec_envs_v1(supersuit.pettingzoo_env_to_vec_env_v1(padded), 2, base_class="gymnasium")
    observations, _ = rows.reset()
    assert not np.array_equal(observations[:2], observations[2:])
    rows.reset(seed=5)
    _, _, _, _, infos = rows.step(np.repeat([[-1.0], [-1.0], [1.0], [1.0]], 4, axis=1).astype(np.float32))
    cost = [info["cost_usd"] for info in infos]
    assert sum(cost[:2]) < sum(cost[2:])
