"""What a snapshot shows: its own, whatever the world does next, and nothing that leads back to the world."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.model import observation_model_names
from entrepot.envs.observe.on_the_way import ARRIVING_DAYS, arriving_by_days, due_by_days
from entrepot.envs.observe.reading import EVERYTHING, Costly
from entrepot.envs.observe.snapshot import Snapshot
from entrepot.envs.opening import stocked
from entrepot.envs.simulation import Present, Simulation
from entrepot.envs.twin import Day, State
from entrepot.envs.world import World, build_world
from tests.reachable import reachable, storages
from tests.worlds import tensors_of
from tests.worlds.tiny import tiny_scenario, tiny_world

DAYS = 9


def lived(world: World, *, observation: str = "exact") -> tuple[Simulation, Present, Day]:
    """After some days of any orders."""
    simulation = Simulation.of(world.parameters, world.attributes, observation=observation)
    scenario = tiny_scenario(world, days=DAYS + 1)
    generator = torch.Generator().manual_seed(0)

    def anything(snapshot: Snapshot) -> Decisions:
        return Decisions(torch.randint(0, 9, snapshot.due.shape, generator=generator).float())

    present = simulation.run(stocked(simulation, episodes=3), scenario, anything, days=DAYS)
    return simulation, present, scenario.at(DAYS)


@pytest.mark.parametrize("observation", observation_model_names())
def test_nothing_of_a_snapshot_leads_to_the_state_the_memory_or_the_days_ahead(observation: str) -> None:
    simulation, present, day = lived(tiny_world("kreen_records", 3), observation=observation)
    snapshot = simulation.observe(present, day, EVERYTHING)
    parts = list(reachable(snapshot))
    assert not [part for part in parts if isinstance(part, State | Present | Day)]
    assert not storages(snapshot) & (storages(present) | storages(day))
    assert not storages(snapshot) & storages(simulation.parameters)


@pytest.mark.parametrize("observation", observation_model_names())
def test_what_is_lent_shows_the_same(observation: str) -> None:
    simulation, present, day = lived(tiny_world("kreen_records", 3), observation=observation)
    own, lent = (simulation.observe(present, day, EVERYTHING, lent=lent) for lent in (False, True))
    for name, value in tensors_of(own).items():
        assert torch.equal(value, tensors_of(lent)[name]), name


def test_a_policy_that_writes_into_a_snapshot_changes_no_state() -> None:
    simulation, present, day = lived(tiny_world())
    before = [part.clone() for part in reachable(present) if isinstance(part, Tensor)]
    snapshot = simulation.observe(present, day, EVERYTHING)
    for part in reachable(snapshot):
        if isinstance(part, Tensor):
            part.zero_()
    after = [part for part in reachable(present) if isinstance(part, Tensor)]
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("observation", observation_model_names())
def test_a_snapshot_kept_from_yesterday_stays_what_it_was(observation: str) -> None:
    simulation, present, day = lived(tiny_world("kreen_records", 3), observation=observation)
    kept = simulation.observe(present, day, EVERYTHING)
    copy = kept.mapped(torch.clone)
    plenty = Decisions(torch.full(tuple(kept.due.shape), 50.0))
    for _ in range(3):
        present, _, _ = simulation.live(present, plenty, day)
    assert (simulation.observe(present, day).due != kept.due).any()
    for name, value in tensors_of(kept).items():
        assert torch.equal(value, tensors_of(copy)[name]), name


@pytest.mark.parametrize("part", list(Costly))
def test_a_costly_part_that_nobody_reads_is_not_made_and_asking_for_it_says_how_to(part: Costly) -> None:
    simulation, present, day = lived(tiny_world())
    without = simulation.observe(present, day, EVERYTHING - {part})
    with pytest.raises(ValueError, match=rf"snapshot\.{part}: not made, .* needed: {part} among its `reads`"):
        getattr(without, part)
    reads = frozenset({part})
    assert getattr(simulation.observe(simulation.for_reader(present, reads), day, reads), part).sum() > 0


@pytest.mark.parametrize("network", ["two_warehouses", "kreen"])
def test_the_pipeline_is_told_by_what_arrives_within_so_many_days_and_by_what_is_due(network: str) -> None:
    world = tiny_world(network, skus=2)
    simulation, present, day = lived(world)
    snapshot = simulation.observe(present, day, EVERYTHING)
    assert (snapshot.pipeline > 0).any()
    for place, within in enumerate(ARRIVING_DAYS):
        torch.testing.assert_close(snapshot.arriving[..., place], snapshot.pipeline[..., : within + 1].sum(dim=-1))
    torch.testing.assert_close(snapshot.arriving, arriving_by_days(snapshot.pipeline))
    torch.testing.assert_close(snapshot.due, due_by_days(world.attributes, snapshot.pipeline))


def test_statistics_of_demand_follow_demand() -> None:
    world = tiny_world()
    simulation, present, day = lived(world)
    constant = torch.full_like(simulation.observe(present, day).demand_fast, 3.0)
    memory = simulation.model.begin(present.state)
    for _ in range(400):
        memory = memory.after(constant)
    torch.testing.assert_close(memory.demand_fast, constant, rtol=0.001, atol=0.0)
    torch.testing.assert_close(memory.demand_slow, constant, rtol=0.01, atol=0.01)
    torch.testing.assert_close(memory.demand_square, constant.square(), rtol=0.1, atol=0.0)


def test_an_observation_model_that_is_not_there_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(ConfigurationError, match=r"observation: 'guessed'; allowed: .*exact"):
        build_world("two_warehouses", skus=2, observation="guessed")
