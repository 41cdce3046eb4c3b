"""Real RLlib on a small network: it finishes, resumes, recovers, and what it leaves can be exported."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest
from ray.rllib.algorithms import Algorithm
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from entrepot.configs.files import write_atomically
from entrepot.configs.loader import ConfigurationError
from entrepot.training.events import Event
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.rllib.algorithm import ppo_config
from entrepot.training.rllib.trainer import restore, save
from entrepot.training.trainers.checkpoints import Checkpoints, Progress
from entrepot.training.trainers.job import Outcome
from entrepot.training.trainers.runs import load_run
from tests.worlds.runs import (
    assert_that_it_resumes_where_it_was_interrupted,
    processes_of,
    small_experiment,
    train,
    world_of,
)
from tests.worlds.tiny import first_snapshot, tiny_world

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("cluster")]


@pytest.fixture(scope="module")
def finished(
    cluster: None, tmp_path_factory: pytest.TempPathFactory
) -> tuple[ExperimentSettings, Outcome, list[int], list[int]]:
    """A run of two remote runners, its outcome, its iterations, and the runner that was killed after the first."""
    experiment = small_experiment(tmp_path_factory.mktemp("mappo"), "mappo", "compute.workers=2")
    killed: list[int] = []

    def kill_once(event: Event) -> None:
        if not killed:
            killed.append(processes_of("EnvRunner")[0])
            os.kill(killed[0], signal.SIGKILL)

    return experiment, *train(experiment, report=kill_once), killed


def test_remote_runners_of_which_one_is_killed_finish_every_iteration_and_leave_a_policy(
    finished: tuple[ExperimentSettings, Outcome, list[int], list[int]],
) -> None:
    experiment, outcome, seen, killed = finished
    assert killed
    assert seen == [1, 2, 3, 4]
    assert outcome.iterations == 4
    assert outcome.seconds_to_beat_base_stock is not None
    write_atomically(experiment.run_folder / "experiment.json", experiment.model_dump_json())
    orders = load_run(experiment.run_folder).agent(tiny_world()).decide(first_snapshot(tiny_world())).orders
    assert orders.isfinite().all()


def test_tensorboard_shows_what_was_learnt_and_validated(
    finished: tuple[ExperimentSettings, Outcome, list[int], list[int]],
) -> None:
    log = EventAccumulator(str(finished[0].run_folder / "tensorboard"))
    log.Reload()
    assert {
        "cost/while_training_usd_per_day",
        "training/shared/policy_loss",
        "training/shared/vf_explained_var",
        "kpi/fill_rate",
    } <= set(log.Tags()["scalars"])
    assert len(log.Scalars("training/shared/entropy")) == 4


def test_rllib_makes_the_algorithm_from_its_checkpoint_and_trains_on(
    finished: tuple[ExperimentSettings, Outcome, list[int], list[int]],
) -> None:
    (folder,) = (finished[0].run_folder / "checkpoints").glob("iteration-*")
    algorithm = Algorithm.from_checkpoint(str(folder))
    try:
        assert algorithm.iteration == 4
        before = algorithm.learner_group.get_weights()["shared"]
        algorithm.train()
        after = algorithm.learner_group.get_weights()["shared"]
        assert algorithm.iteration == 5
        assert any(np.any(before[name] != after[name]) for name in before)
    finally:
        algorithm.stop()


def test_a_restored_algorithm_has_the_weights_that_were_saved(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, "ippo")
    cover = world_of(experiment).attributes.base_cover_days
    first = ppo_config(experiment, cover).build_algo()
    first.train()
    checkpoints = Checkpoints(str(tmp_path / "kept"))
    progress = Progress(iteration=1, seconds=2.0, best_cost_usd_per_day=3.0)
    save(first, checkpoints, progress)
    weights = first.learner_group.get_weights()["shared"]
    first.stop()
    second = ppo_config(experiment, cover).build_algo()
    assert restore(second, checkpoints) == progress
    restored = second.learner_group.get_weights()["shared"]
    runner = second.env_runner.module["shared"].get_state()
    second.stop()
    assert restored.keys() == weights.keys()
    for name, value in weights.items():
        np.testing.assert_array_equal(restored[name], value)
        if not name.startswith("critic."):  # which runners do without
            np.testing.assert_array_equal(runner[name], value)


def test_an_interrupted_run_resumes_from_its_last_checkpoint(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, "ippo", "trainer.actor=mlp")
    assert_that_it_resumes_where_it_was_interrupted(experiment)


@pytest.mark.parametrize(("actor", "sharing", "module"), [("mlp", "separate", "shop"), ("neural", "shared", "shared")])
def test_two_learners_agree_on_their_weights(tmp_path: Path, actor: str, sharing: str, module: str) -> None:
    experiment = small_experiment(
        tmp_path, "ippo", f"trainer.actor={actor}", f"trainer.sharing={sharing}", "trainer.learners=2"
    )
    cover = world_of(experiment).attributes.base_cover_days
    algorithm = ppo_config(experiment, cover).build_algo()
    try:
        for _ in range(2):  # the second finds out whether every weight had its gradient in the first
            algorithm.train()
        states = algorithm.learner_group.foreach_learner(lambda learner: learner.module[module].get_state())
        one, two = (state.get() for state in states.result_or_errors)
        for name, value in one.items():
            np.testing.assert_array_equal(two[name], value)
    finally:
        algorithm.stop()


def test_a_perceptron_is_refused_where_it_was_not_trained(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, "ippo", "trainer.actor=mlp", "trainer.iterations=2")
    train(experiment)
    write_atomically(experiment.run_folder / "experiment.json", experiment.model_dump_json())
    with pytest.raises(ConfigurationError, match=r"two_warehouses with 4 SKUs; found two_warehouses with 2"):
        load_run(experiment.run_folder).agent(tiny_world(skus=2))


def test_a_run_ends_when_its_seconds_are_over(tmp_path: Path) -> None:
    experiment = small_experiment(tmp_path, "ippo", "trainer.actor=mlp", "trainer.seconds=0.001")
    outcome, seen = train(experiment)
    assert seen == [1]
    assert outcome.policy_file.is_file()
