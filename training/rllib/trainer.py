"""IPPO and MAPPO from an experiment to its best policy."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import torch
from ray.rllib.algorithms import Algorithm
from ray.rllib.utils.metrics import ALL_MODULES, ENV_RUNNER_RESULTS, LEARNER_RESULTS, NUM_ENV_STEPS_SAMPLED

from entrepot.training.cells.method import train_cells
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.rllib.algorithm import ppo_config
from entrepot.training.rllib.deployed import module_of, state_of
from entrepot.training.rllib.env_runner import COST_USD_PER_DAY, LOST_SHARE
from entrepot.training.rllib.settings import PpoSettings
from entrepot.training.threads import threads_each
from entrepot.training.trainers.checkpoints import Checkpoints, Progress, checkpoint_place
from entrepot.training.trainers.cluster import ray_cluster
from entrepot.training.trainers.job import Job, Outcome, TrainingError
from entrepot.training.trainers.loop import Iteration, Learned, Loop
from entrepot.training.tried.method import train_tried
from entrepot.training.world import world_of


def train(job: Job) -> Outcome:
    """Train until the iterations are done, or the seconds are over.

    Lost runners are replaced as they come; `--resume` goes on from the last checkpoint.

    Raises:
        TrainingError: all runners were lost more often in a row than `compute.most_failures` allows.
    """
    started, experiment = perf_counter(), job.experiment
    if PpoSettings.of(experiment.trainer).tries_weights:
        return train_tried(job)
    if PpoSettings.of(experiment.trainer).credit == "sku":
        return train_cells(job)
    world = world_of(experiment)
    world = world.starting_from(job.base_cover_days)
    checkpoints = Checkpoints(checkpoint_place(experiment))
    torch.set_num_threads(threads_each(experiment.compute.threads))
    learned = Learned(module_of(experiment, world), job.base_cover_days)  # before RLlib seeds what it draws from
    loop = Loop(job, world, seconds=PpoSettings.of(experiment.trainer).seconds)
    with ray_cluster(experiment.compute), _quiet():
        algorithm = ppo_config(experiment, job.base_cover_days).build_algo()
        try:
            progress = restore(algorithm, checkpoints) if job.resume else Progress()
            method = _Ppo(experiment, algorithm, checkpoints, learned)
            return Outcome.of(job, loop.run(method, progress), started)
        finally:
            algorithm.stop()


def save(algorithm: Algorithm, checkpoints: Checkpoints, progress: Progress) -> None:
    """Write RLlib's own checkpoint, as `Algorithm.from_checkpoint` reads it."""
    checkpoints.save(progress, lambda path: algorithm.save_to_path(path, filesystem=checkpoints.files))


def restore(algorithm: Algorithm, checkpoints: Checkpoints) -> Progress:
    """Go on from the last checkpoint; from the beginning if there is none."""
    found = checkpoints.last()
    if found is None:
        return Progress()
    path, progress = found
    algorithm.restore_from_path(path, filesystem=checkpoints.files)
    return progress


class _Ppo:
    """An algorithm of RLlib's as a method."""

    def __init__(
        self, experiment: ExperimentSettings, algorithm: Algorithm, checkpoints: Checkpoints, learned: Learned
    ) -> None:
        self._experiment, self._algorithm, self._checkpoints = experiment, algorithm, checkpoints
        self._learned = learned

    def iterate(self) -> Iteration:
        result = self._sampled()
        sampled = result[ENV_RUNNER_RESULTS]
        return Iteration(
            cost_usd_per_day=float(sampled[COST_USD_PER_DAY]),
            lost_share=float(sampled[LOST_SHARE]),
            environment_days=int(sampled[NUM_ENV_STEPS_SAMPLED]),
            scalars=_of_learners(result[LEARNER_RESULTS]),
        )

    def _sampled(self) -> Mapping[str, Any]:
        """The result of an iteration in which at least one runner answered; RLlib replaces those that are lost."""
        most, tries = self._experiment.compute.most_failures, 0
        while True:
            result: Mapping[str, Any] = self._algorithm.train()
            if result.get(ENV_RUNNER_RESULTS, {}).get(NUM_ENV_STEPS_SAMPLED):
                return result
            tries += 1
            if 0 <= most < tries:
                raise TrainingError(f"no runner answered in {tries} tries. Go on with --resume.")

    def learned(self) -> Learned:
        self._learned.module.load_state_dict(state_of(self._experiment, self._algorithm.learner_group.get_weights()))
        self._learned.module.eval()
        return self._learned

    def save(self, progress: Progress) -> None:
        save(self._algorithm, self._checkpoints, progress)


def _of_learners(results: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Every module's figures that are numbers."""
    numbers = {
        f"training/{module}/{name}": _number(value)
        for module, figures in results.items()
        if module != ALL_MODULES
        for name, value in figures.items()
    }
    return {name: value for name, value in numbers.items() if value is not None}


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


@contextmanager
def _quiet() -> Iterator[None]:
    """RLlib warns of its own deprecations at every start."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        yield
