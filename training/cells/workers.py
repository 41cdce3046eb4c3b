"""Workers in this process or as Ray's remote actors; those that are lost are replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import numpy as np
import ray
import torch
from ray.exceptions import RayActorError
from torch import Tensor

from entrepot.agents.neural import NeuralPolicySettings
from entrepot.envs.world import World
from entrepot.training.cells.learner import Gradient, Sampled, Worker
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.rllib.actors import ENVIRONMENT_HEAD
from entrepot.training.rllib.settings import PpoSettings
from entrepot.training.threads import threads_each
from entrepot.training.trainers.cluster import ray_cluster
from entrepot.training.trainers.job import Job, TrainingError
from entrepot.training.world import world_of

Answer = TypeVar("Answer")
W = TypeVar("W")


class WorkerLostError(RuntimeError):
    """A remote worker is gone; the others are there, and it is there again."""


class Workers(Protocol):
    """All of them, asked together."""

    def sample(self, weights: Tensor) -> list[Sampled]:
        """What each saw.

        Raises:
            WorkerLostError: one is gone.
        """
        ...

    def gradients(self, weights: Tensor) -> list[Gradient]:
        """Of each one's next minibatch.

        Raises:
            WorkerLostError: one is gone.
        """
        ...


def worker_of(experiment: ExperimentSettings, base_cover_days: Tensor, *, rank: int, iteration: int) -> Worker:
    """A worker that begins new episodes.

    Args:
        experiment: settings.
        base_cover_days: [L, S] that the policy scales.
        rank: of the worker.
        iteration: that it starts at; with the rank, what its scenarios are drawn by.
    """
    world, settings, neural, seed = world_of_worker(experiment, base_cover_days, rank, iteration)
    return Worker(world, settings, neural, seed=seed)


def world_of_worker(
    experiment: ExperimentSettings, base_cover_days: Tensor, rank: int, iteration: int
) -> tuple[World, PpoSettings, NeuralPolicySettings, int]:
    """What a worker is made of, for args as in `worker_of`: the world, both settings, and a seed of its own."""
    world = world_of(experiment, device=torch.device(experiment.compute.device))
    entropy = np.random.SeedSequence([experiment.seed, rank, iteration])
    seed = int(entropy.generate_state(1, np.uint64)[0] >> 1)
    neural = experiment.policy.neural(head=ENVIRONMENT_HEAD)
    return world.starting_from(base_cover_days), PpoSettings.of(experiment.trainer), neural, seed


class LocalWorkers:
    """One worker, in this process."""

    def __init__(self, experiment: ExperimentSettings, base_cover_days: Tensor, *, iteration: int) -> None:
        """Args: settings; [L, S] covers that the policy scales; how far the run had come."""
        self._worker = worker_of(experiment, base_cover_days, rank=0, iteration=iteration)

    def sample(self, weights: Tensor) -> list[Sampled]:
        """As in `Workers`."""
        return [self._worker.sample(weights)]

    def gradients(self, weights: Tensor) -> list[Gradient]:
        """As in `Workers`."""
        return [self._worker.gradient(weights)]


class RemoteActors:
    """`compute.workers` of them, each a Ray actor with a CPU, and a GPU where the experiment asks for it."""

    actor: type
    """What an actor is of; made of the experiment, the covers, its rank, the round, and how many there are."""

    def __init__(self, experiment: ExperimentSettings, base_cover_days: Tensor, *, iteration: int) -> None:
        """Args: settings; [L, S] covers that the policy scales; how far the run had come."""
        self._experiment = experiment.with_absolute_paths()
        self._cover, self._iteration = base_cover_days.cpu(), iteration
        self._rounds = 0
        self._actors = [self._new(rank) for rank in range(experiment.compute.workers)]

    @property
    def actors(self) -> Sequence[Any]:
        """Handles, by rank."""
        return tuple(self._actors)

    def stop(self) -> None:
        """End them."""
        for actor in self._actors:
            ray.kill(actor)

    def _new(self, rank: int) -> Any:
        gpus = int(self._experiment.compute.device == "cuda")
        remote: Any = ray.remote(num_cpus=1, num_gpus=gpus)(self.actor)
        workers = self._experiment.compute.workers
        return remote.remote(self._experiment, self._cover, rank, self._iteration + self._rounds, workers)

    def _all(self, ask: Callable[[Any], Any]) -> list[Any]:
        asked = [ask(actor) for actor in self._actors]
        answers: list[Any] = []
        lost: list[int] = []
        for rank, reference in enumerate(asked):
            try:
                answers.append(ray.get(reference))
            except RayActorError:
                lost.append(rank)
        if lost:
            self._rounds += 1  # who is there anew lives through other scenarios
            for rank in lost:
                self._actors[rank] = self._new(rank)
            raise WorkerLostError(f"worker {', '.join(map(str, lost))} was lost")
        return answers


class _RemoteWorker:
    """A worker in a process of its own."""

    def __init__(
        self, experiment: ExperimentSettings, base_cover_days: Tensor, rank: int, iteration: int, workers: int
    ) -> None:
        torch.set_num_threads(threads_each(experiment.compute.threads, processes=workers))
        self._worker = worker_of(experiment, base_cover_days, rank=rank, iteration=iteration)

    def sample(self, weights: Tensor) -> Sampled:
        return self._worker.sample(weights)

    def gradient(self, weights: Tensor) -> Gradient:
        return self._worker.gradient(weights)


class RemoteWorkers(RemoteActors):
    """Workers as Ray's actors."""

    actor = _RemoteWorker

    def sample(self, weights: Tensor) -> list[Sampled]:
        """As in `Workers`."""
        self._rounds += 1
        reference = ray.put(weights)
        return self._all(lambda actor: actor.sample.remote(reference))

    def gradients(self, weights: Tensor) -> list[Gradient]:
        """As in `Workers`."""
        reference = ray.put(weights)
        return self._all(lambda actor: actor.gradient.remote(reference))


@contextmanager
def at_work(job: Job, iteration: int, local: Callable[..., W], remote: Callable[..., RemoteActors]) -> Iterator[W]:
    """One worker in this process, or as many as the experiment asks for on a cluster, until all is done.

    Args:
        job: whose experiment and covers workers are made of.
        iteration: how far the run had come.
        local: makes the one.
        remote: makes the others, which are asked the same.
    """
    experiment = job.experiment
    if experiment.compute.workers == 1:
        yield local(experiment, job.base_cover_days, iteration=iteration)
        return
    with ray_cluster(experiment.compute):
        actors: Any = remote(experiment, job.base_cover_days, iteration=iteration)
        try:
            yield actors
        finally:
            actors.stop()


def without_loss(most: int, work: Callable[[], Answer]) -> Answer:
    """What a piece of work comes to in which no worker is lost.

    Args:
        most: how often it is begun again; -1 for ever.
        work: raises `WorkerLostError` where one is.

    Raises:
        TrainingError: workers were lost more often.
    """
    tries = 0
    while True:
        try:
            return work()
        except WorkerLostError as error:
            tries += 1
            if 0 <= most < tries:
                raise TrainingError(f"{error} in {tries} tries. Go on with --resume.") from error
