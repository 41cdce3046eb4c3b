"""What stands where in the tables of an evaluation."""

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from entrepot.agents.policy import Policy
from entrepot.agents.rules import BaseStock, MinMax
from entrepot.command_line.verdict import print_evaluation
from entrepot.envs.world import World
from entrepot.training.evaluation.evaluate import Evaluation, ScenarioSolver, evaluate
from entrepot.training.experiment import EvaluationSettings
from tests.worlds.tiny import tiny_world


@pytest.fixture(scope="module")
def world() -> World:
    return tiny_world()


OTHER = {"min_max": "much", "much": "min_max"}


@pytest.fixture(scope="module")
def judged(world: World) -> Evaluation:
    rules: dict[str, Policy | ScenarioSolver] = {
        "min_max": MinMax(world.attributes),
        "much": BaseStock.midway(world.attributes, 3 * world.attributes.base_cover_days),
    }
    return evaluate(world, rules, EvaluationSettings(episodes=3, days=10, warm_up_days=5))


def printed(judged: Evaluation, world: World) -> str:
    out = Console(file=io.StringIO(), width=160, markup=False)
    print_evaluation(judged, world, {}, out)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def lines_of(text: str) -> list[str]:
    return [line.split("│")[1].strip() for line in text.splitlines() if line.startswith("│")]


def test_the_cost_with_stock_settled_stands_first_and_the_plain_one_below(judged: Evaluation, world: World) -> None:
    labels = lines_of(printed(judged, world))
    assert labels[0] == "total, stock settled"
    assert labels.index("total before settlement") > labels.index("settlement") > labels.index("freight")


def test_parts_that_nobody_pays_are_named_once_and_have_no_row(judged: Evaluation, world: World) -> None:
    by_episode = {name: {**of, "returns_usd_per_day": np.zeros(3)} for name, of in judged.by_episode.items()}
    text = printed(replace(judged, by_episode=by_episode), world)
    assert "returns" not in lines_of(text)
    assert any(line.startswith("nothing was paid for:") and "returns" in line for line in text.splitlines())


def test_a_difference_to_a_policy_that_lost_nothing_is_a_dash_and_no_nan(judged: Evaluation, world: World) -> None:
    by_episode = {name: {**of, "lost_sales_units_per_day": np.zeros(3)} for name, of in judged.by_episode.items()}
    text = printed(replace(judged, by_episode=by_episode), world)
    assert "nan" not in text
    row = next(line for line in text.splitlines() if line.startswith(f"│ {OTHER[str(judged.best_rule)]} "))
    assert row.rstrip("│ ").endswith("–")


def test_the_paired_line_is_that_of_the_cost_with_stock_settled(judged: Evaluation, world: World) -> None:
    (pair,) = judged.told_pairs()
    best = str(judged.best_rule)
    ours, theirs = (judged.by_episode[name]["settled_cost_usd_per_day"].mean() for name in (OTHER[best], best))
    assert pair["settled_cost_ratio"] == pytest.approx(ours / theirs)
    text = printed(judged, world)
    row = next(line for line in text.splitlines() if line.startswith(f"│ {OTHER[str(judged.best_rule)]} "))
    assert f"{ours / theirs - 1:+.1%}" in row.split("│")[3]
