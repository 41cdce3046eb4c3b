"""Levels that move within a scenario."""

import pytest
import torch

from entrepot.envs.world import World
from entrepot.training.levels import at_moving_levels
from tests.worlds.tiny import tiny_scenario, tiny_world

DAYS = 120


@pytest.fixture(scope="module")
def world() -> World:
    return tiny_world("kreen", 4)


def test_where_none_moves_nothing_is_drawn_and_nothing_changes(world: World) -> None:
    scenario, generator = tiny_scenario(world, days=9), torch.Generator().manual_seed(1)
    before = generator.get_state()
    assert at_moving_levels(scenario, 0.0, generator) is scenario
    assert torch.equal(generator.get_state(), before)


def test_about_so_many_move_and_in_all_markets_alike(world: World) -> None:
    scenario = tiny_scenario(world, episodes=200, days=DAYS)
    scenario.demand.fill_(1.0)
    factor = at_moving_levels(scenario, 0.3, torch.Generator().manual_seed(1)).demand
    assert torch.equal(factor, factor[:, :, :1].expand_as(factor))
    moves = (factor[:, :, 0] != factor[:, :1, 0]).any(dim=1)
    assert 0.2 < float(moves.float().mean()) < 0.4


def test_levels_drift_step_are_launched_or_die(world: World) -> None:
    scenario = tiny_scenario(world, episodes=100, days=DAYS)
    scenario.demand.fill_(1.0)
    factor = at_moving_levels(scenario, 1.0, torch.Generator().manual_seed(1)).demand[:, :, 0]
    assert torch.isfinite(factor).all()
    assert (factor >= 0).all()
    first, last, distinct = factor[:, 0], factor[:, -1], (factor.diff(dim=1) != 0).sum(dim=1)
    launched, stepped = first == 0, (distinct == 1) & (first > 0)
    dying, drifting = (first == 1) & (last < 1), distinct == DAYS - 1
    for course in (launched, stepped, dying, drifting):
        assert 0.1 < float(course.float().mean()) < 0.4
