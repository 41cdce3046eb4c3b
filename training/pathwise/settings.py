"""What `configs/trainer/pathwise.yaml` may say."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from entrepot.configs.numbers import Count, Positive, Share
from entrepot.training.trainers.settings import TrainerSettings

FREE: Final = "free"
BEST_RULE: Final = "no_more_than_best_rule"
"""What `lost_sales` may be beside a share of demand."""
COVER_LEARNING_RATE = 0.01
"""Where none is set, and there is one network whose covers can be learnt."""


class PathwiseSettings(TrainerSettings):
    """Settings of the pathwise trainer."""

    kind: Literal["pathwise"] = "pathwise"
    iterations: Count = 120
    learning_rate: Positive = 0.002
    warm_up_share: Share = 0.1
    max_grad_norm: Positive = 1.0
    smoothing_days: Positive = 0.5
    lost_sales_weight: Annotated[float, Field(ge=0)] = 1.2
    lost_sales: Literal["free", "no_more_than_best_rule"] | Share = FREE
    lost_sales_rate: Positive = 2.0
    cover_learning_rate: Annotated[float, Field(ge=0)] | None = Field(
        None,
        description=f"of the covers that the policy scales; if null {COVER_LEARNING_RATE:g}, or 0 of drawn networks",
    )
    networks: str | None = Field(
        None, description="a distribution of networks to train on, by name or path; the experiment's own if null"
    )

    start: str | None = Field(
        None, description="a run's folder, from whose policy training goes on; an untrained one if null"
    )

    @model_validator(mode="after")
    def _covers_of_no_one_network(self) -> Self:
        if self.networks is not None and self.cover_learning_rate:
            raise ValueError(
                f"cover_learning_rate: {self.cover_learning_rate:g}; allowed where networks are drawn: 0, for learnt "
                "covers are one network's"
            )
        if self.networks is not None and self.lost_sales != FREE:
            raise ValueError(
                f"lost_sales: {self.lost_sales!r}; allowed where networks are drawn: {FREE}, for a bound is told from "
                "one network's validation"
            )
        return self

    @property
    def covers_learn_at(self) -> float:
        """The learning rate of covers; 0 if they stay as they were tuned."""
        if self.cover_learning_rate is None:
            return COVER_LEARNING_RATE if self.networks is None else 0.0
        return self.cover_learning_rate

    @property
    def shows_weeks(self) -> bool:
        """Its policies read snapshots whole."""
        return True

    @property
    def bound_by_rule(self) -> bool:
        """Whether the run must know what the best rule loses in validation."""
        return self.lost_sales == BEST_RULE


SETTINGS = {"pathwise": PathwiseSettings}
