"""What `configs/trainer/ippo.yaml` and `mappo.yaml` may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from entrepot.configs.loader import StrictModel
from entrepot.training.experiment import Count, Positive, Share
from entrepot.training.perceptron import PerceptronSettings

SHARED = "shared"
"""Name of the one policy that all agents share."""


class PpoSettings(StrictModel):
    """Settings of independent and multi-agent PPO (Schulman et al. 2017; de Witt et al. 2020; Yu et al. 2022)."""

    kind: Literal["ippo", "mappo"]
    iterations: Count = 200
    seconds: Positive | None = None  # training ends after so many, if the iterations aren't done by then
    actor: str = "neural"
    sharing: Literal["shared", "separate"] = "shared"
    critic: str = "own"
    mlp: PerceptronSettings = PerceptronSettings()
    critic_mlp: PerceptronSettings = PerceptronSettings()
    exploration_deviation: Positive = 0.15
    environments: Count = 32
    fragment_days: Count = 32
    episode_days: Count = 128
    warm_up_days: Annotated[int, Field(ge=0)] = 60
    team_share: Share = 1.0
    learners: Annotated[int, Field(ge=0)] = 0
    learning_rate: Positive = 0.0005
    discount: Annotated[float, Field(gt=0, lt=1)] = 0.99
    gae_lambda: Share = 0.95
    clip: Positive = 0.2
    epochs: Count = 4
    minibatch_days: Count = 256
    value_weight: Positive = 0.5
    entropy_weight: Annotated[float, Field(ge=0)] = 0.0
    gradient_norm: Positive = 1.0

    @model_validator(mode="after")
    def _fits(self) -> PpoSettings:
        if (self.critic == "own") != (self.kind == "ippo"):
            raise ValueError(
                f"critic: {self.critic!r}; allowed for {self.kind}: "
                f"{'own' if self.kind == 'ippo' else 'state, observations'}"
            )
        if self.actor == "neural" and self.sharing == "separate":
            raise ValueError(
                "sharing: 'separate'; the neural policy has one set of weights for any number of warehouses: "
                "allowed: shared, or separate with actor=mlp"
            )
        if self.learners and self.environments % self.learners:
            raise ValueError(
                f"environments: {self.environments}; allowed for {self.learners} learners: a multiple of that"
            )
        return self

    def module_of(self, agent: str) -> str:
        """Name of the policy that an agent acts by."""
        return SHARED if self.sharing == "shared" else agent
