"""Real Ray Train on a small network: it finishes, recovers and resumes."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from entrepot.training.events import Event
from entrepot.training.experiment import ExperimentSettings, compose_experiment
from entrepot.training.trainers.job import Outcome, TrainingError
from tests.worlds.runs import tiny_overrides, train

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("cluster")]


def settings(folder: Path, *more: str) -> ExperimentSettings:
    return compose_experiment([*tiny_overrides(folder), *more])


@dataclass(frozen=True)
class Finished:
    """A run of two workers that was interrupted, resumed, and lost a worker on the way."""

    experiment: ExperimentSettings
    interrupted: list[int]  # iterations, as they were told
    beaten: float  # when the rule was, as told before the interruption
    outcome: Outcome
    seen: list[int]  # iterations after it was resumed
    processes: list[int]  # that told them


@pytest.fixture(scope="module")
def finished(cluster: None, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """One for all tests: to start workers takes longer than all that they do here."""
    folder = tmp_path_factory.mktemp("two_workers")
    more = ("compute.workers=2", "trainer.iterations=10", "trainer.lost_sales=0.01")
    once = settings(folder, *more, "compute.most_failures=0")
    every = once.validation.every
    interrupted: list[int] = []
    beaten: list[float] = []
    processes: list[int] = []

    def kill(event: Event) -> None:
        assert event.figures is not None
        interrupted.append(event.done)
        if event.figures.seconds_to_beat_base_stock is not None:
            beaten.append(event.figures.seconds_to_beat_base_stock)
        if event.done == 2 * every + 1:  # the first checkpoint is surely kept by now
            os.kill(event.figures.process, signal.SIGKILL)

    with pytest.raises(TrainingError, match="--resume"):
        train(once, report=kill)
    experiment = settings(folder, *more)

    def kill_once(event: Event) -> None:
        assert event.figures is not None
        processes.append(event.figures.process)
        if len(set(processes)) == 1 and event.done == 3 * every + 1:
            os.kill(processes[0], signal.SIGKILL)

    outcome, seen = train(experiment, resume=True, report=kill_once)
    return Finished(experiment, interrupted, beaten[0], outcome, seen, processes)


def test_two_workers_finish_every_iteration_and_leave_a_policy(finished: Finished) -> None:
    iterations = finished.experiment.trainer.iterations
    assert finished.interrupted[:4] == [1, 2, 3, 4]
    assert {*finished.interrupted, *finished.seen} == set(range(1, iterations + 1))
    assert finished.outcome.iterations == iterations
    weights = torch.load(finished.outcome.policy_file, weights_only=True)["module"]
    assert all(value.isfinite().all() for value in weights.values())


def test_an_interrupted_run_resumes_from_its_last_checkpoint_and_knows_when_the_rule_was_beaten(
    finished: Finished,
) -> None:
    assert min(finished.seen) == finished.seen[0] > 1
    assert (finished.seen[0] - 1) % finished.experiment.validation.every == 0
    assert finished.outcome.seconds_to_beat_base_stock == finished.beaten


def test_a_worker_killed_in_mid_run_is_replaced_and_every_iteration_is_done(finished: Finished) -> None:
    first, last = list(dict.fromkeys(finished.processes))
    again = finished.processes.index(last)
    assert set(finished.processes[:again]) == {first}
    assert set(finished.processes[again:]) == {last}
    taken_up = finished.seen[again]
    assert finished.seen[again:] == list(range(taken_up, finished.experiment.trainer.iterations + 1))
    assert (taken_up - 1) % finished.experiment.validation.every == 0


def test_the_run_says_whether_its_policy_keeps_the_bound_on_lost_sales(finished: Finished) -> None:
    assert finished.outcome.lost_sales is not None
    assert "lost sales in validation, at most 1.00% of demand: kept" in finished.outcome.lost_sales


def test_tensorboard_shows_costs_kpis_histograms_and_figures(finished: Finished) -> None:
    log = EventAccumulator(str(finished.experiment.run_folder / "tensorboard"))
    log.Reload()
    tags = log.Tags()
    parts = {f"cost_parts_usd_per_day/lost_margin_{when}" for when in ("validation", "while_training")}
    assert {"training/gradient_norm", "training/learning_rate", *parts} <= set(tags["scalars"])
    assert {"training/lost_sales_multiplier", "training/lost_of_allowed"} <= set(tags["scalars"])
    assert {"kpi/fill_rate", "kpi_by_node/fill_rate/shop"} <= set(tags["scalars"])
    assert {"pictures/stock_and_pipeline", "pictures/network"} <= set(tags["images"])
    groups = {tag.split("/")[0] for kind in ("scalars", "images", "histograms") for tag in tags[kind]}
    assert min(groups) == "cost"
    assert len(groups) <= 8


def test_tensorboard_has_each_rule_as_a_line_in_the_picture_of_the_validation_cost(finished: Finished) -> None:
    folder = finished.experiment.run_folder / "tensorboard"
    steps = []
    for run in (folder, folder / "base_stock", folder / "min_max"):
        log = EventAccumulator(str(run))
        log.Reload()
        costs = log.Scalars("cost/validation_usd_per_day")
        steps.append({cost.step for cost in costs})  # some twice, as the worker that was killed told them too
        if run != folder:
            assert log.Tags()["scalars"] == ["cost/validation_usd_per_day"]
            assert len({cost.value for cost in costs}) == 1
    assert steps[0] == steps[1] == steps[2]
