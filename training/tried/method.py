"""Training by weights that are tried, from an experiment to its best policy."""

from __future__ import annotations

from time import perf_counter
from typing import Protocol

import ray
import torch
from torch import Tensor

from entrepot.envs.world import World
from entrepot.training.cells.kept import keep, last_kept
from entrepot.training.cells.workers import RemoteActors, at_work, without_loss, world_of_worker
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.rllib.actors import ENVIRONMENT_HEAD
from entrepot.training.rllib.deployed import module_of
from entrepot.training.rllib.settings import PpoSettings
from entrepot.training.threads import threads_each
from entrepot.training.trainers.checkpoints import Checkpoints, Progress, checkpoint_place
from entrepot.training.trainers.job import Job, Outcome
from entrepot.training.trainers.loop import Iteration, Learned, Loop
from entrepot.training.tried.learner import Tried, TriedLearner, TriedWorker
from entrepot.training.world import world_of

POLICY = "policy."


def train_tried(job: Job) -> Outcome:
    """Train until the iterations are done, or the seconds are over.

    One worker tries in this process; several are Ray's remote actors, and the mean of what they find is followed. Those
    that are lost are replaced as they come; `--resume` goes on from the last checkpoint.

    Raises:
        TrainingError: workers were lost more often in a row than `compute.most_failures` allows.
    """
    started, experiment = perf_counter(), job.experiment
    world = world_of(experiment).starting_from(job.base_cover_days)
    torch.set_num_threads(threads_each(experiment.compute.threads))
    learner = learner_of(experiment)
    checkpoints = Checkpoints(checkpoint_place(experiment))
    found = last_kept(checkpoints) if job.resume else None
    progress = Progress()
    if found is not None:
        state, progress = found
        learner.restore(state)
    loop = Loop(job, world, seconds=PpoSettings.of(experiment.trainer).seconds)
    with at_work(job, progress.iteration, LocalTriedWorkers, RemoteTriedWorkers) as workers:
        method = _Trials(job, learner, workers, checkpoints, world)
        return Outcome.of(job, loop.run(method, progress), started)


def learner_of(experiment: ExperimentSettings) -> TriedLearner:
    """A learner that begins."""
    settings = PpoSettings.of(experiment.trainer)
    return TriedLearner(settings, experiment.policy.neural(head=ENVIRONMENT_HEAD), seed=experiment.seed)


class TriedWorkers(Protocol):
    """All of them, asked together."""

    def trials(self, weights: Tensor) -> list[Tried]:
        """What each one's new episodes came to.

        Raises:
            WorkerLostError: one is gone; the others are there, and it is there again.
        """
        ...


class LocalTriedWorkers:
    """One worker, in this process."""

    def __init__(self, experiment: ExperimentSettings, base_cover_days: Tensor, *, iteration: int) -> None:
        """Args: settings; [L, S] covers that the policy scales; how far the run had come."""
        world, settings, neural, seed = world_of_worker(experiment, base_cover_days, 0, iteration)
        self._worker = TriedWorker(world, settings, neural, seed=seed)

    def trials(self, weights: Tensor) -> list[Tried]:
        """As in `TriedWorkers`."""
        return [self._worker.trial(weights)]


class _RemoteTriedWorker:
    """A worker in a process of its own."""

    def __init__(
        self, experiment: ExperimentSettings, base_cover_days: Tensor, rank: int, iteration: int, workers: int
    ) -> None:
        torch.set_num_threads(threads_each(experiment.compute.threads, processes=workers))
        world, settings, neural, seed = world_of_worker(experiment, base_cover_days, rank, iteration)
        self._worker = TriedWorker(world, settings, neural, seed=seed)

    def trial(self, weights: Tensor) -> Tried:
        return self._worker.trial(weights)


class RemoteTriedWorkers(RemoteActors):
    """Workers as Ray's actors."""

    actor = _RemoteTriedWorker

    def trials(self, weights: Tensor) -> list[Tried]:
        """As in `TriedWorkers`."""
        self._rounds += 1
        reference = ray.put(weights)
        return self._all(lambda actor: actor.trial.remote(reference))


class _Trials:
    """As the loop takes it."""

    def __init__(
        self, job: Job, learner: TriedLearner, workers: TriedWorkers, checkpoints: Checkpoints, world: World
    ) -> None:
        self._most = job.experiment.compute.most_failures
        self._learner, self._workers, self._checkpoints = learner, workers, checkpoints
        self._learned = Learned(module_of(job.experiment, world), job.base_cover_days)

    def iterate(self) -> Iteration:
        found = without_loss(self._most, lambda: self._workers.trials(self._learner.weights()))
        signal = self._learner.step(found)
        days = sum(each.environment_days for each in found)
        return Iteration(
            cost_usd_per_day=sum(each.cost_usd_per_day * each.environment_days for each in found) / days,
            lost_share=sum(each.lost_share * each.environment_days for each in found) / days,
            environment_days=days,
            scalars={"training/signal_over_chance": signal},
        )

    def learned(self) -> Learned:
        policy = self._learner.policy.state_dict()
        self._learned.module.load_state_dict({f"{POLICY}{name}": value for name, value in policy.items()})
        self._learned.module.eval()
        return self._learned

    def save(self, progress: Progress) -> None:
        keep(self._checkpoints, progress, self._learner.state())
