"""What the settings of trainers have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import Field

from entrepot.configs.loader import StrictModel
from entrepot.configs.numbers import Count, Positive, Share


class ComputeSettings(StrictModel):
    """Where training runs."""

    workers: Count = 2
    device: Literal["cpu", "cuda"] = "cpu"
    threads: Annotated[int, Field(ge=0)] = 1  # per process; 0 shares the machine's cores among the workers
    most_failures: Annotated[int, Field(ge=-1)] = 3  # how often lost workers are replaced; -1 for ever
    address: str | None = None  # of a Ray cluster; a local one is started if not given
    storage: str | None = None  # where checkpoints go: a shared folder or a URI; the run's folder if not given


@dataclass(frozen=True)
class Needs:
    """What one process takes of a machine."""

    cpus: int = 1
    gpus: int = 0


class TrainerSettings(StrictModel):
    """Of any trainer."""

    kind: str
    iterations: Count

    def refuse(self, compute: ComputeSettings) -> None:
        """Look at where training is to run, before anything is tuned or written.

        Raises:
            ConfigurationError: the trainer can't run there.
        """

    @property
    def bound_by_rule(self) -> bool:
        """Whether the run must know what the best rule loses in validation."""
        return False

    @property
    def shows_weeks(self) -> bool:
        """Whether a policy that learns so may read the weeks of demand one by one."""
        return False

    def needs(self, compute: ComputeSettings) -> list[Needs]:
        """Of each process of the trainer, its own first; workers that it starts as a group of their own don't count."""
        return [Needs()]

    @classmethod
    def of(cls, settings: TrainerSettings) -> Self:
        """The same settings, known to be of this class.

        Raises:
            TypeError: they are another trainer's.
        """
        if not isinstance(settings, cls):
            raise TypeError(f"settings of {settings.kind} where those of {cls.__name__} are needed")
        return settings


class SamplingSettings(TrainerSettings):
    """Of trainers that act in the environment."""

    iterations: Count = 200
    seconds: Positive | None = None  # training ends after so many, if the iterations aren't done by then
    environments: Count = 32
    rollout_days: Count = 32
    episode_days: Count = 128
    warm_up_days: Annotated[int, Field(ge=0)] = 60
    team_share: Share = 1.0
    learning_rate: Positive = 0.0003
    gamma: Annotated[float, Field(gt=0, lt=1)] = 0.99


class ProximalSettings(StrictModel):
    """Proximal policy optimisation (Schulman et al. 2017), whichever library does it."""

    gae_lambda: Share = 0.95
    clip_range: Positive = 0.2
    epochs: Count = 4
    value_weight: Positive = 0.5
    entropy_weight: Annotated[float, Field(ge=0)] = 0.0
    max_grad_norm: Positive = 1.0
