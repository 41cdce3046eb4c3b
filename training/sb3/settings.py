"""What `configs/trainer/sb3_ppo.yaml` and `sb3_sac.yaml` may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from entrepot.training.experiment import Count, Positive, Share
from entrepot.training.perceptron import PerceptronSettings


class Sb3Settings(PerceptronSettings):
    """What both algorithms share."""

    iterations: Count = 200
    seconds: Positive | None = None  # training ends after so many, if the iterations aren't done by then
    view: Literal["central", "agents"] = "central"
    environments: Count = 16
    fragment_days: Count = 64
    episode_days: Count = 128
    warm_up_days: Annotated[int, Field(ge=0)] = 60
    team_share: Share = 1.0
    learning_rate: Positive = 0.0003
    discount: Annotated[float, Field(gt=0, lt=1)] = 0.99


class Sb3PpoSettings(Sb3Settings):
    """PPO (Schulman et al. 2017)."""

    kind: Literal["sb3_ppo"] = "sb3_ppo"
    learning_rate: Positive = 0.000003
    log_deviation: float = -3.0  # to begin with; of actions in [-1, 1], or of logarithms of a cover with view=agents
    gae_lambda: Share = 0.95
    clip: Positive = 0.2
    epochs: Count = 4
    minibatch: Count = 256
    value_weight: Positive = 0.5
    entropy_weight: Annotated[float, Field(ge=0)] = 0.0
    gradient_norm: Positive = 0.5


class Sb3SacSettings(Sb3Settings):
    """Soft actor-critic (Haarnoja et al. 2018)."""

    kind: Literal["sb3_sac"] = "sb3_sac"
    activation: Literal["tanh", "relu"] = "relu"
    buffer: Count = 50_000
    learning_starts: Annotated[int, Field(ge=0)] = 2_000
    batch: Count = 256
    gradient_steps: Count = 64  # an iteration
    polyak: Share = 0.005
