"""What stands behind the Gaussian: the neural policy or a perceptron, each giving a mean for every own lane and SKU.

Means are logarithms of cover over base cover, so that exploration shakes a slow and a fast SKU alike. A new actor is
one new class that registers itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from entrepot.agents.cover_ratio import log_ratio_of
from entrepot.agents.mlp import AgentMlp, OwnLanes, StackedMlp
from entrepot.agents.neural import NeuralCoverPolicy, NeuralPolicy, NeuralPolicySettings
from entrepot.configs.registry import Registry
from entrepot.envs.observe.snapshot import NetworkAttributes
from entrepot.envs.observe.vector import Observation
from entrepot.envs.snapshot.schema import NETWORK_FIELDS
from entrepot.envs.world import World
from entrepot.training.rllib.settings import PpoSettings
from entrepot.training.rllib.snapshot_vector import SnapshotLayout

ENVIRONMENT_HEAD = "cover"
"""Of the neural policy where no head is named: the environment is told covers."""
Seen = Mapping[str, Tensor]
"""Observations of R agents by name: see `training/rllib/environment.py`."""


class ActorBuilder(Protocol):
    """Makes an actor, and what is left of it when training is over.

    An actor maps observations to [R, K, S] logarithms of cover over base cover on each agent's K lanes; padding is
    arbitrary.
    """

    needs: tuple[str, ...]
    """Names of the observations it reads."""

    def __call__(self, world: World, settings: PpoSettings, neural: NeuralPolicySettings) -> nn.Module:
        """Args: the world; the trainer's settings; the neural policy's."""
        ...

    def deployed(self, world: World, settings: PpoSettings, neural: NeuralPolicySettings) -> nn.Module:
        """The policy of all agents together: a module from a snapshot and a network's attributes to orders."""
        ...

    def deployed_state(self, actors: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        """The state of `deployed`, of the states of the actors: one where agents share it, else one for each."""
        ...


_ACTORS = Registry[ActorBuilder]()
register_actor = _ACTORS.register
"""Decorate an actor's class so that `trainer.actor` can name it."""


def actor_named(name: str) -> ActorBuilder:
    """The actor of a name.

    Raises:
        ConfigurationError: there is none.
    """
    return _ACTORS.named(name, "trainer.actor")


@register_actor("mlp")
class MlpActor(nn.Module):
    """A perceptron on what the agent sees and who it is."""

    needs = ("own",)

    def __init__(self, world: World, settings: PpoSettings, neural: NeuralPolicySettings) -> None:
        """Args as in `ActorBuilder`."""
        super().__init__()
        lanes = OwnLanes.of(world.network).lane
        self._shape = (lanes.shape[1], len(world.network.skus))
        self._agents = len(lanes)
        seen = Observation(world.network, world.attributes, maintenance=settings.maintenance)
        inputs = seen.width + self._agents
        self.actor = StackedMlp(1, inputs, self._shape[0] * self._shape[1], settings.mlp.mlp())

    def forward(self, seen: Seen) -> Tensor:
        """[R, K, S]."""
        answer: Tensor = self.actor(with_identity(seen, self._agents).unsqueeze(0))[0]
        return answer.view(-1, *self._shape)

    @staticmethod
    def deployed(world: World, settings: PpoSettings, neural: NeuralPolicySettings) -> nn.Module:
        """As in `ActorBuilder`."""
        return AgentMlp(
            world.network,
            world.attributes,
            settings.mlp.mlp(),
            shared=settings.sharing == "shared",
            maintenance=settings.maintenance,
        )

    @staticmethod
    def deployed_state(actors: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        """As in `ActorBuilder`."""
        return {name: torch.cat([actor[name] for actor in actors]) for name in actors[0]}


@register_actor("neural")
class NeuralActor(nn.Module):
    """The neural policy on the network's snapshot, run once for all the agents that see the same one."""

    needs = ("snapshot",)

    def __init__(self, world: World, settings: PpoSettings, neural: NeuralPolicySettings) -> None:
        """Args as in `ActorBuilder`."""
        super().__init__()
        self.policy = NeuralPolicy(neural)
        # To depart or not passes no gradient unless departures are tried in part, as pathwise training does; remote
        # learners insist that whatever learns gets one.
        self.policy.consolidation.requires_grad_(False)
        self._layout = SnapshotLayout.of(world)
        self._names = tuple(NETWORK_FIELDS)  # orders hang on nothing of the equipment but its share at work
        for name in self._names:  # buffers move with the module and are no part of its state
            self.register_buffer(f"attributes_{name}", getattr(world.attributes, name), persistent=False)
        self.register_buffer("lanes", OwnLanes.of(world.network).lane, persistent=False)
        self.register_buffer("padding", torch.zeros(1, len(world.network.skus)), persistent=False)

    def forward(self, seen: Seen) -> Tensor:
        """[R, K, S]."""
        first, moment = moments(seen["moment"])
        attributes = NetworkAttributes(**{name: getattr(self, f"attributes_{name}") for name in self._names})
        cover = self.policy.cover(self._layout.unpack(seen["snapshot"][first]), attributes)
        ratio = log_ratio_of(cover, attributes.base_cover_days)
        padded = torch.cat([ratio, self.padding.expand(len(ratio), 1, -1)], dim=1)  # type: ignore[operator]
        lanes: Tensor = self.lanes  # type: ignore[assignment]
        return padded[moment[:, None], lanes[seen["agent"]]]

    @staticmethod
    def deployed(world: World, settings: PpoSettings, neural: NeuralPolicySettings) -> nn.Module:
        """As in `ActorBuilder`."""
        return NeuralCoverPolicy(neural)

    @staticmethod
    def deployed_state(actors: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        """As in `ActorBuilder`."""
        (shared,) = actors
        return {name: value for name, value in shared.items() if name.startswith("policy.")}


def with_identity(seen: Seen, agents: int) -> Tensor:
    """[R, W + A] what agents see, followed by who they are."""
    identity = nn.functional.one_hot(seen["agent"], agents).to(seen["own"])
    return torch.cat([seen["own"], identity], dim=-1)


def moments(moment: Tensor) -> tuple[Tensor, Tensor]:
    """Rows that share an environment's day.

    Args:
        moment: [R] integers, the same in rows of the same day of the same environment.

    Returns:
        [U] a row of each of the U moments; and [R] each row's place among them.
    """
    ordered, row = moment.sort(stable=True)
    begins = torch.ones_like(ordered, dtype=torch.bool)
    begins[1:] = ordered[1:] != ordered[:-1]
    place = torch.empty_like(row).scatter_(0, row, begins.cumsum(dim=0) - 1)
    return row[begins], place
