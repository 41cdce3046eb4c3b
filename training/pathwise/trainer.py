"""Pathwise training on Ray Train: one worker on a laptop, many on a cluster, the same loop on each."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Any

import ray
import torch
from ray import train as ray_train
from ray.train import Checkpoint, CheckpointConfig, FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchTrainer
from ray.util.queue import Empty, Queue
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from torch import Tensor, distributed, nn

from entrepot.training.events import Observer
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.pathwise.drawn import HeldOut
from entrepot.training.pathwise.learner import Learner
from entrepot.training.pathwise.lost_sales import LostSalesBound
from entrepot.training.pathwise.method import PathwiseMethod, score_of
from entrepot.training.pathwise.settings import PathwiseSettings
from entrepot.training.pathwise.start import policy_to_start_from
from entrepot.training.threads import threads_each
from entrepot.training.trainers.checkpoints import Progress, checkpoint_place, clear_place
from entrepot.training.trainers.cluster import ray_cluster
from entrepot.training.trainers.job import Job, Outcome, TrainingError
from entrepot.training.trainers.loop import Loop
from entrepot.training.trainers.modules import neural_policy, save_policy
from entrepot.training.world import world_of

NAME = "pathwise"
"""Of what Ray Train keeps, below the place of the run's checkpoints."""
CHECKPOINT_FILE = "learner.pt"
SCORE = "score"
"""What Ray Train chooses the best checkpoint by."""
POLL_SECONDS = 0.2
WATCHER = "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER"
"""Of machines that are about to be taken away: a process of its own, which Ray Train starts unless this says 0."""


def train(job: Job) -> Outcome:
    """Train under Ray Train until the iterations are done.

    Raises:
        TrainingError: workers were lost more often than `compute.most_failures` allows, or raised an error.
    """
    started, experiment = perf_counter(), job.experiment
    bound = LostSalesBound.of(PathwiseSettings.of(experiment.trainer), job.best_rule)
    start = policy_to_start_from(experiment)
    with ray_cluster(experiment.compute), _unwatched_where_alone():
        place = checkpoint_place(experiment)
        if not job.resume:
            clear_place(f"{place}/{NAME}")  # else Ray Train would go on from what is there
        queue = Queue(actor_options={"num_cpus": 0, "scheduling_strategy": _here()})
        trainer = TorchTrainer(
            _work,
            train_loop_config={
                "experiment": experiment.with_absolute_paths(),
                "base_cover_days": job.base_cover_days.cpu(),
                "base_stock_cost": job.base_stock_cost_usd_per_day,
                "bound": bound,
                "start": start,
                "log_folder": (experiment.run_folder / "tensorboard").resolve(),
                "queue": queue,
            },
            scaling_config=ScalingConfig(
                num_workers=experiment.compute.workers,
                use_gpu=experiment.compute.device == "cuda",
                resources_per_worker={"CPU": 1},
            ),
            run_config=RunConfig(
                name=NAME,
                storage_path=place,
                failure_config=FailureConfig(max_failures=experiment.compute.most_failures),
                checkpoint_config=CheckpointConfig(
                    num_to_keep=2,
                    checkpoint_score_attribute=SCORE,
                    checkpoint_score_order="min",
                ),
            ),
        )
        result = _fit(trainer, queue, job.report)
        progress = _progress(result.metrics)
        told = None if bound is None else bound.told_of(progress.best_score)
        outcome = Outcome.of(job, progress, started, lost_sales=told)
        checkpoint, _ = min(result.best_checkpoints, key=lambda kept: float(kept[1][SCORE]))
        _keep_policy(checkpoint, outcome.policy_file)
    return outcome


