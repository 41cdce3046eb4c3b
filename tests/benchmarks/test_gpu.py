"""The GPU's benchmark runs on a CPU too, keeps to its time, and says what it leaves out."""

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module("gpu")


def run(benchmark: ModuleType, file: Path, budget_s: float) -> dict[str, Any]:
    benchmark.main(
        device="cpu",
        environments=[2],
        episodes=[2],
        skus=2,
        window_skus=2,
        window_days=3,
        seconds=0.0,
        budget_s=budget_s,
        compiled=False,
        learners=False,
        json_file=file,
    )
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return told


def test_it_measures_every_part_and_compares_with_the_cpu(
    benchmark: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.import_module("gpu_parity"), "DAYS", 3)
    told = run(benchmark, tmp_path / "gpu.json", 1000.0)
    assert {row["part"] for row in told["rows"]} == {"twin", "batched", "pathwise", "mappo"}
    assert all(row["env_steps_per_s"] > 0 for row in told["rows"])
    for row in told["parity"]:
        # The CPU against itself: nothing in float64, and in float32 what its yardstick says.
        assert row["largest_relative_difference"] == row["of_the_same_on_the_cpu"] or "bfloat16" in row["quantity"]
    assert {each["what"] for each in told["left_out"]} == {"two learners"}


def test_what_does_not_fit_into_the_time_is_left_out_and_told(benchmark: ModuleType, tmp_path: Path) -> None:
    told = run(benchmark, tmp_path / "gpu.json", 0.0)
    assert told["rows"] == [] == told["parity"]
    reasons = {each["what"]: each["why"] for each in told["left_out"]}
    assert reasons["twin, float32, eager, 2 environments"] == "0 s of the time budget were left"
    assert reasons["parity"] == "0 s of the time budget were left"
