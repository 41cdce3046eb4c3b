from __future__ import annotations

import numpy as np
import pytest
import torch

from entrepot.agents.rules import MinMax
from entrepot.envs.demand import Split
from entrepot.envs.twin import draw_scenario
from entrepot.training.evaluation.evaluate import evaluate
from entrepot.training.experiment import EvaluationSettings
from entrepot.training.report.measuring import measured
from entrepot.training.report.practice import Side
from tests.worlds.tiny import tiny_world


def test_a_side_is_measured_as_evaluation_measures_it() -> None:
    world = tiny_world()
    settings = EvaluationSettings(episodes=2, days=12, warm_up_days=20, seed=3)
    scenario = draw_scenario(world.network, world.demand, episodes=2, days=32, split=Split.TEST, seed=3)
    with torch.inference_mode():
        judged = evaluate(world, {"min_max": MinMax(world.attributes)}, settings)
        found = measured(Side(world, MinMax(world.attributes)), scenario, settings)
    for name, values in judged.by_episode["min_max"].items():
        assert found[name] == pytest.approx(values, nan_ok=True)
    parts = sum(found[f"{part}_usd_per_day"] for part in ("freight", "duty", "handling"))
    assert found["moving_usd_per_unit"] * found["units_served_per_day"] == pytest.approx(np.asarray(parts))
    node = world.network.nodes[0]
    assert found[f"{node}:fill_rate"].shape == (2,)
