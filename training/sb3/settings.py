"""What `configs/trainer/sb3_ppo.yaml` and `sb3_sac.yaml` may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from entrepot.configs.loader import ConfigurationError
from entrepot.configs.numbers import Count, Positive, Share
from entrepot.training.trainers.perceptron import PerceptronSettings
from entrepot.training.trainers.settings import ComputeSettings, Needs, ProximalSettings, SamplingSettings


class Sb3Settings(SamplingSettings, PerceptronSettings):
    """What both algorithms share."""

    view: Literal["central", "agents"] = "central"
    environments: Count = 16
    rollout_days: Count = 64

    def refuse(self, compute: ComputeSettings) -> None:
        """These train in their own process."""
        for key in ("address", "storage"):
            value = getattr(compute, key)
            if value is not None:
                raise ConfigurationError(
                    f"compute.{key}: {value!r}; allowed with trainer.kind {self.kind}: null, as it trains in this "
                    "process and keeps its checkpoints in the run's folder"
                )

    def needs(self, compute: ComputeSettings) -> list[Needs]:
        """One process."""
        return [Needs(gpus=int(compute.device == "cuda"))]


class Sb3PpoSettings(Sb3Settings, ProximalSettings):
    """PPO."""

    kind: Literal["sb3_ppo"] = "sb3_ppo"
    learning_rate: Positive = 0.000003
    log_deviation: float = -3.0  # to begin with; of actions in [-1, 1], or of logarithms of a cover with view=agents
    minibatch: Count = 256
    max_grad_norm: Positive = 0.5


class Sb3SacSettings(Sb3Settings):
    """Soft actor-critic (Haarnoja et al. 2018)."""

    kind: Literal["sb3_sac"] = "sb3_sac"
    activation: Literal["tanh", "relu"] = "relu"
    buffer_size: Count = 50_000  # transitions
    learning_starts: Annotated[int, Field(ge=0)] = 2_000
    batch_size: Count = 256
    gradient_steps: Count = 64  # an iteration
    tau: Share = 0.005


SETTINGS: dict[str, type[Sb3PpoSettings] | type[Sb3SacSettings]] = {
    "sb3_ppo": Sb3PpoSettings,
    "sb3_sac": Sb3SacSettings,
}
