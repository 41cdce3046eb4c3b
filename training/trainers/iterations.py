"""What every iterating trainer does around its iterations: validate, keep the best, save, report."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from entrepot.agents.module_agent import ModuleAgent
from entrepot.configs.errors import EntrepotError
from entrepot.envs.world import World
from entrepot.training.evaluation.validation import Validation
from entrepot.training.experiment import POLICY_FILE
from entrepot.training.tensorboard import TrainingLog
from entrepot.training.trainers.modules import save_policy
from entrepot.training.trainers.registry import Assignment, Outcome


class TrainingError(EntrepotError, RuntimeError):
    """Training gave up; what was reached is kept, and `--resume` goes on from there."""

    exit_code = 1


def first_beaten(before: float | None, cost: float, bar: float | None, seconds: float) -> float | None:
    """After how many seconds of training the rule was first beaten in validation.

    Args:
        before: what was known before this validation; None if it hasn't been beaten.
        cost: of this validation, USD a day.
        bar: the rule's cost, if it is known.
        seconds: of training until now.
    """
    return seconds if before is None and bar is not None and cost < bar else before


@dataclass(frozen=True)
class Progress:
    """How far a run had come."""

    iteration: int = 0
    seconds: float = 0.0  # of training
    best_cost_usd_per_day: float = float("inf")
    seconds_to_beat_base_stock: float | None = None  # None: not yet, or from a checkpoint that doesn't say


@dataclass(frozen=True)
class Iteration:
    """What an iteration saw while it sampled."""

    cost_usd_per_day: float
    lost_share: float
    environment_days: int
    scalars: Mapping[str, float] = field(default_factory=dict)  # what else TensorBoard shows


class Method(Protocol):
    """A way of learning, one iteration after the other."""

    def iterate(self) -> Iteration:
        """Sample and learn."""
        ...

    def policy_state(self) -> dict[str, Tensor]:
        """The state of the module that is validated, as it is now."""
        ...

    def save(self, progress: Progress) -> None:
        """Write a checkpoint to go on from."""
        ...


class Iterations:
    """Iterations of a method with a validation and a checkpoint every so often."""

    def __init__(
        self, assignment: Assignment, world: World, module: nn.Module, *, iterations: int, seconds: float | None
    ) -> None:
        """Make ready.

        Args:
            assignment: what the trainer was asked to do.
            world: in which policies are validated.
            module: takes the method's states; from a snapshot and a network's attributes to orders.
            iterations: how many.
            seconds: of training after which to end before; none if None.
        """
        self._assignment, self._world, self._module = assignment, world, module
        self._experiment = assignment.experiment
        self._iterations, self._limit = iterations, seconds
        self._validation = Validation(self._experiment, world)
        self._policy_file = self._experiment.run_folder / POLICY_FILE
        self._seconds_to_beat: float | None = None

    def until_done(self, method: Method, progress: Progress) -> Outcome:
        """Iterate from where the progress says until all is done, or the seconds are over."""
        started = perf_counter()
        best, iteration, seconds = progress.best_cost_usd_per_day, progress.iteration, progress.seconds
        self._seconds_to_beat = progress.seconds_to_beat_base_stock
        log = TrainingLog(self._experiment.run_folder / "tensorboard", self._world)
        try:
            if iteration == 0 and self._experiment.validation.untrained:
                self._assignment.report(self._untrained(method, log))
            while iteration < self._iterations and not self._out_of_time(seconds):
                began = perf_counter()
                figures = method.iterate()
                seconds += perf_counter() - began
                iteration += 1
                shown = {"cost_usd_per_day": figures.cost_usd_per_day, "lost_share": figures.lost_share}
                log.scalars(iteration, {f"train/{name}": value for name, value in shown.items()})
                log.scalars(iteration, figures.scalars)
                event = self._event(iteration, seconds, figures)
                last = iteration == self._iterations or self._out_of_time(seconds)
                if last or iteration % self._experiment.validation.every == 0:
                    cost = self._validate(method, iteration, seconds, event, log)
                    best = self._keep_if_best(cost, best)
                    method.save(Progress(iteration, seconds, best, self._seconds_to_beat))
                self._assignment.report(event)
        finally:
            log.close()
        return Outcome(
            policy_file=self._policy_file,
            iterations=iteration,
            best_cost_usd_per_day=best,
            seconds=perf_counter() - started,
            seconds_to_beat_base_stock=self._seconds_to_beat,
        )

    def _untrained(self, method: Method, log: TrainingLog) -> dict[str, Any]:
        """The event of what the policy costs before training; it is no candidate for the best."""
        event = self._event(0, 0.0, Iteration(float("nan"), float("nan"), 0))
        self._validate(method, 0, 0.0, event, log)
        return event | {
            "cost_usd_per_day": event["validation_cost_usd_per_day"],
            "fill_rate": event["validation_fill_rate"],
        }

    def _out_of_time(self, seconds: float) -> bool:
        return self._limit is not None and seconds >= self._limit

    def _event(self, iteration: int, seconds: float, figures: Iteration) -> dict[str, Any]:
        return {
            "iteration": iteration,
            "iterations": self._iterations,
            "cost_usd_per_day": figures.cost_usd_per_day,
            "fill_rate": 1 - figures.lost_share,
            "environment_days": figures.environment_days,
            "training_seconds": seconds,
            "process": os.getpid(),
        }

    def _validate(
        self, method: Method, iteration: int, seconds: float, event: dict[str, Any], log: TrainingLog
    ) -> float:
        self._module.load_state_dict(method.policy_state())
        with torch.no_grad():
            figures = self._validation.of(ModuleAgent(self._module.eval(), self._world.attributes))
        log.validation(iteration, figures, self._validation)
        log.scalars(iteration, {"validation/training_seconds": seconds})
        event["validation_cost_usd_per_day"] = figures.cost_usd_per_day
        event["validation_fill_rate"] = figures.fill_rate
        bar = self._assignment.base_stock_cost_usd_per_day
        self._seconds_to_beat = first_beaten(self._seconds_to_beat, figures.cost_usd_per_day, bar, seconds)
        if self._seconds_to_beat is not None:
            event["seconds_to_beat_base_stock"] = self._seconds_to_beat
        return figures.cost_usd_per_day

    def _keep_if_best(self, cost: float, best: float) -> float:
        if cost >= best and self._policy_file.is_file():
            return best
        save_policy(self._module.state_dict(), self._assignment.base_cover_days, self._policy_file)
        return cost
