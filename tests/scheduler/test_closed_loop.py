from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.slow
def test_with_perfect_information_the_scheduler_costs_what_its_rule_costs_in_the_twin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    perfect, as_live = import_module("live_closed_loop").closed_loop(days=8, skus=2, seeds=1)
    for name in list(sys.modules):
        if name.startswith("live_"):
            del sys.modules[name]
    assert perfect["own_rule_ratio"] == pytest.approx(1.0, abs=1e-5)
    assert (perfect["fallback_share"], as_live["fallback_share"]) == (0, 0)
    assert as_live["cost_usd_per_day"] > 0
