from pathlib import Path

import torch

from entrepot.agents.rules import MinMax
from entrepot.envs.world import World
from entrepot.training.evaluation.validation import Validation, at_levels
from tests.worlds.runs import tiny_experiment
from tests.worlds.tiny import tiny_scenario


def test_levels_scale_demand_episode_by_episode_in_whole_units(world: World) -> None:
    scenario = tiny_scenario(world, episodes=4, days=200)
    raised = at_levels(scenario, (1.0, 1.5), seed=0).demand
    assert torch.equal(raised, raised.round())
    torch.testing.assert_close(raised[0::2], scenario.demand[0::2], rtol=0, atol=0)
    ratio = float(raised[1::2].sum() / scenario.demand[1::2].sum())
    assert 1.45 < ratio < 1.55
    assert (raised[scenario.demand == 0] == 0).all()


def test_validation_is_the_same_each_time(world: World) -> None:
    validation = Validation(tiny_experiment(Path("unused")), world)
    first, again = (validation.of(MinMax(world.attributes)).cost_usd_per_day for _ in range(2))
    assert first == again