@contextmanager
def _unwatched_where_alone() -> Iterator[None]:
    """A cluster of one machine has nowhere to go from it."""
    alive = [node for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
    if WATCHER in os.environ or len(alive) > 1:
        yield
        return
    os.environ[WATCHER] = "0"
    try:
        yield
    finally:
        del os.environ[WATCHER]


def _here() -> NodeAffinitySchedulingStrategy:
    """On this process's own node: what runs there is lost only when this process is."""
    return NodeAffinitySchedulingStrategy(node_id=ray.get_runtime_context().get_node_id(), soft=False)


def _fit(trainer: TorchTrainer, queue: Queue, report: Observer) -> Any:
    """Run the trainer in a thread while this one passes events on."""
    outcome: dict[str, Any] = {}

    def run() -> None:
        try:
            outcome["result"] = trainer.fit()
        except BaseException as error:  # handed to the caller's thread, whatever it is
            outcome["error"] = error

    thread = Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        _pass_on(queue, report, wait=True)
    _pass_on(queue, report, wait=False)
    if "error" in outcome:
        raise TrainingError(f"training stopped: {outcome['error']}. Go on with --resume.") from outcome["error"]
    return outcome["result"]


def _pass_on(queue: Queue, report: Observer, *, wait: bool) -> None:
    try:
        report(queue.get(block=wait, timeout=POLL_SECONDS if wait else None))
        while True:
            report(queue.get(block=False))
    except Empty:
        return


def _keep_policy(checkpoint: Checkpoint, path: Path) -> None:
    with checkpoint.as_directory() as folder:
        state = torch.load(Path(folder) / CHECKPOINT_FILE, map_location="cpu", weights_only=True)
    save_policy(state["module"], state["cover_days"], path)


def _work(config: dict[str, Any]) -> None:
    """What each worker runs; the first one validates, logs and tells."""
    experiment: ExperimentSettings = config["experiment"]
    context = ray_train.get_context()
    rank, workers = context.get_world_rank(), context.get_world_size()
    torch.set_num_threads(threads_each(experiment.compute.threads, processes=workers))
    device = ray_train.torch.get_device()
    world = world_of(experiment, device=device)
    world = world.starting_from(config["base_cover_days"])
    settings = PathwiseSettings.of(experiment.trainer)
    learner = Learner(
        experiment,
        settings,
        world,
        rank=rank,
        average_gradients=_average_gradients if workers > 1 else None,
        start=config["start"],
    )
    job = Job(experiment, config["base_cover_days"], config["base_stock_cost"], False, config["queue"].put)
    bound: LostSalesBound | None = config["bound"]
    held_out = None
    if settings.networks is not None and rank == 0:
        held_out = HeldOut(settings.networks, experiment, neural_policy(experiment).to(device), world)
    method = _OnRay(learner, bound, held_out, workers=workers, leads=rank == 0)
    loop = Loop(
        job,
        world,
        score=score_of(settings, bound, held_out, learner),
        validated=method.validated,
        leads=rank == 0,
        log_folder=config["log_folder"],
        keeps_policy=False,
    )
    loop.run(method, method.restored(device))


def _progress(metrics: Mapping[str, Any]) -> Progress:
    """Of what the first worker reported last; Ray Train adds metrics of its own."""
    return Progress(**{field.name: metrics[field.name] for field in fields(Progress)})


class _OnRay(PathwiseMethod):
    """One worker's share, whose checkpoints are Ray Train's."""

    def __init__(
        self, learner: Learner, bound: LostSalesBound | None, held_out: HeldOut | None, *, workers: int, leads: bool
    ) -> None:
        super().__init__(learner, bound, held_out, workers=workers)
        self._leads = leads

    def save(self, progress: Progress) -> None:
        """Every worker must report; the first one brings the checkpoint."""
        if self._bound is not None and self._workers > 1:
            self._learner.multiplier.value = _as_the_first(self._learner.multiplier.value)
        if not self._leads:
            ray_train.report({"iteration": progress.iteration})
            return
        with tempfile.TemporaryDirectory() as folder:
            torch.save({**self._learner.state(), "progress": vars(progress)}, Path(folder) / CHECKPOINT_FILE)
            ray_train.report(vars(progress), checkpoint=Checkpoint.from_directory(folder))

    def restored(self, device: torch.device) -> Progress:
        """Go on from the run's last checkpoint, if there is one; how far that had come."""
        checkpoint = ray_train.get_checkpoint()
        if checkpoint is None:
            return Progress()
        with checkpoint.as_directory() as folder:
            state = torch.load(Path(folder) / CHECKPOINT_FILE, map_location=device, weights_only=True)
        self._learner.restore(state)
        return Progress(**state["progress"])


def _as_the_first(value: float) -> float:
    """The first worker's number, on every worker."""
    shared = torch.tensor(value, dtype=torch.float64, device=ray_train.torch.get_device())
    distributed.broadcast(shared, src=0)
    return float(shared)


def _average_gradients(parameters: list[nn.Parameter]) -> None:
    """One all-reduce over all gradients laid end to end; a parameter that a worker's window didn't use counts as 0."""
    gradients: list[Tensor] = []
    for parameter in parameters:
        if parameter.requires_grad:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            gradients.append(parameter.grad)
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    place = 0
    for gradient in gradients:
        gradient.copy_(flat[place : place + gradient.numel()].view_as(gradient))
        place += gradient.numel()
