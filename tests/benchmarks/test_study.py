"""The study at a toy budget on the small network: what is done stays done, and the page tells what there is."""

import importlib
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.testing import CliRunner

FOLDER = Path(__file__).parents[2] / "benchmarks"
TOY = {
    "evaluation.days": 10,
    "evaluation.warm_up_days": 5,
    "windows.episodes": 4,
    "windows.days": 30,
    "windows.warm_up_days": 10,
    "windows.advance_days": 10,
    "windows.windows_per_segment": 2,
    "base_stock.iterations": 2,
    "validation.episodes": 4,
    "validation.days": 10,
}


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripts find their neighbours as they do when they are run."""
    monkeypatch.syspath_prepend(str(FOLDER))


def script(name: str) -> ModuleType:
    return importlib.import_module(name)


def toy_study(folder: Path) -> Any:
    jobs = script("study_jobs")
    return jobs.Study(
        network="two_warehouses",
        history=None,
        overrides=tuple(f"{key}={value}" for key, value in TOY.items()),
        work=folder / "work",
        results=folder / "results",
        budget=jobs.Budget(
            seeds=1, iterations=2, episodes=2, planner_episodes=2, transfer_episodes=2, ablation_seeds=1
        ),
        other_network="kreen_eight",
        other_demand=None,
        other_skus=5,
    )


def page_of(results: Path, folder: Path) -> str:
    page = folder / "results.md"
    script("study_page").main(results=results, page=page)
    return page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def learnt(cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose `learning` and `transfer` are done."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(FOLDER))
        folder = tmp_path_factory.mktemp("study")
        study = toy_study(folder)
        parts = script("study_parts")
        parts.learning(study)
        parts.transfer(study)
    return folder


@pytest.mark.slow
@pytest.mark.usefixtures("benchmarks")
def test_a_run_is_validated_before_and_after_training(learnt: Path) -> None:
    run = json.loads((learnt / "results" / "runs" / "pathwise-default-seed0.json").read_text(encoding="utf-8"))
    assert [point["iteration"] for point in run["validated"]] == [0, 1, 2]
    assert run["validated"][0]["training_seconds"] == 0.0
    assert run["validated"][-1]["environment_days"] == 2 * TOY["windows.episodes"] * TOY["windows.days"]


@pytest.mark.slow
@pytest.mark.usefixtures("benchmarks")
def test_what_is_done_is_not_done_again(learnt: Path) -> None:
    study = toy_study(learnt)
    saved = study.file("runs/pathwise-default-seed0")
    before = saved.stat().st_mtime_ns

    def again() -> dict[str, Any]:
        raise AssertionError("it was done before")

    assert study.once("runs/pathwise-default-seed0", again)["trainer"] == "pathwise"
    script("study_parts").learning(study)
    assert saved.stat().st_mtime_ns == before


@pytest.mark.slow
@pytest.mark.usefixtures("benchmarks")
def test_figures_without_their_policy_say_what_to_do(learnt: Path, tmp_path: Path) -> None:
    jobs = script("study_jobs")
    study = toy_study(learnt)
    gone = jobs.Trained(tmp_path / "gone", jobs.trained(study, "pathwise", "default", 0).figures)
    with pytest.raises(ValueError, match="delete them to train it anew"):
        gone.load()


@pytest.mark.slow
@pytest.mark.usefixtures("benchmarks")
def test_the_page_tells_saved_figures_and_which_are_missing(learnt: Path, tmp_path: Path) -> None:
    text = page_of(learnt / "results", tmp_path)
    run = json.loads((learnt / "results" / "runs" / "pathwise-default-seed0.json").read_text(encoding="utf-8"))
    assert f"{run['best_cost_usd_per_day']:,.0f}" in text
    assert "8 warehouses, 46 lanes, 32 SKUs" in text
    for part in ("wall_time", "table", "ablations", "scaling"):
        assert f"Not measured yet (`{part}`)" in text
    assert {path.name for path in (tmp_path / "images").iterdir()} == {"results-learning.png", "results-transfer.png"}


@pytest.mark.slow
@pytest.mark.usefixtures("benchmarks")
def test_the_page_names_the_budgets_that_were_spent(learnt: Path, tmp_path: Path) -> None:
    text = page_of(learnt / "results", tmp_path)
    assert "--network two_warehouses" in text
    assert "--history" not in text
    for option in ("--seeds 1", "--iterations 2", "--transfer-episodes 2", "--set base_stock.iterations=2"):
        assert option in text
    assert "--minutes" not in text


@pytest.mark.slow
@pytest.mark.usefixtures("benchmarks")
def test_a_trainer_that_had_more_time_has_a_command_of_its_own(learnt: Path, tmp_path: Path) -> None:
    runs = tmp_path / "results" / "runs"
    runs.mkdir(parents=True)
    run = json.loads((learnt / "results" / "runs" / "pathwise-default-seed0.json").read_text(encoding="utf-8"))
    for trainer, minutes in (("ippo", 5.0), ("mappo", 10.0)):
        content = json.dumps(run | {"trainer": trainer, "limit_minutes": minutes})
        (runs / f"{trainer}-default-seed0.json").write_text(content, encoding="utf-8")
    saved = script("study_page").Saved(tmp_path / "results")
    first, second = re.findall(r"--minutes (\d+)", script("study_page").opening(saved).partition("A job")[0])
    assert (first, second) == ("5", "10")
    assert "rm docs/results/runs/mappo-*.json" in script("study_page").opening(saved)


@pytest.mark.usefixtures("benchmarks")
def test_the_page_of_an_empty_study_draws_nothing(tmp_path: Path) -> None:
    assert page_of(tmp_path / "none", tmp_path).count("Not measured yet") == 6
    assert not (tmp_path / "images").exists()


@pytest.mark.usefixtures("benchmarks")
def test_a_table_from_evaluate_is_adopted(tmp_path: Path) -> None:
    study, parts = toy_study(tmp_path), script("study_parts")
    row = {"policy": "mpc", "cost_usd_per_day": 5.0, "cost_usd_per_day_low": 4.0, "cost_usd_per_day_high": 6.0}
    known = {"network": "kreen", "skus": 32, "demand": "d", "episodes": 2, "days": 3, "warm_up_days": 1}
    file = tmp_path / "table.json"
    file.write_text(json.dumps({"rows": [row], "paired": [], "provenance": known}), encoding="utf-8")
    parts.adopt_table(study, file)
    assert "| mpc | 5 (4–6) |" in page_of(study.results, tmp_path)


@pytest.mark.usefixtures("benchmarks")
def test_an_unknown_part_is_refused_with_what_is_allowed() -> None:
    import typer

    app = typer.Typer()
    app.command()(script("study").main)
    result = CliRunner().invoke(app, ["--only", "everything"], env={"NO_COLOR": "1", "COLUMNS": "200"})
    assert result.exit_code == 2
    assert "learning, wall_time, table" in result.output
