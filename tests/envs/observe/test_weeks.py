"""The last 13 weeks of demand, remembered for those who read them and for nobody else."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from entrepot.envs.interfaces.batched import BatchedWarehouseNetwork
from entrepot.envs.observe.model import observation_model_names
from entrepot.envs.observe.reading import EVERYTHING, NOTHING_COSTLY, Costly
from entrepot.envs.opening import base_cover_rule, stocked
from entrepot.envs.simulation import Lived, Present, Simulation
from entrepot.envs.twin import Day
from tests.reachable import storages
from tests.worlds import tensors_of
from tests.worlds.tiny import tiny_scenario, tiny_world

DAYS, EPISODES, SKUS = 20, 2, 3
READS = frozenset({Costly.WEEKS})


def lived(observation: str, reads: frozenset[Costly] = READS) -> tuple[Simulation, Present, list[Lived], Day]:
    world = tiny_world("kreen_records", SKUS)
    simulation = Simulation.of(world.parameters, world.attributes, observation=observation)
    scenario = tiny_scenario(world, episodes=EPISODES, days=DAYS + 1)
    past: list[Lived] = []
    rule = base_cover_rule(world.attributes)
    opening = stocked(simulation, episodes=EPISODES)
    present = simulation.run(opening, scenario, rule, reads=reads, days=DAYS, watch=past.append)
    return simulation, present, past, scenario.at(DAYS)


def test_weeks_are_the_means_of_seven_days_each_and_of_the_long_run_before_the_first() -> None:
    simulation, present, past, day = lived("exact")
    weeks = simulation.observe(present, day, READS).weeks.numpy()
    mean = simulation.attributes.demand_mean.numpy()
    days = np.broadcast_to(mean, (91, EPISODES, *mean.shape)).copy()
    days[-DAYS:] = np.stack([each.flows.demand.numpy() for each in past])
    np.testing.assert_allclose(weeks, days.reshape(13, 7, *days.shape[1:]).mean(axis=1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("observation", observation_model_names())
def test_what_is_remembered_of_weeks_changes_nothing_else_and_is_not_there_for_who_does_not_read_it(
    observation: str,
) -> None:
    _, without, _, _ = lived(observation, NOTHING_COSTLY)
    simulation, present, _, day = lived(observation)
    names = set(tensors_of(present)) - set(tensors_of(without))
    assert len(names) == 1
    assert names.pop().endswith("days")
    snapshot = simulation.observe(present, day, EVERYTHING)
    assert snapshot.weeks.shape == (13, EPISODES, simulation.parameters.markets, SKUS)
    assert not storages(snapshot) & storages(present)
    others = simulation.observe(without, day, EVERYTHING)
    assert torch.equal(snapshot.demand_quarter, others.demand_quarter)
    with pytest.raises(ValueError, match="weeks"):
        _ = others.weeks


def test_fewer_skus_and_episodes_keep_their_own_weeks() -> None:
    simulation, present, _, day = lived("as_live")
    chosen = torch.tensor([2, 0])
    few = simulation.for_skus(chosen)
    cut = present.for_skus(chosen).episodes_at(slice(1, 2))
    whole = simulation.observe(present, day, READS).weeks
    assert torch.equal(
        few.observe(cut, day.for_skus(chosen).episodes_at(slice(1, 2)), READS).weeks, whole[:, 1:][..., chosen]
    )


def test_a_batched_environment_remembers_its_warm_up() -> None:
    env = BatchedWarehouseNetwork(tiny_world(), environments=2, warm_up_days=14, episode_days=4, seed=0, reads=READS)
    env.reset()
    weeks = env.snapshot.weeks
    assert torch.equal(weeks[0], weeks[1])
    assert not torch.equal(weeks[-1], weeks[0])
