"""Which units of equipment each agent maintains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from entrepot.envs.network.arrays import NetworkArrays


@dataclass(frozen=True)
class OwnUnits:
    """Units of A agents, padded to the K of the one with the most."""

    unit: Tensor  # [A, K] integers; U where there is none
    place: Tensor  # [U] integers, each unit's place in `unit` laid out flat

    @classmethod
    def of(cls, network: NetworkArrays) -> Self:
        """Tables of a network."""
        owner = network.unit_agent
        owned = [np.flatnonzero(owner == agent) for agent in range(len(network.agents))]
        most = max(len(units) for units in owned)
        table = np.full((len(owned), most), len(owner), np.int64)
        place = np.zeros(len(owner), np.int64)
        for agent, units in enumerate(owned):
            table[agent, : len(units)] = units
            place[units] = agent * most + np.arange(len(units))
        return cls(torch.as_tensor(table), torch.as_tensor(place))

    def gather(self, values: Tensor) -> Tensor:
        """[B, A, K, ...] of [B, U, ...]; 0 where an agent has no further unit."""
        padded = torch.cat([values, torch.zeros_like(values[:, :1])], dim=1)
        return padded[:, self.unit]

    def scatter(self, by_agent: Tensor) -> Tensor:
        """[B, U] of [B, A, K]."""
        return by_agent.flatten(1)[:, self.place]
