"""Whole runs: in this process, in two of Ray's of which one is lost, and on from a checkpoint."""

from pathlib import Path

import pytest

from entrepot.training.experiment import ExperimentSettings
from tests.worlds.runs import (
    assert_that_it_outlives_a_worker,
    assert_that_it_resumes_where_it_was_interrupted,
    small_experiment,
)


def experiment_of(folder: Path, *more: str) -> ExperimentSettings:
    return small_experiment(folder, "mappo", "trainer.credit=sku", *more)


def test_an_interrupted_run_resumes_from_its_last_checkpoint(tmp_path: Path) -> None:
    assert_that_it_resumes_where_it_was_interrupted(experiment_of(tmp_path))


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_remote_workers_of_which_one_is_killed_finish_every_iteration_and_leave_a_policy(tmp_path: Path) -> None:
    assert_that_it_outlives_a_worker(experiment_of(tmp_path, "compute.workers=2"), "RemoteTriedWorker")
