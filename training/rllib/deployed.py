"""What is left when training is over: the policy of all agents together, without a word of RLlib."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from entrepot.agents.maintenance import MaintainingPolicy, MaintenanceHead
from entrepot.envs.world import World
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.rllib.actors import ENVIRONMENT_HEAD, actor_named
from entrepot.training.rllib.settings import PpoSettings
from entrepot.training.world import world_of

ACTOR, UPKEEP = "actor.", "upkeep."


def module_of(experiment: ExperimentSettings, world: World | None = None) -> nn.Module:
    """The policy that a run's weights belong to.

    Args:
        experiment: settings of the run.
        world: its world; built anew if None.
    """
    settings = PpoSettings.of(experiment.trainer)
    world = world or world_of(experiment)
    orders = actor_named(settings.actor).deployed(world, settings, experiment.policy.neural(head=ENVIRONMENT_HEAD))
    return MaintainingPolicy(orders, MaintenanceHead()) if settings.maintenance else orders


def state_of(experiment: ExperimentSettings, modules: Mapping[str, Mapping[str, Any]]) -> dict[str, Tensor]:
    """The state of `module_of`, of the RLModules' states by module and name."""
    settings = PpoSettings.of(experiment.trainer)
    orders = actor_named(settings.actor).deployed_state([_part(state, ACTOR) for state in modules.values()])
    if not settings.maintenance:
        return orders
    (shared,) = modules.values()
    return {f"orders.{key}": value for key, value in orders.items()} | {
        f"head.{key}": value for key, value in _part(shared, UPKEEP).items()
    }


def _part(state: Mapping[str, Any], prefix: str) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): torch.as_tensor(value) for key, value in state.items() if key.startswith(prefix)}
