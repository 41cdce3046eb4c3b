"""The loop of every trainer: iterate, validate, keep the best, save, tell."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor, nn

from entrepot.agents.module_agent import ModuleAgent
from entrepot.agents.rules import MinMax
from entrepot.envs.world import World
from entrepot.training.evaluation.validation import Validation, ValidationFigures
from entrepot.training.events import Event, Figures, Kind
from entrepot.training.experiment import POLICY_FILE
from entrepot.training.trainers.checkpoints import Progress
from entrepot.training.trainers.job import Job
from entrepot.training.trainers.modules import save_policy

if TYPE_CHECKING:
    from entrepot.training.trainers.tensorboard import TrainingLog


@dataclass(frozen=True)
class Iteration:
    """What an iteration saw while it sampled."""

    cost_usd_per_day: float
    lost_share: float
    environment_days: int  # of all processes that learn together
    scalars: Mapping[str, float] = field(default_factory=dict)  # what else TensorBoard shows
    shown: nn.Module | None = None  # whose weights and gradients TensorBoard shows


@dataclass(frozen=True)
class Learned:
    """A policy as it is now."""

    module: nn.Module
    cover_days: Tensor  # [L, S] that it scales


class Method(Protocol):
    """A way of learning, one iteration after the other."""

    def iterate(self) -> Iteration:
        """Sample and learn."""
        ...

    def learned(self) -> Learned:
        """The policy that is validated, as it is now."""
        ...

    def save(self, progress: Progress) -> None:
        """Write a checkpoint to go on from."""
        ...


BEATEN_BY = 0.001
"""Less of the rule's cost is no better: a policy that starts as the rule costs the same but for rounding."""
Score = Callable[[ValidationFigures], float]


Validated = Callable[[ValidationFigures], None]


def _nobody(figures: ValidationFigures) -> None:
    """Learns nothing from a validation."""


def cost(figures: ValidationFigures) -> float:
    """The score that policies are chosen by, unless a trainer has another: less is better."""
    return figures.cost_usd_per_day


