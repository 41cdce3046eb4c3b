"""Whole runs: in this process, in two of Ray's of which one is lost, and on from a checkpoint."""

import os
import signal
from pathlib import Path

import pytest
from ray._private import state as ray_state

from entrepot.configs.files import write_atomically
from entrepot.training.events import Event
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.trainers.runs import load_run
from tests.worlds.runs import assert_that_it_resumes_where_it_was_interrupted, small_experiment, train
from tests.worlds.tiny import first_snapshot, tiny_world

CELLS = (
    "trainer.credit=sku",
    "trainer.explore=actions",
    "trainer.rollout_days=5",
    "trainer.environments_per_scenario=2",
)


def experiment_of(folder: Path, *more: str) -> ExperimentSettings:
    return small_experiment(folder, "mappo", *CELLS, *more)


def test_an_interrupted_run_resumes_from_its_last_checkpoint(tmp_path: Path) -> None:
    assert_that_it_resumes_where_it_was_interrupted(experiment_of(tmp_path))


@pytest.mark.slow
@pytest.mark.usefixtures("cluster")
def test_remote_workers_of_which_one_is_killed_finish_every_iteration_and_leave_a_policy(tmp_path: Path) -> None:
    experiment = experiment_of(tmp_path, "compute.workers=2")
    killed: list[int] = []

    def kill_once(event: Event) -> None:
        if not killed:
            killed.append(_workers()[0])
            os.kill(killed[0], signal.SIGKILL)

    outcome, seen = train(experiment, report=kill_once)
    assert killed
    assert seen == [1, 2, 3, 4]
    write_atomically(experiment.run_folder / "experiment.json", experiment.model_dump_json())
    assert outcome.policy_file.is_file()
    orders = load_run(experiment.run_folder).agent(tiny_world()).decide(first_snapshot(tiny_world())).orders
    assert orders.isfinite().all()


def _workers() -> list[int]:
    """Processes of the remote workers."""
    actors = ray_state.actors().values()
    return [actor["Pid"] for actor in actors if actor["State"] == "ALIVE" and "RemoteWorker" in actor["ActorClassName"]]
