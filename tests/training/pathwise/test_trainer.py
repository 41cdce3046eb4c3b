"""Real Ray Train on a small network: it finishes, recovers and resumes."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from ray.train import Checkpoint
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from entrepot.training.experiment import ExperimentSettings, compose_experiment
from entrepot.training.pathwise import trainer
from entrepot.training.pathwise.learner import Learner
from entrepot.training.pathwise.settings import PathwiseSettings
from entrepot.training.pathwise.trainer import BEATEN, CHECKPOINT_FILE
from entrepot.training.trainers.iterations import TrainingError
from entrepot.training.trainers.registry import Outcome
from tests.training.assigned import train, world_of
from tests.training.tiny import tiny_overrides


def settings(folder: Path, *more: str) -> ExperimentSettings:
    return compose_experiment([*tiny_overrides(folder), *more])


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[ExperimentSettings, Outcome, list[int]]:
    experiment = settings(tmp_path_factory.mktemp("two_workers"), "compute.workers=2")
    return experiment, *train(experiment)


def test_two_workers_finish_every_iteration_and_leave_a_policy(
    finished: tuple[ExperimentSettings, Outcome, list[int]],
) -> None:
    experiment, outcome, seen = finished
    assert seen == list(range(1, experiment.trainer["iterations"] + 1))
    assert outcome.iterations == experiment.trainer["iterations"]
    assert outcome.seconds_to_beat_base_stock is not None
    weights = torch.load(outcome.policy_file, weights_only=True)["module"]
    assert all(value.isfinite().all() for value in weights.values())


def test_tensorboard_shows_costs_kpis_histograms_and_figures(
    finished: tuple[ExperimentSettings, Outcome, list[int]],
) -> None:
    experiment, _, _ = finished
    log = EventAccumulator(str(experiment.run_folder / "tensorboard"))
    log.Reload()
    tags = log.Tags()
    assert {"train/gradient_norm", "train/learning_rate", "cost_parts_usd_per_day/lost_margin"} <= set(tags["scalars"])
    assert {"validation/fill_rate", "validation_by_node_fill_rate/shop"} <= set(tags["scalars"])
    assert {"stock_and_pipeline", "network"} <= set(tags["images"])


def test_a_worker_killed_in_mid_run_is_replaced_and_every_iteration_is_done(tmp_path: Path) -> None:
    experiment = settings(tmp_path, "trainer.iterations=12")
    killed: list[int] = []

    def kill_once(event: dict[str, Any]) -> None:
        if not killed and event["iteration"] > experiment.validation.every:
            killed.append(event["process"])
            os.kill(event["process"], signal.SIGKILL)

    outcome, seen = train(experiment, report=kill_once)
    assert killed
    assert outcome.iterations == experiment.trainer["iterations"]
    assert set(seen) == set(range(1, experiment.trainer["iterations"] + 1))


def test_an_interrupted_run_resumes_from_its_last_checkpoint_and_knows_when_the_rule_was_beaten(tmp_path: Path) -> None:
    experiment = settings(tmp_path, "trainer.iterations=12", "compute.most_failures=0")
    beaten: list[float] = []

    def kill(event: dict[str, Any]) -> None:
        if BEATEN in event:
            beaten.append(event[BEATEN])
        if event["iteration"] == 3 * experiment.validation.every + 1:  # the first checkpoints are surely kept by now
            os.kill(event["process"], signal.SIGKILL)

    with pytest.raises(TrainingError, match="--resume"):
        train(experiment, report=kill)
    outcome, seen = train(experiment, resume=True)
    assert outcome.iterations == experiment.trainer["iterations"]
    assert min(seen) > 1
    assert outcome.seconds_to_beat_base_stock == beaten[0]


def test_a_checkpoint_that_does_not_say_when_the_rule_was_beaten_is_restored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = settings(tmp_path)
    before, after = (
        Learner(experiment, PathwiseSettings.model_validate(experiment.trainer), world_of(experiment)) for _ in range(2)
    )
    before.step()
    torch.save({**before.state(), "seconds": 5.0}, tmp_path / CHECKPOINT_FILE)
    monkeypatch.setattr("ray.train.get_checkpoint", lambda: Checkpoint.from_directory(str(tmp_path)))
    assert trainer._restore(after, torch.device("cpu")) == (5.0, None)
    assert after.iteration == 1
    torch.testing.assert_close(after.state()["module"], before.state()["module"], rtol=0, atol=0)