class Loop:
    """Iterations of a method with a validation and a checkpoint every so often."""

    def __init__(
        self,
        job: Job,
        world: World,
        *,
        seconds: float | None = None,
        score: Score = cost,
        validated: Validated = _nobody,
        leads: bool = True,
        log_folder: Path | None = None,
        keeps_policy: bool = True,
    ) -> None:
        """Make ready.

        Args:
            job: what the trainer was asked to do.
            world: in which policies are validated.
            seconds: of training after which to end before the iterations are done; never if None.
            score: what the best policy is chosen by.
            validated: told of each validation after an iteration, before the checkpoint is saved.
            leads: whether this process validates, logs and tells; of several that learn together, one does.
            log_folder: of TensorBoard; that of the run if None.
            keeps_policy: whether the best policy is written to the run's folder as it is found.
        """
        experiment = job.experiment
        self._job, self._world, self._score, self._validated = job, world, score, validated
        self._iterations, self._limit = experiment.trainer.iterations, seconds
        self._every, self._untrained = experiment.validation.every, experiment.validation.untrained
        self._validation = Validation(experiment, world) if leads else None
        self._log_folder = log_folder or experiment.run_folder / "tensorboard"
        self._policy_file = experiment.run_folder / POLICY_FILE if keeps_policy else None
        self._log: TrainingLog | None = None

    def run(self, method: Method, progress: Progress) -> Progress:
        """Iterate from where the progress says until all is done, or the seconds are over."""
        if self._validation is not None:
            # What draws takes a fifth of the imports, in each of the processes that only learn or look on.
            from entrepot.training.trainers.tensorboard import TrainingLog

            self._log = TrainingLog(self._log_folder, self._world, self._rules(self._validation))
        try:
            if progress.iteration == 0 and self._untrained:
                progress = self._before(method, progress)
            while progress.iteration < self._iterations and not self._out_of_time(progress):
                progress = self._next(method, progress)
        finally:
            if self._log is not None:
                self._log.close()
        return progress

    def _rules(self, validation: Validation) -> dict[str, float]:
        """What rules cost in validation, USD a day."""
        with torch.no_grad():
            costs = {"min_max": validation.of(MinMax(self._world.attributes)).cost_usd_per_day}
        bar = self._job.base_stock_cost_usd_per_day
        return costs if bar is None else {"base_stock": bar, **costs}

    def _next(self, method: Method, progress: Progress) -> Progress:
        began = perf_counter()
        seen = method.iterate()
        progress = replace(
            progress, iteration=progress.iteration + 1, seconds=progress.seconds + perf_counter() - began
        )
        if self._log is not None:
            self._log.iteration(progress.iteration, seen)
        validated = None
        if self._is_checked(progress):
            validated = self._validate(method, progress.iteration)
            if validated is not None:
                progress = self._judged(method, progress, validated)
                self._validated(validated)
            method.save(progress)
        self._tell(seen, progress, validated)
        return progress

    def _before(self, method: Method, progress: Progress) -> Progress:
        """What the policy costs before training; it is no candidate for the best."""
        validated = self._validate(method, 0)
        if validated is None:
            return progress
        progress = self._beaten(progress, validated)
        seen = Iteration(validated.cost_usd_per_day, 1 - validated.fill_rate, 0)
        self._tell(seen, progress, validated)
        return progress

    def _is_checked(self, progress: Progress) -> bool:
        last = progress.iteration == self._iterations or self._out_of_time(progress)
        return last or progress.iteration % self._every == 0

    def _out_of_time(self, progress: Progress) -> bool:
        return self._limit is not None and progress.seconds >= self._limit

    def _validate(self, method: Method, iteration: int) -> ValidationFigures | None:
        if self._validation is None or self._log is None:
            return None
        learned = method.learned()
        attributes = self._world.starting_from(learned.cover_days).attributes
        with torch.no_grad():
            figures = self._validation.of(ModuleAgent(learned.module, attributes))
        self._log.validation(iteration, figures, self._validation)
        return figures

    def _judged(self, method: Method, progress: Progress, figures: ValidationFigures) -> Progress:
        """The progress with what a validation found; the policy is kept if it is the best so far."""
        if self._log is not None:
            self._log.scalars(progress.iteration, {"training/seconds": progress.seconds})
        progress = replace(self._beaten(progress, figures), score=self._score(figures))
        kept = self._policy_file is None or self._policy_file.is_file()
        if progress.score >= progress.best_score and kept:
            return progress
        if self._policy_file is not None:
            learned = method.learned()
            save_policy(learned.module.state_dict(), learned.cover_days, self._policy_file)
        return replace(progress, best_score=progress.score, best_cost_usd_per_day=figures.cost_usd_per_day)

    def _beaten(self, progress: Progress, figures: ValidationFigures) -> Progress:
        """The progress, knowing after how many seconds the rule was first beaten in validation."""
        bar = self._job.base_stock_cost_usd_per_day
        if bar is None or progress.seconds_to_beat_base_stock is not None:
            return progress
        if figures.cost_usd_per_day < (1 - BEATEN_BY) * bar:
            return replace(progress, seconds_to_beat_base_stock=progress.seconds)
        return progress

    def _tell(self, seen: Iteration, progress: Progress, validated: ValidationFigures | None) -> None:
        if self._validation is None:
            return
        figures = Figures(
            cost_usd_per_day=seen.cost_usd_per_day,
            fill_rate=1 - seen.lost_share,
            environment_days=seen.environment_days,
            training_seconds=progress.seconds,
            process=os.getpid(),
            validation_cost_usd_per_day=None if validated is None else validated.cost_usd_per_day,
            validation_fill_rate=None if validated is None else validated.fill_rate,
            seconds_to_beat_base_stock=progress.seconds_to_beat_base_stock,
        )
        self._job.report(Event(Kind.ITERATION, progress.iteration, self._iterations, figures=figures))
