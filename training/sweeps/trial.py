"""One trial of a sweep: what all have in common, and a run that tells what its best policy costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from entrepot.training.events import Event
from entrepot.training.experiment import POLICY_FILE, ExperimentSettings
from entrepot.training.run_folder import new_run
from entrepot.training.trainers.checkpoints import checkpoint_place
from entrepot.training.trainers.job import Job, Outcome

METRIC = "validation_cost_usd_per_day"
FIXED = (
    "network",
    "skus",
    "demand",
    "base_stock",
    "validation",
    "evaluation",
    "seed",
    "run",
    "folder",
    "compute",
    "cluster",
)
"""What trials must have in common, to be compared on the same scenarios with the same base stock."""


@dataclass(frozen=True)
class SweepTrial:
    """One point of a sweep, after its run."""

    folder: Path
    values: Mapping[str, Any]
    cost_usd_per_day: float | None  # in validation: its policy's, or the least until it was ended; None: it failed
    iterations: int
    seconds: float

    def rank(self) -> tuple[bool, bool, float]:
        """Failed trials come last, and before them those that were ended before they kept a policy."""
        cost = self.cost_usd_per_day
        return cost is None, not (self.folder / POLICY_FILE).is_file(), cost or 0.0


def in_common(experiment: ExperimentSettings) -> dict[str, Any]:
    """The settings that trials share, with absolute paths: Ray Tune runs each trial in a folder of its own."""
    compute = experiment.compute
    if compute.storage is not None:
        compute = compute.model_copy(update={"storage": checkpoint_place(experiment, "trials")})
    shared = experiment.with_absolute_paths().model_copy(
        update={"compute": compute, "folder": str(experiment.run_folder.resolve())}
    )
    return {key: getattr(shared, key) for key in FIXED if key in ExperimentSettings.model_fields}


def run_trial(
    experiment: ExperimentSettings,
    content: Mapping[str, str],
    base_cover_days: Tensor,
    base_stock_cost_usd_per_day: float,
    *,
    train: Callable[[Job], Outcome],
    tell: Callable[[dict[str, Any]], None],
) -> None:
    """Train at one point, and tell the least cost so far after each validation; at the end, that of what is kept.

    Args:
        experiment: of this trial.
        content: digests of the network and demand.
        base_cover_days: [L, S] that policies start from.
        base_stock_cost_usd_per_day: of the tuned rule in validation.
        train: the trainer of the experiment.
        tell: takes the metric, the iteration and the seconds of training.
    """
    best, seconds = float("inf"), 0.0

    def report(event: Event) -> None:
        nonlocal best, seconds
        if event.figures is None:
            return
        seconds, cost = event.figures.training_seconds, event.figures.validation_cost_usd_per_day
        # What was there before training is no candidate; and ASHA ends a trial that reports its last iteration, which
        # it must not before the policy is kept.
        if cost is not None and 0 < event.done < event.total:
            best = min(best, cost)
            tell({METRIC: best, "iteration": event.done, "training_seconds": seconds})

    with new_run(experiment, content, overwrite=True):  # by its id, a trial begins anew only where Tune repeats it
        experiment.save()
        outcome = train(Job(experiment, base_cover_days, base_stock_cost_usd_per_day, resume=False, report=report))
    tell({METRIC: outcome.best_cost_usd_per_day, "iteration": outcome.iterations, "training_seconds": seconds})
