"""What a trainer is asked to do, and what it leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Self

from torch import Tensor

from entrepot.configs.errors import EntrepotError
from entrepot.training.events import Observer
from entrepot.training.experiment import POLICY_FILE, ExperimentSettings
from entrepot.training.trainers.checkpoints import Progress


class TrainingError(EntrepotError, RuntimeError):
    """Training gave up; what was reached is kept, and `--resume` goes on from there."""

    exit_code = 1


@dataclass(frozen=True)
class RuleInValidation:
    """What a tuned rule came to on the validation scenarios."""

    name: str
    lost_units_per_day: Tensor  # [E] by episode


@dataclass(frozen=True)
class Job:
    """What a trainer is asked to do."""

    experiment: ExperimentSettings
    base_cover_days: Tensor  # [L, S] of the tuned base stock, which the policy starts from
    base_stock_cost_usd_per_day: float | None  # of the tuned rule on the validation scenarios
    resume: bool
    report: Observer
    best_rule: RuleInValidation | None = None  # the cheapest in validation, where the trainer's settings ask for it


@dataclass(frozen=True)
class Outcome:
    """What a trainer leaves behind."""

    policy_file: Path  # weights of the best policy
    iterations: int
    best_cost_usd_per_day: float
    seconds: float
    seconds_to_beat_base_stock: float | None  # of training; None if it never did
    lost_sales: str | None = None  # whether the policy keeps the bound on lost sales, in words; None if there is none

    @classmethod
    def of(cls, job: Job, progress: Progress, started: float, *, lost_sales: str | None = None) -> Self:
        """Of a job that came as far as the progress says.

        Args:
            job: what was asked for.
            progress: at the end.
            started: when, by `perf_counter`.
            lost_sales: whether the policy keeps the bound on lost sales, in words.
        """
        return cls(
            policy_file=job.experiment.run_folder / POLICY_FILE,
            iterations=progress.iteration,
            best_cost_usd_per_day=progress.best_cost_usd_per_day,
            seconds=perf_counter() - started,
            seconds_to_beat_base_stock=progress.seconds_to_beat_base_stock,
            lost_sales=lost_sales,
        )
