"""What `configs/trainer/pathwise.yaml` may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from entrepot.configs.numbers import Count, Positive, Share
from entrepot.training.trainers.settings import TrainerSettings


class PathwiseSettings(TrainerSettings):
    """Settings of the pathwise trainer."""

    kind: Literal["pathwise"] = "pathwise"
    iterations: Count = 120
    learning_rate: Positive = 0.002
    warm_up_share: Share = 0.1
    max_grad_norm: Positive = 1.0
    smoothing_days: Positive = 0.5
    lost_sales_weight: Annotated[float, Field(ge=0)] = 1.2
    cover_learning_rate: Annotated[float, Field(ge=0)] = 0.0


SETTINGS = {"pathwise": PathwiseSettings}
