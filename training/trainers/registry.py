"""Trainers by the `kind` their YAML names; a new trainer is one new file that registers itself, and one YAML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from entrepot.configs.registry import Registry
from entrepot.training.experiment import ExperimentSettings


class Report(Protocol):
    """Where a trainer tells how it is getting on; a progress bar listens."""

    def __call__(self, event: dict[str, Any]) -> None:
        """Take one event: `iteration`, `iterations` and named figures."""
        ...


@dataclass(frozen=True)
class Outcome:
    """What a trainer leaves behind."""

    policy_file: Path  # weights of the best policy
    iterations: int
    best_cost_usd_per_day: float
    seconds: float
    seconds_to_beat_base_stock: float | None  # of training; None if it never did


@dataclass(frozen=True)
class Assignment:
    """What a trainer is asked to do."""

    experiment: ExperimentSettings
    base_cover_days: Tensor  # [L, S] of the tuned base stock, which the policy starts from
    base_stock_cost_usd_per_day: float | None  # of the tuned rule on the validation scenarios
    resume: bool
    report: Report


Trainer = Callable[[Assignment], Outcome]
Bundle = dict[str, float]
"""Ray's resources of one process, such as ``{"CPU": 1}``."""
Bundles = Callable[[ExperimentSettings], list[Bundle]]
"""What a trainer's processes take, its own first; Ray Train's workers bring theirs and don't count."""
Check = Callable[[ExperimentSettings], None]
"""Raises a `ConfigurationError` for settings that a trainer can't use."""


@dataclass(frozen=True)
class _Entry:
    trainer: Trainer
    check: Check
    bundles: Bundles


_KINDS = Registry[_Entry](
    {
        "pathwise": "entrepot.training.pathwise.trainer",
        "ippo": "entrepot.training.rllib.trainer",
        "mappo": "entrepot.training.rllib.trainer",
        "sb3_ppo": "entrepot.training.sb3.trainer",
        "sb3_sac": "entrepot.training.sb3.trainer",
    }
)


def one_process(experiment: ExperimentSettings) -> list[Bundle]:
    """Bundles of a trainer that needs a CPU and nothing else."""
    return [{"CPU": 1}]


def register_trainer(kind: str, *, check: Check, bundles: Bundles = one_process) -> Callable[[Trainer], Trainer]:
    """Decorate a function ``(assignment) -> Outcome`` so that YAML can name it.

    Args:
        kind: its name.
        check: of its settings, before anything is tuned or written.
        bundles: what it takes of a Ray cluster, for sweeps.
    """

    def register(trainer: Trainer) -> Trainer:
        _KINDS.add(_Entry(trainer, check, bundles), kind)
        return trainer

    return register


def bundles_of(experiment: ExperimentSettings) -> list[Bundle]:
    """What the experiment's trainer takes of a Ray cluster.

    Raises:
        ConfigurationError: there is no trainer of that kind.
    """
    return _entry_of(experiment).bundles(experiment)


def trainer_of(experiment: ExperimentSettings) -> Trainer:
    """The trainer that the experiment names.

    Raises:
        ConfigurationError: there is none of that kind.
    """
    return _entry_of(experiment).trainer


def check_trainer(experiment: ExperimentSettings) -> None:
    """Let the trainer that the experiment names look at its settings.

    Raises:
        ConfigurationError: there is none of that kind, or it can't use a setting.
    """
    _entry_of(experiment).check(experiment)


def _entry_of(experiment: ExperimentSettings) -> _Entry:
    return _KINDS.named(experiment.trainer.get("kind"), "trainer.kind")
