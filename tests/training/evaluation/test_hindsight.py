import numpy as np
import pytest

from entrepot.agents.policy import Policy
from entrepot.agents.rules import BaseStock, MinMax
from entrepot.configs.errors import ConfigurationError
from entrepot.envs.world import World
from entrepot.training.evaluation.evaluate import Evaluation, ScenarioSolver, evaluate
from entrepot.training.evaluation.hindsight import Hindsight, refuse_known_opening
from entrepot.training.experiment import EvaluationSettings
from tests.worlds.tiny import tiny_world


def judged(world: World, settings: EvaluationSettings) -> Evaluation:
    policies: dict[str, Policy | ScenarioSolver] = {
        "min_max": MinMax(world.attributes),
        "base_stock": BaseStock.midway(world.attributes, world.attributes.base_cover_days),
        "much": BaseStock.midway(world.attributes, 3 * world.attributes.base_cover_days),
        "nothing": BaseStock.midway(world.attributes, 0 * world.attributes.base_cover_days),
        "hindsight": Hindsight(processes=1),
        "hindsight_joint": Hindsight(joint=True),
    }
    return evaluate(world, policies, settings)


@pytest.mark.parametrize("warm_up_days", [0, 15])
def test_no_policy_costs_less_settled_than_hindsight_in_any_episode(world: World, warm_up_days: int) -> None:
    settings = EvaluationSettings(episodes=3, days=30, warm_up_days=warm_up_days, seed=3)
    settled = {
        name: figures["settled_cost_usd_per_day"] for name, figures in judged(world, settings).by_episode.items()
    }
    bound = settled.pop("hindsight")
    joint = settled.pop("hindsight_joint")
    assert (bound > 0).all()
    assert (bound <= joint + 1e-3).all()
    for cost in settled.values():
        assert (joint < cost).all()


@pytest.mark.parametrize("network", ["kreen_fba", "cold_chain"])
def test_a_bound_is_refused_where_policies_could_lose_what_it_must_keep(network: str) -> None:
    world = tiny_world(network, skus=2 if network == "kreen_fba" else None)
    refuse_known_opening(world, EvaluationSettings(episodes=2, days=5, warm_up_days=1))
    with pytest.raises(ConfigurationError, match=r"--warm-up-days: 0; allowed: 1 or more"):
        refuse_known_opening(world, EvaluationSettings(episodes=2, days=5, warm_up_days=0))


def test_policies_stand_on_the_way_from_practice_to_hindsight(world: World) -> None:
    whole = judged(world, EvaluationSettings(episodes=3, days=20, warm_up_days=10, seed=1))
    rows = {row["policy"]: row for row in whole.rows()}
    assert rows["min_max"]["share_of_way"] == 0.0
    assert rows["hindsight"]["share_of_way"] == 1.0
    cost = {name: row["settled_cost_usd_per_day"] for name, row in rows.items()}
    expected = (cost["min_max"] - cost["base_stock"]) / (cost["min_max"] - cost["hindsight"])
    row = rows["base_stock"]
    assert row["share_of_way"] == pytest.approx(expected)
    assert row["share_of_way_low"] <= expected <= row["share_of_way_high"]


def test_without_the_bound_no_share_is_told(world: World) -> None:
    policies = {"min_max": MinMax(world.attributes)}
    (row,) = evaluate(world, policies, EvaluationSettings(episodes=2, days=5, warm_up_days=5)).rows()
    assert "share_of_way" not in row


def test_the_bounds_parts_add_up_and_it_is_no_policy_to_be_paired(world: World) -> None:
    whole = judged(world, EvaluationSettings(episodes=2, days=10, warm_up_days=5, seed=1))
    figures = whole.by_episode["hindsight"]
    parts = [value for name, value in figures.items() if name.endswith("_usd_per_day") and "cost" not in name]
    np.testing.assert_allclose(np.sum(parts, axis=0), figures["settled_cost_usd_per_day"])
    assert "hindsight" not in {pair[key] for pair in whole.paired() for key in ("policy", "baseline")}
    assert np.isnan(whole.rows()[-1]["cost_usd_per_day"])
    assert "2 scenarios" in whole.effort["hindsight"]
