"""What is left when training is over: the policy of all agents together, without a word of RLlib."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from entrepot.envs.world import World, build_world
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.rllib.actors import ENVIRONMENT_HEAD, actor_named
from entrepot.training.rllib.settings import PpoSettings

ACTOR = "actor."


def module_of(experiment: ExperimentSettings, world: World | None = None) -> nn.Module:
    """The policy that a run's weights belong to.

    Args:
        experiment: settings of the run.
        world: its world; built anew if None.
    """
    settings = PpoSettings.of(experiment.trainer)
    world = world or build_world(experiment.network, experiment.demand, skus=experiment.skus)
    return actor_named(settings.actor).deployed(world, settings, experiment.policy.neural(head=ENVIRONMENT_HEAD))


def state_of(experiment: ExperimentSettings, modules: Mapping[str, Mapping[str, Any]]) -> dict[str, Tensor]:
    """The state of `module_of`, of the RLModules' states by module and name."""
    settings = PpoSettings.of(experiment.trainer)
    actors = [
        {key.removeprefix(ACTOR): torch.as_tensor(value) for key, value in state.items() if key.startswith(ACTOR)}
        for state in modules.values()
    ]
    return actor_named(settings.actor).deployed_state(actors)
