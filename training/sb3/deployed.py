"""What is left when training is over: the actor's perceptron without a word of Stable-Baselines3."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from entrepot.agents.mlp import AgentMlp, CentralMlp
from entrepot.envs.world import World
from entrepot.training.experiment import ExperimentSettings
from entrepot.training.sb3.settings import Sb3SacSettings, Sb3Settings
from entrepot.training.world import world_of


def module_of(experiment: ExperimentSettings, world: World | None = None) -> nn.Module:
    """The policy that a run's weights belong to.

    Args:
        experiment: settings of the run.
        world: its world; built anew if None.
    """
    settings = Sb3Settings.of(experiment.trainer)
    world = world or world_of(experiment)
    squash = isinstance(settings, Sb3SacSettings)
    return _BUILDERS[settings.view](world, settings, squash)


def _central(world: World, settings: Sb3Settings, squash: bool) -> nn.Module:
    return CentralMlp(world.network, world.attributes, settings.mlp(), squash=squash)


def _agents(world: World, settings: Sb3Settings, squash: bool) -> nn.Module:
    return AgentMlp(world.network, world.attributes, settings.mlp(), squash=squash)


_BUILDERS = {"central": _central, "agents": _agents}


def state_of(policy: Any) -> dict[str, Tensor]:
    """The state of `module_of`, of an actor-critic policy of Stable-Baselines3."""
    linear = [layer for layer in actor_layers(policy) if isinstance(layer, nn.Linear)]
    state = {}
    for place, layer in enumerate(linear):
        # In a stack of one; between two layers stands an activation.
        state[f"actor.layers.{2 * place}.weight"] = layer.weight.detach().cpu().unsqueeze(0).clone()
        state[f"actor.layers.{2 * place}.bias"] = layer.bias.detach().cpu().unsqueeze(0).clone()
    return state


def actor_layers(policy: Any) -> Iterable[nn.Module]:
    """The layers from an observation to an action's mean, in order."""
    if hasattr(policy, "mlp_extractor"):
        return [*policy.mlp_extractor.policy_net, policy.action_net]
    return [*policy.actor.latent_pi, policy.actor.mu]


@torch.no_grad()
def start_from_base_stock(policy: Any, base_cover_days: Tensor, most_cover_days: float, *, squash: bool) -> None:
    """Make a central planner's untrained policy the base stock.

    Args:
        policy: of Stable-Baselines3.
        base_cover_days: [L, S].
        most_cover_days: what an action of 1 means.
        squash: whether a tanh comes last.
    """
    *_, last = actor_layers(policy)
    assert isinstance(last, nn.Linear)
    unit = (2.0 * base_cover_days.flatten() / most_cover_days - 1.0).clamp(-0.999, 0.999)
    last.weight.mul_(0.01)
    last.bias.copy_(torch.atanh(unit) if squash else unit)
