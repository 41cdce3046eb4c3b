"""What an agent's numbers mean: days of cover, or plain units, for every lane it owns and every SKU."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.order_up_to import echelon_rate, orders_from_cover

MOST_COVER_DAYS = 120.0


class ActionKind(StrEnum):
    """How actions are told."""

    COVER = "cover"
    UNITS = "units"

    @classmethod
    def named(cls, name: str) -> ActionKind:
        """The kind of a name.

        Raises:
            ConfigurationError: there is none of that name.
        """
        if name not in list(cls):
            raise ConfigurationError(f"action: {name!r}; allowed: {', '.join(cls)}")
        return cls(name)


class ActionMap:
    """Turns actions [B, L, S] into orders [B, L, S].

    `cover`: 0 to 120 days that stock is to last; the order is what is missing (`orders_from_cover`).
    `units`: 0 to 120 days of long-run demand at the lane's destination, in units.
    What lies outside is taken as the nearest bound. Cells whose lane can't carry the SKU are ignored.
    """

    def __init__(self, kind: ActionKind, network: NetworkArrays, attributes: NetworkAttributes) -> None:
        """Args: kind of action; the network; its attributes."""
        self.kind = kind
        self._attributes = attributes
        if kind is ActionKind.COVER:
            self._high = torch.full_like(attributes.lane_carries, MOST_COVER_DAYS)
        else:
            rate = echelon_rate(attributes, attributes.demand_mean.unsqueeze(0))[0, attributes.lane_destination]
            self._high = torch.ceil(MOST_COVER_DAYS * rate).clamp(min=1.0)
        self._lanes = [np.flatnonzero(network.lane_agent == agent) for agent in range(len(network.agents))]

    @property
    def high(self) -> Tensor:
        """[L, S] upper bounds; the lower ones are 0."""
        return self._high

    def lanes_of(self, agent: int) -> NDArray[np.int64]:
        """Indices of the lanes that an agent orders on, in the network's order: the rows of its action."""
        return self._lanes[agent]

    def orders(self, actions: Tensor, snapshot: Snapshot, rate: Tensor) -> Tensor:
        """[B, L, S] units, not rounded.

        Args:
            actions: [B, L, S].
            snapshot: at decision time.
            rate: [B, N, S] `demand_rate` of the same snapshot.
        """
        bounded = actions.clamp(min=0.0).minimum(self._high)
        if self.kind is ActionKind.UNITS:
            return bounded
        return orders_from_cover(self._attributes, snapshot, bounded, rate)
