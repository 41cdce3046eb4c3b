"""What an agent's value is read from: what it sees itself, the network's state, or all agents' observations together.

A new critic is one new class that registers itself.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from entrepot.agents.mlp import StackedMlp
from entrepot.configs.registry import Registry
from entrepot.envs.observe.vector import Observation
from entrepot.envs.world import World
from entrepot.training.rllib.actors import Seen, moments, with_identity
from entrepot.training.rllib.settings import PpoSettings


class CriticBuilder(Protocol):
    """Makes a critic, an `nn.Module` from observations of R agents to [R] values."""

    needs: tuple[str, ...]
    """Names of the observations it reads."""

    def __call__(self, world: World, settings: PpoSettings) -> nn.Module:
        """Args: the world; the trainer's settings."""
        ...


_CRITICS = Registry[CriticBuilder]()
register_critic = _CRITICS.register
"""Decorate a critic's class so that `trainer.critic` can name it."""


def critic_named(name: str) -> CriticBuilder:
    """The critic of a name.

    Raises:
        ConfigurationError: there is none.
    """
    return _CRITICS.named(name, "trainer.critic")


@register_critic("own")
class OwnCritic(nn.Module):
    """Independent learning: an agent values what it sees itself (de Witt et al. 2020)."""

    needs = ("own",)

    def __init__(self, world: World, settings: PpoSettings) -> None:
        """Args as in `CriticBuilder`."""
        super().__init__()
        self._agents = len(world.network.agents)
        inputs = Observation(world.network, world.attributes, maintenance=settings.maintenance).width + self._agents
        self.mlp = StackedMlp(1, inputs, 1, settings.critic_mlp.mlp(), last_gain=1.0)

    def forward(self, seen: Seen) -> Tensor:
        """[R]."""
        values: Tensor = self.mlp(with_identity(seen, self._agents).unsqueeze(0))
        return values[0, :, 0]


class _Central(nn.Module):
    """One perceptron values a moment for all A agents at once."""

    needs = ("state",)

    def __init__(self, inputs: int, world: World, settings: PpoSettings) -> None:
        super().__init__()
        self.mlp = StackedMlp(1, inputs, len(world.network.agents), settings.critic_mlp.mlp(), last_gain=1.0)

    def inputs(self, state: Tensor) -> Tensor:
        """[U, ...] what the perceptron reads, of [U, F] states."""
        raise NotImplementedError

    def forward(self, seen: Seen) -> Tensor:
        """[R]."""
        first, moment = moments(seen["moment"])
        values: Tensor = self.mlp(self.inputs(seen["state"][first]).unsqueeze(0))[0]
        return values[moment, seen["agent"]]


@register_critic("state")
class StateCritic(_Central):
    """Reads the environment's global state, every feature of the network once (Yu et al. 2022)."""

    def __init__(self, world: World, settings: PpoSettings) -> None:
        """Args as in `CriticBuilder`."""
        super().__init__(
            Observation(world.network, world.attributes, maintenance=settings.maintenance).size, world, settings
        )

    def inputs(self, state: Tensor) -> Tensor:
        """[U, F]."""
        return state


@register_critic("observations")
class ObservationsCritic(_Central):
    """Reads what all agents see, one after the other."""

    def __init__(self, world: World, settings: PpoSettings) -> None:
        """Args as in `CriticBuilder`."""
        self_seen = Observation(world.network, world.attributes, maintenance=settings.maintenance)
        super().__init__(sum(self_seen.widths), world, settings)
        # Where each agent's features stand in the state, padding left out.
        places = [torch.as_tensor(self_seen.places(agent)) for agent in range(len(self_seen.widths))]
        self.register_buffer("places", torch.cat(places), persistent=False)

    def inputs(self, state: Tensor) -> Tensor:
        """[U, sum of all agents' widths]."""
        padded = torch.cat([state, torch.zeros_like(state[:, :1])], dim=1)
        return padded[:, self.places]  # type: ignore[index]
