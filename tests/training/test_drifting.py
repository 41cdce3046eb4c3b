"""A history whose levels rise, fall and step: the training years' mean is wrong for every SKU in the test months."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from entrepot.agents.rules import BaseStock
from entrepot.envs.demand import Split
from entrepot.envs.demand.history import HistoryDemand
from entrepot.envs.world import World
from entrepot.training.base_stock.starts import read_rule
from entrepot.training.base_stock.tuning import tune_rule
from entrepot.training.evaluation.evaluate import evaluate
from entrepot.training.experiment import BaseStockSettings, EvaluationSettings, WindowsSettings

FOLDER = Path(__file__).parents[2] / "benchmarks"
BRIEF = BaseStockSettings(iterations=12)
WINDOWS = WindowsSettings(episodes=8, days=70, warm_up_days=40, windows_per_segment=2)
SETTINGS = EvaluationSettings(episodes=8, days=90, warm_up_days=60)
MOST_ABOVE_BEST = 1.10
COURSES = 5


@pytest.fixture(scope="module")
def benchmarks() -> Iterator[None]:
    """Scripts find their neighbours as they do when they are run."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(str(FOLDER))
        yield


def script(name: str) -> ModuleType:
    return importlib.import_module(name)


@pytest.fixture(scope="module")
def drifting(benchmarks: None, tmp_path_factory: pytest.TempPathFactory) -> World:
    world: World = script("drifting_history").drifting_world(tmp_path_factory.mktemp("drifting"), skus=COURSES)
    return world


def test_what_was_sold_in_training_is_wrong_in_the_test_months(drifting: World) -> None:
    demand = drifting.demand
    assert isinstance(demand, HistoryDemand)
    rng = np.random.default_rng(0)
    first_day = demand.first_days(200, rng)
    train, test = (
        demand.sample(first_day, 100, split, rng)[:, :, 0].mean(axis=(0, 1)) for split in (Split.TRAIN, Split.TEST)
    )
    steady, rises, falls, up, down = test / train
    assert 0.8 < steady < 1.25
    assert min(rises, up) > 2
    assert max(falls, down) < 0.5


def test_a_rate_of_the_last_quarter_costs_less_there_than_one_of_the_training_years(
    drifting: World,
) -> None:
    known = drifting.attributes
    cover = 1.2 * known.base_cover_days
    policies = {"midway": BaseStock.midway(known, cover), "quarter": BaseStock(known, last_quarter(cover))}
    with torch.inference_mode():
        judged = evaluate(drifting, policies, SETTINGS)
    assert judged.best_rule == "quarter"
    assert judged.pair("midway", "quarter")["settled_cost_ratio_low"] > 1


def last_quarter(cover: torch.Tensor) -> dict[str, torch.Tensor]:
    return BaseStock.midway_figures(cover) | {"trust": torch.tensor([0.0, 0.0, 1.0, 0.0])}


@pytest.mark.slow
def test_a_rule_tuned_with_a_tenth_of_the_budget_keeps_up_with_levels_that_drift(drifting: World) -> None:
    policies: dict[str, Any] = {
        "one_factor": script("rivals_jobs").one_factor(drifting, episodes=4, days=60, factors=8)
    }
    tuned = tune_rule(read_rule("base_stock"), drifting, WINDOWS, BRIEF, seed=1)
    policies["base_stock"] = tuned.agent(drifting.attributes)
    with torch.inference_mode():
        judged = evaluate(drifting, policies, SETTINGS)
    assert judged.pair("base_stock", "one_factor")["settled_cost_ratio"] < MOST_ABOVE_BEST
