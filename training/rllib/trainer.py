"""IPPO and MAPPO from an experiment to its best policy."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from ray.rllib.algorithms import Algorithm
from ray.rllib.utils.metrics import ALL_MODULES, ENV_RUNNER_RESULTS, LEARNER_RESULTS, NUM_ENV_STEPS_SAMPLED
from torch import Tensor

from entrepot.configs.loader import validate
from entrepot.envs.world import build_world
from entrepot.training.cluster import ray_cluster
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.rllib.algorithm import ppo_config
from entrepot.training.rllib.checkpoints import Checkpoints
from entrepot.training.rllib.deployed import module_of, state_of
from entrepot.training.rllib.env_runner import COST_USD_PER_DAY, LOST_SHARE
from entrepot.training.rllib.settings import PpoSettings
from entrepot.training.trainers.iterations import Iteration, Iterations, Progress, TrainingError
from entrepot.training.trainers.registry import Assignment, Bundle, Outcome, register_trainer
from entrepot.training.trainers.storage import checkpoint_place


def _bundles(experiment: ExperimentSettings) -> list[Bundle]:
    """Of the main process, remote runners and remote learners."""
    settings = validate(PpoSettings, experiment.trainer, "trainer")
    workers = experiment.compute.workers
    learning: Bundle = {"CPU": 1, "GPU": 1} if experiment.compute.device == "cuda" else {"CPU": 1}
    main: Bundle = {"CPU": 1} if settings.learners else learning
    sampling: Bundle = {"CPU": 1}
    return [main, *[sampling] * (workers if workers > 1 else 0), *[learning] * settings.learners]


def _check(experiment: ExperimentSettings) -> None:
    validate(PpoSettings, experiment.trainer, "trainer")


@register_trainer("ippo", check=_check, bundles=_bundles)
@register_trainer("mappo", check=_check, bundles=_bundles)
def train_ppo(assignment: Assignment) -> Outcome:
    """Train until the iterations are done, or the seconds are over.

    Lost runners are replaced as they come; `--resume` goes on from the last checkpoint.

    Raises:
        TrainingError: all runners were lost more often in a row than `compute.most_failures` allows.
    """
    experiment = assignment.experiment
    settings = validate(PpoSettings, experiment.trainer, "trainer")
    world = build_world(experiment.network, experiment.demand, skus=experiment.skus)
    world = world.starting_from(assignment.base_cover_days)
    checkpoints = Checkpoints(checkpoint_place(experiment, "rllib"))
    if not assignment.resume:
        checkpoints.clear()
    torch.set_num_threads(experiment.compute.threads or os.cpu_count() or 1)
    iterations = Iterations(
        assignment,
        world,
        module_of(experiment, world),
        iterations=settings.iterations,
        seconds=settings.seconds,
    )
    with ray_cluster(experiment.compute), _quiet():
        algorithm = ppo_config(experiment, assignment.base_cover_days).build_algo()
        try:
            progress = checkpoints.restore(algorithm) if assignment.resume else Progress()
            return iterations.until_done(_Ppo(experiment, algorithm, checkpoints), progress)
        finally:
            algorithm.stop()


class _Ppo:
    """An algorithm of RLlib's as a method."""

    def __init__(self, experiment: ExperimentSettings, algorithm: Algorithm, checkpoints: Checkpoints) -> None:
        self._experiment, self._algorithm, self._checkpoints = experiment, algorithm, checkpoints

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

    def policy_state(self) -> dict[str, Tensor]:
        return state_of(self._experiment, self._algorithm.learner_group.get_weights())

    def save(self, progress: Progress) -> None:
        self._checkpoints.save(self._algorithm, progress)


def _of_learners(results: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Every module's figures that are numbers."""
    numbers = {
        f"learner_{module}/{name}": _number(value)
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
