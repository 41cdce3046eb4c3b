"""From `train` to `evaluate` and `export`, as a person would type it, on the small network."""

import json
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from typer.testing import CliRunner

from entrepot.command_line import app
from entrepot.configs.files import write_atomically
from entrepot.training import run as running
from entrepot.training.events import Event, Kind
from entrepot.training.policies import rule_baselines
from entrepot.training.resuming import refuse_another_experiment
from entrepot.training.run_folder import LOCK, MARKER, new_run
from tests.command_line.conftest import Entrepot
from tests.worlds.runs import IN_THIS_PROCESS, tiny_experiment, tiny_overrides


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run's folder, and what its training printed; `tests/test_own_data.py` trains with Ray."""
    folder = tmp_path_factory.mktemp("train")
    arguments = ["train", *tiny_overrides(folder, *IN_THIS_PROCESS), "--json", str(folder / "figures.json")]
    result = CliRunner().invoke(app, arguments, env={"NO_COLOR": "1", "TERM": "dumb", "COLUMNS": "160"})
    assert result.exit_code == 0, result.output
    return folder / "tiny", result.stdout


def test_train_prints_the_table_and_what_to_do_next(trained: tuple[Path, str]) -> None:
    folder, printed = trained
    for words in (
        "min_max",
        "base_stock",
        "tiny",
        "lost margin",
        "Paired differences",
        "figures (cover, trust, season)",
    ):
        assert words in printed
    assert "tensorboard --logdir" in printed
    assert {"policy.pt", "experiment.json", "base_stock.json", "evaluation.json", "tensorboard", "plots"} <= {
        path.name for path in folder.iterdir()
    }


def test_train_writes_the_figures_it_prints_as_json(trained: tuple[Path, str]) -> None:
    folder, _ = trained
    content = json.loads((folder.parent / "figures.json").read_text(encoding="utf-8"))
    assert [row["policy"] for row in content["rows"]] == [*rule_baselines(), "untrained", "tiny"]
    assert content == json.loads((folder / "evaluation.json").read_text(encoding="utf-8"))
    row: dict[str, Any] = content["rows"][-1]
    assert row["cost_usd_per_day_low"] <= row["cost_usd_per_day"] <= row["cost_usd_per_day_high"]
    assert {(pair["policy"], pair["baseline"]) for pair in content["paired"]} >= {("tiny", "base_stock")}


