import torch

from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.snapshot import ARRIVING_DAYS, snapshot_of
from entrepot.envs.opening import stocked_state
from entrepot.envs.twin import step
from tests.training.tiny import tiny_scenario, tiny_world


def test_the_pipeline_is_told_by_what_arrives_within_so_many_days() -> None:
    world = tiny_world()
    days = 9
    scenario = tiny_scenario(world, days=days + 1)
    state = stocked_state(world.parameters, world.attributes, episodes=3)
    generator = torch.Generator().manual_seed(0)
    for number in range(days):
        orders = torch.randint(0, 9, (3, len(world.network.lanes), len(world.network.skus)), generator=generator)
        state, _, _ = step(world.parameters, state, Decisions(orders.float()), scenario.at(number))
    snapshot = snapshot_of(world.parameters, world.attributes, state, scenario.at(days))
    by_days = snapshot.pipeline_by_days()
    assert (by_days > 0).any()
    for place, within in enumerate(ARRIVING_DAYS):
        torch.testing.assert_close(snapshot.arriving[..., place], by_days[..., : within + 1].sum(dim=-1))
