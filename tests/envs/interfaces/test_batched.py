import pickle
from typing import Any

import numpy as np
import pytest
import torch

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.network import load_network
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.order_up_to import demand_rate, orders_from_cover
from entrepot.envs.world import build_world
from tests.poisson_demand import PoissonDemand

NETWORKS = ["two_warehouses", "kreen"]


def world_of(network: str = "two_warehouses", **settings: Any) -> BatchedWarehouseNetwork:
    description = load_network(network, skus=3)
    return BatchedWarehouseNetwork(build_world(description, PoissonDemand.of(description)), **settings)


def cover(world: BatchedWarehouseNetwork, days: float = 30.0) -> torch.Tensor:
    return torch.full((world.environments, world.parameters.lanes, world.parameters.skus), days)


def random_actions(world: BatchedWarehouseNetwork, seed: int) -> torch.Tensor:
    return 60 * torch.rand(cover(world).shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("network", NETWORKS)
def test_a_batch_is_its_environments_one_by_one(network: str) -> None:
    together = world_of(network, environments=3, episode_days=25, warm_up_days=5, seed=7)
    alone = [world_of(network, episode_days=25, warm_up_days=5) for _ in range(3)]
    observations = together.reset()
    for index, single in enumerate(alone):
        first = single.reset(scenario=together.scenario.episodes_at(slice(index, index + 1)))
        torch.testing.assert_close(first[0], observations[index], rtol=1e-5, atol=1e-5)
    for day in range(25):
        actions = random_actions(together, day)
        observations, rewards, _, truncated, _ = together.step(actions)
        for index, single in enumerate(alone):
            own, reward, _, over, _ = single.step(actions[index : index + 1])
            torch.testing.assert_close(own[0], observations[index], rtol=1e-5, atol=1e-5)
            torch.testing.assert_close(reward[0], rewards[index], rtol=1e-5, atol=1e-5)
            assert over[0] == truncated[index] == (day == 24)


def test_the_same_seed_gives_the_same_bits() -> None:
    first, second = (world_of("kreen", environments=2, episode_days=10, seed=3) for _ in range(2))
    assert torch.equal(first.reset(), second.reset())
    for day in range(10):
        for one, other in zip(
            first.step(random_actions(first, day)), second.step(random_actions(second, day)), strict=True
        ):
            if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
                assert torch.equal(one, other)


def test_a_snapshot_kept_from_yesterday_stays_and_writing_into_todays_changes_nothing() -> None:
    env, other = (world_of("kreen", environments=2, episode_days=4, seed=3) for _ in range(2))
    env.reset()
    other.reset()
    kept = env.snapshot
    copy = kept.mapped(torch.clone)
    for day in range(3):
        env.step(random_actions(env, day))
        other.step(random_actions(other, day))
    for name in Snapshot.axes():
        value = getattr(kept, name)
        assert value is None or torch.equal(value, getattr(copy, name)), name
    assert env.snapshot is env.snapshot
    env.snapshot.mapped(lambda value: value.zero_())
    assert torch.equal(env.step(random_actions(env, 3))[0], other.step(random_actions(other, 3))[0])


def test_each_reset_draws_the_next_scenario_and_a_seed_starts_the_series_anew() -> None:
    world = world_of(environments=2, seed=3)
    drawn = []
    for seed in (None, None, 3, None, 4):
        world.reset(seed)
        drawn.append(world.scenario.demand)
    assert torch.equal(drawn[0], drawn[2])
    assert torch.equal(drawn[1], drawn[3])
    assert not torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[2], drawn[4])


@pytest.mark.parametrize("network", NETWORKS)
def test_an_action_in_days_of_cover_orders_up_to_it(network: str) -> None:
    world = world_of(network, environments=2, seed=1)
    world.reset()
    for day in range(10):
        actions, known = random_actions(world, day), world.snapshot
        expected = orders_from_cover(world.attributes, known, actions, demand_rate(world.attributes, known))
        world.step(actions)
        assert world.transition is not None
        assert torch.equal(world.transition.decisions.orders, expected)


def test_an_action_in_units_is_what_is_ordered() -> None:
    world = world_of(environments=2, seed=1, action="units")
    world.reset()
    world.step(cover(world, 17.0))
    assert world.transition is not None
    assert (world.transition.flows.ordered == 17.0).all()