def test_tensorboard_lists_the_run_with_its_final_figures_under_hparams(trained: tuple[Path, str]) -> None:
    folder, _ = trained
    log = EventAccumulator(str(folder / "tensorboard"))
    log.Reload()
    tags = log.Tags()
    assert {"result/cost_usd_per_day", "result/settled_cost_ratio_to_best_rule"} <= set(tags["scalars"])
    # The HPARAMS page is fed by a plugin's summaries, which have no tag among the scalars.
    assert "hparams" in log.summary_metadata["_hparams_/experiment"].plugin_data.plugin_name


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that is to be gone on with."""
    experiment = tiny_experiment(tmp_path_factory.mktemp("begun"))
    with new_run(experiment, {}):
        experiment.save()
    return experiment.run_folder


@pytest.mark.slow
def test_evaluate_takes_a_runs_folder_and_its_export_alike(trained: tuple[Path, str], entrepot: Entrepot) -> None:
    folder, _ = trained
    exported = entrepot("export", folder, "--out", "exported")
    assert exported.exit_code == 0, exported.output
    short = ("--episodes", 3, "--days", 10, "--warm-up-days", 5)
    policies = f"min_max,{folder},exported/tiny"
    result = entrepot("evaluate", "two_warehouses", "--policies", policies, *short, "--json", "f.json", "--plots", "p")
    assert result.exit_code == 0, result.output
    rows = json.loads(Path("f.json").read_text(encoding="utf-8"))["rows"]
    assert [row["policy"] for row in rows] == ["min_max", "tiny", "tiny/0001"]
    assert rows[1]["cost_usd_per_day"] == pytest.approx(rows[2]["cost_usd_per_day"], rel=1e-3)
    assert {path.name for path in Path("p").iterdir()} == {"cost.png", "stock.png"}


def test_export_of_a_folder_without_a_run_says_what_is_expected(entrepot: Entrepot, tmp_path: Path) -> None:
    result = entrepot("export", tmp_path)
    assert result.exit_code == 2
    assert "expected experiment.json and policy.pt" in result.stderr


def test_export_under_a_version_that_exists_is_refused_in_a_line(trained: tuple[Path, str], entrepot: Entrepot) -> None:
    (Path("exported") / "tiny" / "0001").mkdir(parents=True)
    result = entrepot("export", trained[0], "--version", "0001")
    assert result.exit_code == 2
    assert result.stderr.strip() == "exported/tiny/0001: exists, and a version never changes; give another or none"


def test_a_damaged_module_is_refused_in_a_line(entrepot: Entrepot) -> None:
    damaged = Path("exported") / "tiny" / "0001"
    damaged.mkdir(parents=True)
    (damaged / "manifest.json").write_text("{", encoding="utf-8")
    result = entrepot("evaluate", "two_warehouses", "--policies", damaged)
    assert result.exit_code == 2
    assert result.stderr.startswith(str(damaged))
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("seed=9", "seed: 9; the run in {} has 0"),
        ("trainer.iterations=2", "trainer.iterations: 2; the run in {} has 4"),
        ("demand.name=mine.yaml", 'demand.name: "mine.yaml"; the run in {} has null'),
        ("evaluation.warm_up_days=11", "evaluation.warm_up_days: 11; the run in {} has 10"),
        ("compute.storage=stored", 'compute.storage: "stored"; the run in {} has null'),
    ],
)
def test_resume_of_another_experiment_names_the_key_and_both_values(
    change: str, message: str, begun: Path, entrepot: Entrepot
) -> None:
    result = entrepot("train", *tiny_overrides(begun.parent, change), "--resume")
    assert result.exit_code == 2
    may = "give only what may differ (compute, evaluation, and more trainer.iterations), or start anew without --resume"
    assert result.stderr.strip() == f"--resume: {message.format(begun)}; {may}"


def test_resume_may_run_on_another_machine_be_judged_on_more_and_train_longer(begun: Path) -> None:
    more = ("compute.workers=2", "compute.most_failures=9", "evaluation.episodes=8", "trainer.iterations=6")
    refuse_another_experiment(tiny_experiment(begun.parent, *more))


LEFT = ("policy.pt", "evaluation.json", "plots/cost.png", "tensorboard/events.out.tfevents.1")


def earlier_run(folder: Path) -> list[Path]:
    """What a run of the same name left, here and in storage."""
    place = folder / "stored" / "tiny" / "checkpoints"
    files = [*(folder / "tiny" / name for name in LEFT), place / "latest.json"]
    experiment = tiny_experiment(folder, f"compute.storage={folder / 'stored'}", "seed=5")
    with new_run(experiment, {}):
        experiment.save()
    for file in files:
        write_atomically(file, "")
    return files


def test_a_run_begun_anew_and_interrupted_leaves_nothing_of_the_earlier_one(tmp_path: Path) -> None:
    def interrupt(event: Event) -> None:
        if event.kind is Kind.TUNING:
            raise KeyboardInterrupt

    files = earlier_run(tmp_path)
    (tmp_path / "tiny" / "notes.txt").touch()
    (tmp_path / "tiny" / "plots" / "mine.txt").touch()
    experiment = tiny_experiment(tmp_path, f"compute.storage={tmp_path / 'stored'}")
    with pytest.raises(KeyboardInterrupt):
        running.train(experiment, overwrite=True, observe=interrupt)
    assert not [file for file in files if file.exists()]
    left = sorted(path.name for path in (tmp_path / "tiny").iterdir())
    assert left == [LOCK, MARKER, "experiment.json", "notes.txt", "plots"]
    assert [path.name for path in (tmp_path / "tiny" / "plots").iterdir()] == ["mine.txt"]
    assert json.loads((tmp_path / "tiny" / "experiment.json").read_text(encoding="utf-8"))["seed"] == 0


@pytest.mark.parametrize(
    "mistake",
    [
        ["network=nowhere.yaml"],
        ["trainer.learning_rate=-1"],
        ["trainer=ippo", "trainer.clip_range=-1"],
        ["trainer=sb3_ppo", "compute.storage=elsewhere"],
        ["compute.address=127.0.0.1:1", "--overwrite"],
        ["base_stock.path=nowhere", "--overwrite"],
        ["--overwrite", "--resume"],
        [],
    ],
    ids=" ".join,
)
def test_a_run_that_can_not_begin_leaves_the_earlier_one_as_it_is(
    entrepot: Entrepot, tmp_path: Path, mistake: list[str]
) -> None:
    files = earlier_run(tmp_path)
    result = entrepot("train", *tiny_overrides(tmp_path, *mistake))
    assert result.exit_code == 2
    assert all(file.exists() for file in files)
    assert json.loads((tmp_path / "tiny" / "experiment.json").read_text(encoding="utf-8"))["seed"] == 5


def test_a_run_that_is_there_is_removed_only_where_that_is_asked_for(entrepot: Entrepot, tmp_path: Path) -> None:
    folder = earlier_run(tmp_path)[0].parent
    same = tiny_overrides(tmp_path, f"compute.storage={tmp_path / 'stored'}")
    done = entrepot("train", *same)
    assert done.exit_code == 2
    assert "holds a run that is done; give another name, run=NAME, or --overwrite" in done.stderr
    (folder / "evaluation.json").unlink()
    assert "holds a run that was begun; give --resume to go on with it" in entrepot("train", *same).stderr


def test_what_can_not_be_reached_is_told_before_anything_is_tuned(entrepot: Entrepot, tmp_path: Path) -> None:
    done = entrepot("train", *tiny_overrides(tmp_path, "compute.address=127.0.0.1:1"))
    assert done.exit_code == 2
    assert "compute.address: '127.0.0.1:1' can't be reached" in done.stderr
    assert "tuning" not in done.output


def test_a_misspelt_policy_is_told_before_another_one_is_tuned(entrepot: Entrepot) -> None:
    done = entrepot("evaluate", "two_warehouses", "--policies", "base_stock,min_maxx")
    assert done.exit_code == 2
    assert "'min_maxx' is neither a policy" in done.stderr
    assert "tuning" not in done.output


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
