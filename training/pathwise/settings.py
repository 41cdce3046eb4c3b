"""What `configs/trainer/pathwise.yaml` may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from entrepot.configs.loader import StrictModel

Positive = Annotated[float, Field(gt=0)]


class PathwiseSettings(StrictModel):
    """Settings of the pathwise trainer."""

    kind: Literal["pathwise"] = "pathwise"
    iterations: Annotated[int, Field(ge=1)] = 120
    learning_rate: Positive = 0.002
    warm_up_share: Annotated[float, Field(ge=0, le=1)] = 0.1
    gradient_norm: Positive = 1.0
    smoothing_days: Positive = 0.5
