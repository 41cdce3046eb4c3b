"""A sweep's grammar, and a real one of two trials."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from entrepot.command_line import app
from entrepot.configs.loader import ConfigurationError, configuration_folder
from entrepot.training.events import Event, Figures, Kind
from entrepot.training.experiment import compose_experiment
from entrepot.training.sweeps.sweeping import Sweep
from entrepot.training.sweeps.trial import METRIC, SweepTrial, in_common, run_trial
from entrepot.training.trainers.checkpoints import checkpoint_place
from entrepot.training.trainers.job import Job, Outcome
from entrepot.training.trainers.runs import load_run
from tests.worlds.runs import IN_THIS_PROCESS, tiny_experiment, tiny_overrides


def test_keys_with_several_values_are_told_from_the_rest() -> None:
    sweep = Sweep.parse(
        [
            "seed=3",
            "policy.cell_width=choice(32, 64)",
            "trainer.learning_rate=tag(log, interval(1e-4, 1e-2))",
            "windows.skus=range(4, 16, 4)",
            "trainer.warm_up_share=interval(0.0, 0.2)",
        ]
    )
    assert sweep.shared == ("seed=3",)
    assert sweep.domains["policy.cell_width"].categories == [32, 64]
    assert sweep.domains["windows.skus"].categories == [4, 8, 12]
    rate = sweep.domains["trainer.learning_rate"]
    assert (rate.lower, rate.upper) == (1e-4, 1e-2)
    assert all(1e-4 <= value <= 1e-2 for value in rate.sample(size=20))
    assert sweep.overrides({"policy.cell_width": 64}) == ["seed=3", "policy.cell_width=64"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trainer.iterations=3", "nothing to sweep"),
        ("network=choice(kreen, two_warehouses)", "network: can't be swept"),
        ("seed=choice(0, 1)", "seed: can't be swept"),
        ("validation.episodes=choice(4, 8)", "validation.episodes: can't be swept"),
        ("trainer.learning_rate=interval(1, 0.1)", "the first must be less than the second"),
        ("trainer.learning_rate=tag(log, interval(0, 1))", "both must be above 0"),
        ("trainer.learning_rate=choice(", "trainer.learning_rate"),
    ],
)
def test_what_cant_be_swept_is_refused_by_name(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message.replace("(", r"\(")):
        Sweep.parse([text])


def test_a_key_that_does_not_exist_is_refused_before_any_trial(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["sweep", *tiny_overrides(tmp_path), "policy.celwidth=choice(1,2)"])
    assert result.exit_code == 2
    assert not (tmp_path / "tiny").exists()


SMALL = [*IN_THIS_PROCESS, "trainer.learning_rate=choice(0.001,0.01)"]


def test_a_trial_takes_paths_as_they_were_where_the_sweep_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    relative = ["network=mine.yaml", "demand=ours.yaml", "demand.path='sold (all).csv'", "compute.storage=stored"]
    sweep = Sweep.parse(["folder=runs", "run=few", *relative, "policy.cell_width=choice(8,16)"])
    common = in_common(compose_experiment(sweep.shared))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    experiment = sweep.experiment({"policy.cell_width": 8}, common, "trial_1")
    assert experiment.policy.cell_width == 8
    assert experiment.network == str(tmp_path / "mine.yaml")
    assert experiment.demand.name == str(tmp_path / "ours.yaml")
    assert experiment.demand.path == str(tmp_path / "sold (all).csv")
    assert experiment.run_folder == tmp_path / "runs" / "few" / "trial_1"
    assert checkpoint_place(experiment) == str(tmp_path / "stored" / "few" / "trials" / "trial_1" / "checkpoints")


def test_what_a_trial_reports_last_is_the_cost_of_the_policy_that_it_keeps(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []

    def train(job: Job) -> Outcome:
        for iteration, cost in {0: 1.0, 1: 9.0, 2: 7.0, 3: 8.0, 4: 5.0}.items():
            figures = Figures(cost, 1.0, 1, float(iteration), 0, validation_cost_usd_per_day=cost)
            job.report(Event(Kind.ITERATION, iteration, 4, figures=figures))
        kept = 8.0  # which is told by another score
        return Outcome(job.experiment.run_folder / "policy.pt", 4, kept, 9.0, None)

    run_trial(tiny_experiment(tmp_path), {}, torch.ones(1), 1.0, train=train, tell=told.append)
    assert [(event["iteration"], event[METRIC]) for event in told] == [(1, 9.0), (2, 7.0), (3, 7.0), (4, 8.0)]


def test_a_trial_that_kept_no_policy_stands_behind_those_that_did(tmp_path: Path) -> None:
    trials = {
        name: SweepTrial(tmp_path / name, {}, cost, 1, 1.0)
        for name, cost in {"failed": None, "ended": 1.0, "dear": 3.0, "cheap": 2.0}.items()
    }
    for name in ("cheap", "dear"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "policy.pt").touch()
    ranked = sorted(trials.values(), key=SweepTrial.rank)
    assert [trial.folder.name for trial in ranked] == ["cheap", "dear", "ended", "failed"]


@pytest.fixture(scope="module")
def swept(cluster: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]], str]:
    """Where a sweep of two trials was run that names all its files by relative paths, its rows, and what it printed."""
    place = tmp_path_factory.mktemp("sweep")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        shutil.copy(configuration_folder() / "network" / "two_warehouses.yaml", "mine.yaml")
        shutil.copy(configuration_folder() / "demand" / "calibrated.yaml", "ours.yaml")
        mine = ["network=mine.yaml", "demand=ours.yaml", "compute.storage=stored"]
        arguments = [*tiny_overrides(Path("runs")), *mine, *SMALL]
        result = CliRunner().invoke(app, ["sweep", *arguments, "--trials", "2", "--json", "sweep.json"])
    assert result.exit_code == 0, result.output
    return place, json.loads((place / "sweep.json").read_text())["rows"], result.output


@pytest.mark.slow
def test_a_sweep_finds_files_by_relative_paths(swept: tuple[Path, list[dict[str, Any]], str]) -> None:
    place, rows, _ = swept
    for row in rows:
        assert row["validation_cost_usd_per_day"] is not None
        assert load_run(place / "runs" / "tiny" / row["trial"]).experiment.network == str(place / "mine.yaml")
    assert (place / "stored" / "tiny" / "tune").is_dir()
    assert rows[0]["iterations"] == 4  # the other one may have been ended half way


@pytest.mark.slow
def test_two_trials_are_run_and_the_cheaper_one_stands_first(swept: tuple[Path, list[dict[str, Any]], str]) -> None:
    place, rows, printed = swept
    assert len(rows) == 2
    costs = [row["validation_cost_usd_per_day"] for row in rows]
    assert costs == sorted(costs)
    for row in rows:
        assert row["trainer.learning_rate"] in (0.001, 0.01)
        run = load_run(place / "runs" / "tiny" / row["trial"])
        assert run.experiment.trainer.model_dump()["learning_rate"] == row["trainer.learning_rate"]
    assert rows[0]["trial"] in printed
