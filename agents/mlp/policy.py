"""From a snapshot through an observation vector and perceptrons to decisions.

Unlike the neural policy, a perceptron's width hangs on the number of nodes, lanes and SKUs: it decides for the network
it was built for and for no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from entrepot.agents.cover_ratio import MOST_LOG_RATIO, cover_of
from entrepot.agents.mlp.layers import MlpSettings, StackedMlp
from entrepot.envs.action import ActionKind, ActionMap
from entrepot.envs.decisions import Decisions
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.observe.vector import Observation
from entrepot.envs.order_up_to import demand_rate, orders_from_cover
from entrepot.envs.snapshot.season import SEASON_ENTRIES


@dataclass(frozen=True)
class OwnLanes:
    """Which lanes each of A agents orders on, padded to the K of the one with the most."""

    lane: Tensor  # [A, K] integers; L where there is none
    place: Tensor  # [L] integers, each lane's place in `lane` laid out flat

    @classmethod
    def of(cls, network: NetworkArrays, device: torch.device | str = "cpu") -> Self:
        """Tables of a network."""
        owned = [np.flatnonzero(network.lane.agent == agent) for agent in range(len(network.agents))]
        most = max(len(lanes) for lanes in owned)
        table = np.full((len(owned), most), len(network.lanes), np.int64)
        place = np.zeros(len(network.lanes), np.int64)
        for agent, lanes in enumerate(owned):
            table[agent, : len(lanes)] = lanes
            place[lanes] = agent * most + np.arange(len(lanes))
        return cls(torch.as_tensor(table, device=device), torch.as_tensor(place, device=device))

    def gather(self, cells: Tensor) -> Tensor:
        """[..., A, K, S] of [..., L, S]; 0 where an agent has no further lane."""
        padded = torch.cat([cells, torch.zeros_like(cells[..., :1, :])], dim=-2)
        return padded[..., self.lane, :]

    def scatter(self, by_agent: Tensor) -> Tensor:
        """[..., L, S] of [..., A, K, S]."""
        return by_agent.flatten(-3, -2)[..., self.place, :]


class _OneNetwork(nn.Module):
    """What policies that are bound to a network have in common."""

    def __init__(self, network: NetworkArrays, attributes: NetworkAttributes, *, maintenance: bool = False) -> None:
        super().__init__()
        self.observation = Observation(network, attributes, maintenance=maintenance)
        self.fixed_sizes = {
            "N": len(network.nodes),
            "M": len(network.markets),
            "L": len(network.lanes),
            "S": len(network.skus),
            "W": SEASON_ENTRIES,
        }
        """Sizes that inputs must have; see `entrepot.training.export.to_onnx`."""
        if maintenance:
            self.fixed_sizes["U"] = len(network.unit_agent)
        self.lane_names, self.sku_names = tuple(network.lanes), tuple(network.skus)


class AgentMlp(_OneNetwork):
    """Each agent maps what it sees and who it is to the covers of its own lanes.

    The perceptron's answer is the logarithm of cover over the base cover: an untrained policy is the base stock it
    starts from.
    """

    def __init__(
        self,
        network: NetworkArrays,
        attributes: NetworkAttributes,
        settings: MlpSettings,
        *,
        shared: bool = True,
        squash: bool = False,
        maintenance: bool = False,
    ) -> None:
        """Make an untrained policy.

        Args:
            network: that it decides for.
            attributes: of the same network.
            settings: the perceptron's shape.
            shared: whether all agents share one.
            squash: whether a tanh, scaled to `MOST_LOG_RATIO`, comes last.
            maintenance: whether it sees the wear of equipment, as it does where maintenance is decided.
        """
        super().__init__(network, attributes, maintenance=maintenance)
        self._squash = squash
        self._lanes = OwnLanes.of(network, attributes.demand_mean.device)
        agents, most = self._lanes.lane.shape
        self.skus = len(network.skus)
        self._identity = torch.eye(agents, device=attributes.demand_mean.device)
        inputs, outputs = self.observation.width + agents, most * self.skus
        self.actor = StackedMlp(1 if shared else agents, inputs, outputs, settings)

    def forward(self, snapshot: Snapshot, attributes: NetworkAttributes) -> Decisions:
        """Orders, not rounded."""
        rate = demand_rate(attributes, snapshot)
        own = self.observation.by_agent(self.observation.features(snapshot, rate))
        cover = cover_of(self.log_ratio(own), attributes.base_cover_days)
        return Decisions(orders_from_cover(attributes, snapshot, cover, rate))

    def log_ratio(self, own: Tensor) -> Tensor:
        """[B, L, S] logarithm of cover over base cover, of [B, A, W] observations."""
        episodes, agents, _ = own.shape
        seen = torch.cat([own, self._identity.expand(episodes, -1, -1)], dim=-1)
        if self.actor.stacks == 1:
            answer = self.actor(seen.flatten(0, 1).unsqueeze(0)).view(episodes, agents, -1, self.skus)
        else:
            answer = self.actor(seen.transpose(0, 1)).transpose(0, 1).unflatten(-1, (-1, self.skus))
        return self._lanes.scatter(MOST_LOG_RATIO * torch.tanh(answer) if self._squash else answer)


class CentralMlp(_OneNetwork):
    """One planner maps the global state to the actions of all lanes, as `CentralPlanner` takes them."""

    def __init__(
        self,
        network: NetworkArrays,
        attributes: NetworkAttributes,
        settings: MlpSettings,
        *,
        action: str = "cover",
        squash: bool = False,
    ) -> None:
        """Args: the network; its attributes; the perceptron's shape; `cover` or `units`; whether a tanh comes last."""
        super().__init__(network, attributes)
        self._action = ActionMap(ActionKind.named(action), network, attributes)
        self._squash = squash
        self.actor = StackedMlp(1, self.observation.size, self._action.high.numel(), settings)

    def forward(self, snapshot: Snapshot, attributes: NetworkAttributes) -> Decisions:
        """Orders, not rounded."""
        rate = demand_rate(attributes, snapshot)
        state = self.observation.whole(self.observation.features(snapshot, rate))
        answer = self.actor(state.unsqueeze(0))[0]
        unit = torch.tanh(answer) if self._squash else answer.clamp(-1.0, 1.0)
        cells = unit.unflatten(-1, tuple(self._action.high.shape))
        return self._action.decisions(self._action.from_unit(cells), snapshot, rate)
