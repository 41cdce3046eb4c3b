"""From `train` to `evaluate` and `export`, as a person would type it, on the small network."""

import json
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from typer.testing import CliRunner

from entrepot.training.command_line import app
from tests.training.command_line.conftest import Entrepot
from tests.training.tiny import tiny_overrides


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run's folder, and what its training printed."""
    folder = tmp_path_factory.mktemp("train")
    arguments = ["train", *tiny_overrides(folder), "--json", str(folder / "figures.json")]
    result = CliRunner().invoke(app, arguments, env={"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "160"})
    assert result.exit_code == 0, result.output
    return folder / "tiny", result.stdout


def test_train_prints_the_table_and_what_to_do_next(trained: tuple[Path, str]) -> None:
    folder, printed = trained
    for words in ("min_max", "base_stock", "tiny", "lost margin", "Paired differences", "covers, one per lane and SKU"):
        assert words in printed
    assert "tensorboard --logdir" in printed
    assert {"policy.pt", "experiment.json", "base_stock.json", "evaluation.json", "tensorboard", "plots"} <= {
        path.name for path in folder.iterdir()
    }


def test_train_writes_the_figures_it_prints_as_json(trained: tuple[Path, str]) -> None:
    folder, _ = trained
    content = json.loads((folder.parent / "figures.json").read_text(encoding="utf-8"))
    assert [row["policy"] for row in content["rows"]] == ["min_max", "base_stock", "tiny"]
    assert content == json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    row: dict[str, Any] = content["rows"][-1]
    assert row["cost_usd_per_day_low"] <= row["cost_usd_per_day"] <= row["cost_usd_per_day_high"]
    assert {(pair["policy"], pair["baseline"]) for pair in content["paired"]} >= {("tiny", "base_stock")}


def test_tensorboard_lists_the_run_with_its_final_figures_under_hparams(trained: tuple[Path, str]) -> None:
    folder, _ = trained
    log = EventAccumulator(str(folder / "tensorboard"))
    log.Reload()
    tags = log.Tags()
    assert {"result/cost_usd_per_day", "result/cost_ratio_to_base_stock"} <= set(tags["scalars"])
    # The HPARAMS page is fed by a plugin's summaries, which have no tag among the scalars.
    assert "hparams" in log.summary_metadata["_hparams_/experiment"].plugin_data.plugin_name


def test_evaluate_takes_a_runs_folder_and_its_export_alike(trained: tuple[Path, str], entrepot: Entrepot) -> None:
    folder, _ = trained
    exported = entrepot("export", folder, "--out", "exported")
    assert exported.exit_code == 0, exported.output
    short = ("--episodes", 3, "--days", 10, "--warm-up-days", 5)
    policies = f"base_stock,{folder},exported/tiny"
    result = entrepot("evaluate", "two_warehouses", "--policies", policies, *short, "--json", "f.json", "--plots", "p")
    assert result.exit_code == 0, result.output
    rows = json.loads(Path("f.json").read_text(encoding="utf-8"))["rows"]
    assert [row["policy"] for row in rows] == ["base_stock", "tiny", "exported/tiny"]
    assert rows[1]["cost_usd_per_day"] == pytest.approx(rows[2]["cost_usd_per_day"], rel=1e-3)
    assert {path.name for path in Path("p").iterdir()} == {"cost.png", "stock.png"}


def test_export_of_a_folder_without_a_run_says_what_is_expected(entrepot: Entrepot, tmp_path: Path) -> None:
    result = entrepot("export", tmp_path)
    assert result.exit_code == 2
    assert "expected experiment.json and policy.pt" in result.stderr


def test_resume_of_another_experiment_is_refused(trained: tuple[Path, str], entrepot: Entrepot) -> None:
    folder, _ = trained
    result = entrepot("train", *tiny_overrides(folder.parent, "seed=9"), "--resume")
    assert result.exit_code == 2
    assert "--resume: seed differ from those of" in result.stderr


def test_resume_without_a_run_says_how_to_start_one(entrepot: Entrepot, tmp_path: Path) -> None:
    result = entrepot("train", *tiny_overrides(tmp_path / "nowhere"), "--resume")
    assert result.exit_code == 2
    assert "leave --resume away to start one" in result.stderr


def test_a_wrong_key_is_named_with_what_is_allowed(entrepot: Entrepot) -> None:
    result = entrepot("train", "+windows.dayz=3")
    assert result.exit_code == 2
    assert "windows.dayz" in result.stderr


def test_evaluate_refuses_a_policy_it_does_not_know(entrepot: Entrepot) -> None:
    result = entrepot("evaluate", "two_warehouses", "--policies", "nobody")
    assert result.exit_code == 2
    assert "'nobody' is neither a policy" in result.stderr