def test_actions_outside_their_bounds_count_as_the_nearest_bound() -> None:
    outside, inside = world_of(seed=1), world_of(seed=1)
    outside.reset()
    inside.reset()
    wild = torch.where(torch.arange(3) == 0, 1e9, -5.0).expand(1, 3, 3)
    for one, other in zip(outside.step(wild), inside.step(wild.clamp(0.0, 120.0)), strict=True):
        if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
            assert torch.equal(one, other)


def test_an_episode_ends_after_its_days_for_all_environments_and_no_step_follows() -> None:
    world = world_of(environments=2, episode_days=3, seed=1)
    world.reset()
    over = [world.step(cover(world))[3].tolist() for _ in range(3)]
    assert over == [[False, False], [False, False], [True, True]]
    with pytest.raises(RuntimeError, match=r"over after 3 days; call reset\(\)"):
        world.step(cover(world))


def test_warm_up_fills_the_pipeline_before_the_first_day() -> None:
    cold, warm = world_of("kreen", seed=1), world_of("kreen", seed=1, warm_up_days=30)
    cold.reset()
    warm.reset()
    assert cold.snapshot.in_transit.sum() == 0
    overseas = [warm.network.nodes.index(name) for name in ("los_angeles", "vancouver", "hamburg")]
    assert (warm.snapshot.in_transit[0, overseas].sum(dim=-1) > 0).all()
    assert warm.day == 0


def test_the_global_state_holds_every_feature_once() -> None:
    world = world_of("kreen", environments=2, seed=1)
    world.reset()
    assert world.global_state().shape == (2, world.observation.size)


def test_without_observations_the_world_is_the_same() -> None:
    seen, unseen = world_of("kreen", seed=1), world_of("kreen", seed=1, with_observations=False)
    seen.reset()
    assert unseen.reset().shape == (1, 6, 0)
    for day in range(5):
        _, rewards, _, _, _ = seen.step(random_actions(seen, day))
        observations, others, _, _, _ = unseen.step(random_actions(unseen, day))
        assert observations.shape == (1, 6, 0)
        assert torch.equal(rewards, others)
    assert torch.equal(seen.global_state(), unseen.global_state())


def test_a_copy_goes_on_like_the_original() -> None:
    world = world_of(seed=1)
    world.reset()
    world.step(cover(world))
    copy = pickle.loads(pickle.dumps(world))
    for day in range(3):
        one, other = world.step(random_actions(world, day)), copy.step(random_actions(copy, day))
        assert torch.equal(one[0], other[0])
        assert torch.equal(one[1], other[1])


def test_there_is_no_scenario_before_reset() -> None:
    with pytest.raises(RuntimeError, match=r"call reset\(\) first"):
        world_of().step(torch.zeros(1, 3, 3))


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (torch.zeros(1, 3), r"actions: shape \(1, 3\); needed: \(1, 3, 3\)"),
        (torch.full((1, 3, 3), float("nan")), "actions: NaN or infinity"),
        (torch.full((1, 3, 3), float("inf")), "actions: NaN or infinity"),
    ],
)
def test_actions_that_cannot_be_taken_are_refused(actions: torch.Tensor, message: str) -> None:
    world = world_of(seed=1)
    world.reset()
    with pytest.raises(ValueError, match=message):
        world.step(actions)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"environments": 0}, "environments: 0; allowed: whole numbers from 1"),
        ({"episode_days": 2.5}, "episode_days: 2.5; allowed: whole numbers from 1"),
        ({"warm_up_days": -1}, "warm_up_days: -1; allowed: whole numbers from 0"),
        ({"action": "litres"}, "action: 'litres'; allowed: cover, units, unit"),
        ({"seed": -1}, "seed: -1; allowed: whole numbers from 0"),
        ({"split": "future"}, "split: 'future'; allowed: train, validation, test"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        world_of(**settings)


def test_a_scenario_of_another_length_is_refused() -> None:
    world, shorter = world_of(seed=1), world_of(seed=1, episode_days=10)
    shorter.reset()
    with pytest.raises(ValueError, match="scenario: 1 episodes of 11 days; needed: 1 of 181"):
        world.reset(scenario=shorter.scenario)


def test_a_seed_below_0_is_refused_and_numpys_integers_are_not() -> None:
    world = world_of()
    with pytest.raises(ConfigurationError, match="seed: -1; allowed: whole numbers from 0"):
        world.reset(-1)
    numpys: Any = np.int64(3)
    assert torch.equal(world.reset(numpys), world_of().reset(3))
