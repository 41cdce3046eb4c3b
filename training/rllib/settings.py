"""What `configs/trainer/ippo.yaml` and `mappo.yaml` may say."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from entrepot.configs.loader import StrictModel
from entrepot.configs.numbers import Count, Positive
from entrepot.training.trainers.perceptron import PerceptronSettings
from entrepot.training.trainers.settings import ComputeSettings, Needs, ProximalSettings, SamplingSettings

SHARED = "shared"
"""Name of the one policy that all agents share."""


class TriedSettings(StrictModel):
    """Of weights that every SKU tries for itself."""

    deviation: Positive = 0.6  # of the logarithm of cover, by which what is tried strays
    step: Positive = 0.6  # of the first iteration, in deviations of what is tried; down to 0 at the last
    decision_days: Count = 7  # that a decision is held for
    level_deviation: Annotated[float, Field(ge=0)] = 0.4  # how far each SKU's level strays, as a logarithm


class PpoSettings(SamplingSettings, ProximalSettings):
    """Settings of independent and multi-agent PPO (de Witt et al. 2020; Yu et al. 2022)."""

    kind: Literal["ippo", "mappo"]
    actor: str = "neural"
    sharing: Literal["shared", "separate"] = "shared"
    critic: str = "own"
    credit: Literal["agent", "sku"] = "agent"
    explore: Literal["actions", "weights"] | None = None
    environments_per_scenario: Count = 1
    tried: TriedSettings = TriedSettings()
    mlp: PerceptronSettings = PerceptronSettings()
    critic_mlp: PerceptronSettings = PerceptronSettings()
    exploration_deviation: Positive = 0.15
    maintenance: bool = False
    maintenance_deviation: Positive = 0.05
    learners: Annotated[int, Field(ge=0)] = 0
    learning_rate: Positive = 0.0005
    minibatch_days: Count = 256

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
        if self.maintenance and self.sharing == "separate":
            raise ValueError(
                "maintenance: True; one head decides for all units of equipment: allowed with sharing: shared"
            )
        if self.credit == "sku":
            self._fits_cells()
        elif self.environments_per_scenario != 1:
            raise ValueError(
                f"environments_per_scenario: {self.environments_per_scenario}; allowed with credit: agent: 1"
            )
        elif self.explore == "weights":
            raise ValueError("explore: 'weights'; allowed with credit: agent: actions, or null")
        if self.learners and self.environments % self.learners:
            raise ValueError(
                f"environments: {self.environments}; allowed for {self.learners} learners: a multiple of that"
            )
        return self

    def _fits_cells(self) -> None:
        """Where every (agent, SKU) is judged by its own cost, the policy and the critic must be told cell by cell."""
        only = {
            "actor": (self.actor, "neural"),
            "critic": (self.critic, "own" if self.kind == "ippo" else "state"),
            "maintenance": (self.maintenance, False),
            "learners": (self.learners, 0),
        }
        for key, (value, allowed) in only.items():
            if value != allowed:
                raise ValueError(f"{key}: {value!r}; allowed with credit: sku: {allowed!r}")
        if self.tries_weights:
            self._fits_tried()
            return
        for key, of, parts in (
            ("episode_days", "rollout_days", (self.episode_days, self.rollout_days)),
            ("environments", "environments_per_scenario", (self.environments, self.environments_per_scenario)),
        ):
            if parts[0] % parts[1]:
                raise ValueError(f"{key}: {parts[0]}; allowed with explore: actions: a multiple of {of} ({parts[1]})")

    def _fits_tried(self) -> None:
        """Two live through each scenario, and what one SKU tries all agents try, so that all bear what comes of it."""
        if self.environments % 2:
            raise ValueError(f"environments: {self.environments}; allowed with explore: weights: even numbers")
        if self.environments_per_scenario not in (1, 2):
            raise ValueError(
                f"environments_per_scenario: {self.environments_per_scenario}; allowed with explore: weights: 1 or 2, "
                "which is 2: what is tried and its mirror image"
            )
        if self.team_share != 1.0:
            raise ValueError(f"team_share: {self.team_share}; allowed with explore: weights: 1.0")

    @property
    def tries_weights(self) -> bool:
        """Whether SKUs try weights of their own, and not actions."""
        return self.credit == "sku" and self.explore != "actions"

    def module_of(self, agent: str) -> str:
        """Name of the policy that an agent acts by."""
        return SHARED if self.sharing == "shared" else agent

    def needs(self, compute: ComputeSettings) -> list[Needs]:
        """Of the main process, remote runners and remote learners."""
        learning = Needs(gpus=int(compute.device == "cuda"))
        if self.credit == "sku":
            return [learning] if compute.workers == 1 else [Needs(), *[learning] * compute.workers]
        runners = compute.workers if compute.workers > 1 else 0
        return [Needs() if self.learners else learning, *[Needs()] * runners, *[learning] * self.learners]


SETTINGS = {"ippo": PpoSettings, "mappo": PpoSettings}
