"""The dual bound with exact expectations, against what backward induction knows."""

import importlib
from pathlib import Path

import pytest

from entrepot.training.experiment import EvaluationSettings

ROOT = Path(__file__).parents[2]


def test_with_exact_expectations_the_dual_bound_is_within_2_percent_of_the_optimum_and_not_above_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    exact = importlib.import_module("dual_bound_exact")
    (store,) = (found for found in exact.INSTANCES if found.name == "lost_sales_lead_1_penalty_19")
    row = exact.measured(store, EvaluationSettings(episodes=8, days=40, warm_up_days=10, seed=1))
    assert 0.98 * row["optimum_of_these_days"] < row["dual_low"] < row["optimum_of_these_days"] < row["optimum"]
