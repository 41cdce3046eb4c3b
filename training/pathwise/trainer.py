"""Pathwise training on Ray Train: one worker on a laptop, many on a cluster, the same loop on each."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Any

import ray
import torch
from ray import train
from ray.train import Checkpoint, CheckpointConfig, FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchTrainer
from ray.util.queue import Empty, Queue
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
from torch import distributed, nn

from entrepot.configs.loader import validate
from entrepot.envs.world import build_world
from entrepot.training.cluster import ray_cluster
from entrepot.training.evaluation.validation import Validation, ValidationFigures
from entrepot.training.experiment import POLICY_FILE, ExperimentSettings
from entrepot.training.pathwise.learner import Learner
from entrepot.training.pathwise.settings import PathwiseSettings
from entrepot.training.tensorboard import TrainingLog
from entrepot.training.trainers.iterations import TrainingError, first_beaten
from entrepot.training.trainers.modules import save_policy
from entrepot.training.trainers.registry import Assignment, Outcome, Report, register_trainer
from entrepot.training.trainers.storage import checkpoint_place, clear_place

CHECKPOINT_FILE = "learner.pt"
SCORE = "validation_score_usd_per_day"
"""What the best checkpoint is chosen by: the cost in validation, with lost margins weighed as in training."""
BEATEN = "seconds_to_beat_base_stock"
"""In events, metrics and checkpoints: after how many seconds of training the rule was first beaten in validation."""
POLL_SECONDS = 0.2


def _check(experiment: ExperimentSettings) -> None:
    validate(PathwiseSettings, experiment.trainer, "trainer")


@register_trainer("pathwise", check=_check)
def train_pathwise(assignment: Assignment) -> Outcome:
    """Train under Ray Train until the iterations are done.

    Raises:
        TrainingError: workers were lost more often than `compute.most_failures` allows, or raised an error.
    """
    experiment = assignment.experiment
    _check(experiment)
    started = perf_counter()
    with ray_cluster(experiment.compute):
        queue = Queue(actor_options={"num_cpus": 0, "scheduling_strategy": _here()})
        storage = checkpoint_place(experiment, "ray")
        if not assignment.resume:
            clear_place(storage)
        trainer = TorchTrainer(
            _worker_loop,
            train_loop_config={
                "experiment": experiment.with_absolute_paths().model_dump(mode="json"),
                "base_cover_days": assignment.base_cover_days.tolist(),
                "base_stock_cost": assignment.base_stock_cost_usd_per_day,
                "log_folder": str((experiment.run_folder / "tensorboard").resolve()),
                "queue": queue,
            },
            scaling_config=ScalingConfig(
                num_workers=experiment.compute.workers,
                use_gpu=experiment.compute.device == "cuda",
                resources_per_worker={"CPU": 1},
            ),
            run_config=RunConfig(
                name="pathwise",
                storage_path=storage,
                failure_config=FailureConfig(max_failures=experiment.compute.most_failures),
                checkpoint_config=CheckpointConfig(
                    num_to_keep=2,
                    checkpoint_score_attribute=SCORE,
                    checkpoint_score_order="min",
                ),
            ),
        )
        result = _fit(trainer, queue, assignment.report)
        checkpoint = min(result.best_checkpoints, key=lambda kept: kept[1][SCORE])
        policy_file = experiment.run_folder / POLICY_FILE
        _keep_policy(checkpoint[0], policy_file)
    return Outcome(
        policy_file=policy_file,
        iterations=int(result.metrics["iteration"]),
        best_cost_usd_per_day=float(checkpoint[1]["validation_cost_usd_per_day"]),
        seconds=perf_counter() - started,
        seconds_to_beat_base_stock=result.metrics.get(BEATEN),
    )


def _here() -> NodeAffinitySchedulingStrategy:
    """On this process's own node: what runs there is lost only when this process is."""
    return NodeAffinitySchedulingStrategy(node_id=ray.get_runtime_context().get_node_id(), soft=False)


def _fit(trainer: TorchTrainer, queue: Queue, report: Report) -> Any:
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


def _pass_on(queue: Queue, report: Report, *, wait: bool) -> None:
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


