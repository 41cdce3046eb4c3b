from dataclasses import replace

import pytest
import torch

from entrepot.envs.world import World, build_world
from entrepot.training.base_stock.starts import read_rule
from entrepot.training.base_stock.tuning import tune_rule
from entrepot.training.experiment import BaseStockSettings, WindowsSettings, compose_experiment

ONE_SEGMENT = WindowsSettings(episodes=8, days=60, warm_up_days=10, advance_days=1, windows_per_segment=12)


def test_a_start_at_which_a_fast_lane_is_used_is_found_where_the_textbooks_never_uses_it() -> None:
    experiment = compose_experiment(
        ["network=classic/dual_sourcing_difference_2", "demand=classic/uniform_0_to_4", "run=dual"], name="classic"
    )
    world = build_world(experiment.network, experiment.demand)
    slow_only = replace(read_rule("base_stock"), starts=read_rule("base_stock").starts[:1])

    def loss(*starts: float) -> float:
        settings = experiment.base_stock.model_copy(update={"iterations": 12, "starts": list(starts)})
        windows = experiment.windows.model_copy(update={"episodes": 32})
        seen: list[float] = []
        tuned = tune_rule(slow_only, world, windows, settings, seed=1, progress=lambda _, loss: seen.append(loss))
        assert tuned.iterations == len(seen) == 12 * len(starts)
        return sum(seen[-6:])

    assert loss(1.0, 4.0) < loss(1.0)


@pytest.mark.parametrize("name", ["base_stock", "s_S", "forecast_base_stock"])
def test_every_rule_is_tuned_with_the_same_budget_and_gets_cheaper(world: World, name: str) -> None:
    def losses(learning_rate: float) -> list[float]:
        seen: list[float] = []
        settings = BaseStockSettings(iterations=8, learning_rate=learning_rate)
        tuned = tune_rule(
            read_rule(name), world, ONE_SEGMENT, settings, seed=1, progress=lambda _, loss: seen.append(loss)
        )
        assert tuned.environment_days == 8 * 8 * 60
        assert set(tuned.figures) == set(read_rule(name).rule.tuned)
        assert all(torch.isfinite(value).all() for value in tuned.figures.values())
        return seen

    assert sum(losses(0.1)) < sum(losses(1e-9))
