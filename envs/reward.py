"""From a day's costs to each agent's reward."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.observe.snapshot import NetworkAttributes
from entrepot.envs.twin import Costs


@dataclass(frozen=True)
class Reward:
    """Minus an agent's own cost, blended with the team's mean cost.

    With ω = `team_share`, the reward of agent a is −((1 − ω) · cost(a) + ω · mean of all agents' costs) / `scale_usd`.
    Whatever ω, the agents' rewards add up to minus the network's cost over `scale_usd`.
    At 0, an environment's default, every agent bears its own cost alone, as other environments have it: a warehouse
    gains nothing from sending others what they lack. At 1, the default of the trainers that ship, all bear the mean.
    """

    agent_of_node: Tensor  # [N, A] 1 where the agent orders for the node
    team_share: float
    scale_usd: float

    @classmethod
    def of_network(cls, network: NetworkArrays, attributes: NetworkAttributes, team_share: float) -> Self:
        """Rewards in days of an average agent's long-run sales revenue, which keeps them near 1.

        Args:
            network: N nodes, A agents.
            attributes: of the same network.
            team_share: ω, 0 (every agent for itself) to 1 (all for one).

        Raises:
            ConfigurationError: ω is outside [0, 1].
        """
        if not 0.0 <= team_share <= 1.0:
            raise ConfigurationError(f"team_share: {team_share!r}; allowed: 0 to 1")
        price = attributes.margin_usd + attributes.value_usd
        revenue = float((attributes.demand_mean * price).sum())
        agent_of_node = np.eye(len(network.agents))[network.node.agent]
        return cls(
            agent_of_node=torch.as_tensor(agent_of_node).to(attributes.demand_mean),
            team_share=float(team_share),
            # A network without demand must not divide by zero.
            scale_usd=max(revenue / len(network.agents), 1.0),
        )

    def cost_by_agent(self, costs: Costs) -> Tensor:
        """[B, A] USD of the day at the nodes that each agent orders for."""
        return costs.total @ self.agent_of_node

    def of(self, cost_by_agent: Tensor) -> Tensor:
        """[B, A] rewards of [B, A] USD."""
        if self.team_share == 0.0:
            return cost_by_agent / -self.scale_usd
        team = cost_by_agent.mean(dim=1, keepdim=True)
        return (cost_by_agent + self.team_share * (team - cost_by_agent)) / -self.scale_usd