def _worker_loop(config: dict[str, Any]) -> None:
    """What each worker runs: restore, learn, validate, report."""
    experiment = validate(ExperimentSettings, config["experiment"], "experiment")
    settings = validate(PathwiseSettings, experiment.trainer, "trainer")
    context = train.get_context()
    rank, workers = context.get_world_rank(), context.get_world_size()
    torch.set_num_threads(experiment.compute.threads or max(1, (os.cpu_count() or 1) // workers))
    device = train.torch.get_device()
    world = build_world(experiment.network, experiment.demand, skus=experiment.skus, device=device)
    world = world.starting_from(torch.tensor(config["base_cover_days"]))
    learner = Learner(
        experiment, settings, world, rank=rank, average_gradients=_average_gradients if workers > 1 else None
    )
    elapsed_before, beaten = _restore(learner, device)
    first = rank == 0
    validation = Validation(experiment, world) if first else None
    log = TrainingLog(Path(config["log_folder"]), world) if first else None
    started = perf_counter()
    if validation is not None and log is not None and experiment.validation.untrained and learner.iteration == 0:
        figures = validation.run(learner.module, learner.cover_days)
        log.validation(0, figures, validation)
        beaten = first_beaten(None, figures.cost_usd_per_day, config["base_stock_cost"], 0.0)
        config["queue"].put(_untrained_event(figures, settings.iterations, beaten))
    while learner.iteration < settings.iterations:
        step = learner.step()
        last = learner.iteration == settings.iterations
        metrics: dict[str, Any] = {"iteration": step.iteration}
        checked = last or learner.iteration % experiment.validation.every == 0
        if validation is not None and log is not None:
            seconds = elapsed_before + perf_counter() - started - validation.seconds
            event = {
                "iteration": step.iteration,
                "iterations": settings.iterations,
                "cost_usd_per_day": sum(step.cost_parts_usd_per_day.values()),
                "fill_rate": 1 - step.lost_share,
                "environment_days": step.environment_days * workers,
                "training_seconds": seconds,
                "process": os.getpid(),
            }
            log.step(step, learner.module)
            if checked:
                figures = validation.run(learner.module, learner.cover_days)
                log.validation(step.iteration, figures, validation)
                metrics["validation_cost_usd_per_day"] = figures.cost_usd_per_day
                extra = (settings.lost_sales_weight - 1.0) * figures.by_name["lost_margin_usd_per_day"]
                metrics[SCORE] = figures.cost_usd_per_day + extra
                beaten = first_beaten(beaten, figures.cost_usd_per_day, config["base_stock_cost"], seconds)
                metrics[BEATEN] = beaten
                event |= _validated(figures, beaten)
            config["queue"].put(event)
        if checked:
            timing = {"seconds": seconds, BEATEN: beaten} if first else {}
            _report(learner, metrics, timing, write=first)
    if log is not None:
        log.close()


def _validated(figures: ValidationFigures, beaten: float | None) -> dict[str, float]:
    """What an event says of a validation."""
    told = {
        "validation_cost_usd_per_day": figures.cost_usd_per_day,
        "validation_fill_rate": figures.fill_rate,
    }
    return told if beaten is None else told | {BEATEN: beaten}


def _untrained_event(figures: ValidationFigures, iterations: int, beaten: float | None) -> dict[str, Any]:
    """The event of what the policy costs before training; it is no candidate for the best."""
    return {
        "iteration": 0,
        "iterations": iterations,
        "cost_usd_per_day": figures.cost_usd_per_day,
        "fill_rate": figures.fill_rate,
        "environment_days": 0,
        "training_seconds": 0.0,
        "process": os.getpid(),
        **_validated(figures, beaten),
    }


def _average_gradients(parameters: list[nn.Parameter]) -> None:
    """One all-reduce over all gradients laid end to end."""
    flat = torch.cat([parameter.grad.flatten() for parameter in parameters if parameter.grad is not None])
    distributed.all_reduce(flat)
    flat /= distributed.get_world_size()
    place = 0
    for parameter in parameters:
        if parameter.grad is not None:
            count = parameter.grad.numel()
            parameter.grad.copy_(flat[place : place + count].view_as(parameter.grad))
            place += count


def _restore(learner: Learner, device: torch.device) -> tuple[float, float | None]:
    """Go on from the run's last checkpoint, if there is one.

    Returns:
        The seconds trained before, and after how many of them the rule was beaten.
    """
    checkpoint = train.get_checkpoint()
    if checkpoint is None:
        return 0.0, None
    with checkpoint.as_directory() as folder:
        state = torch.load(Path(folder) / CHECKPOINT_FILE, map_location=device, weights_only=True)
    learner.restore(state)
    return float(state["seconds"]), state.get(BEATEN)  # checkpoints of before this was kept don't have it


def _report(learner: Learner, metrics: dict[str, Any], timing: dict[str, float | None], *, write: bool) -> None:
    """Every worker must report; the first one brings the checkpoint."""
    if not write:
        train.report(metrics)
        return
    with tempfile.TemporaryDirectory() as folder:
        torch.save({**learner.state(), **timing}, Path(folder) / CHECKPOINT_FILE)
        train.report(metrics, checkpoint=Checkpoint.from_directory(folder))
