from __future__ import annotations

import numpy as np
import pytest
import torch

from entrepot.agents.rules import BaseStock, MinMax
from entrepot.envs.demand import Split
from entrepot.envs.twin import draw_scenario
from entrepot.training.evaluation.evaluate import evaluate
from entrepot.training.experiment import EvaluationSettings
from entrepot.training.report.measuring import Measured, measured
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
    # No lanes join sisters here.
    assert found["supply_response_days"] == pytest.approx(found["replenishment_response_days"])
    node = world.network.nodes[0]
    assert found[f"{node}:fill_rate"].shape == (2,)


@pytest.fixture(scope="module")
def with_amazon() -> Measured:
    """Kreen with Amazon's fees, whose rule also sends goods between sisters."""
    world = tiny_world("kreen_fba", skus=2)
    settings = EvaluationSettings(episodes=2, days=25, warm_up_days=2, seed=3)
    scenario = draw_scenario(world.network, world.demand, episodes=2, days=27, split=Split.TEST, seed=3)
    rule = BaseStock.midway(world.attributes, world.attributes.base_cover_days)
    with torch.inference_mode():
        return measured(Side(world, rule), scenario, settings)


def test_logistics_is_all_cost_but_what_customers_who_are_not_served_make(with_amazon: Measured) -> None:
    assert (with_amazon["placement_usd_per_day"] > 0).all()
    customers = with_amazon["lost_margin_usd_per_day"] + with_amazon["backlog_usd_per_day"]
    logistics = with_amazon["logistics_usd_per_unit"] * with_amazon["units_served_per_day"]
    assert logistics == pytest.approx(with_amazon["cost_usd_per_day"] - customers)


def test_short_ways_between_sisters_make_no_faster_supply(with_amazon: Measured) -> None:
    assert (with_amazon["supply_response_days"] > with_amazon["replenishment_response_days"]).all()
