"""What an agent's numbers mean: days of cover, as they are or on [-1, 1], or units, for every own lane and SKU."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.decisions import Decisions
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot
from entrepot.envs.order_up_to import echelon_rate, orders_from_cover

MOST_COVER_DAYS = 120.0
Values = TypeVar("Values", Tensor, NDArray[Any])


class ActionKind(StrEnum):
    """How actions are told."""

    COVER = "cover"  # days of cover
    UNITS = "units"  # units to order
    UNIT = "unit"  # days of cover on [-1, 1], as Gaussian policies want it

    @classmethod
    def named(cls, name: str) -> ActionKind:
        """The kind of a name.

        Raises:
            ConfigurationError: there is none of that name.
        """
        if name not in list(cls):
            raise ConfigurationError(f"action: {name!r}; allowed: {', '.join(cls)}")
        return cls(name)


def leaves(wait_days: Values, lane_open: Values) -> Values:
    """Booleans: whether anything that is ordered now would leave today.

    Args:
        wait_days: to each lane's next departure.
        lane_open: share of each lane's capacity, 0 when closed; of the same shape.
    """
    leaving: Values = (wait_days < 0.5) & (lane_open > 0)
    return leaving


class ActionMap:
    """Turns actions [B, L, S] into decisions: orders on the same cells.

    `cover`: 0 to 120 days that stock is to last; the order is what is missing (`orders_from_cover`).
    `units`: 0 to 120 days of long-run demand at the lane's destination, in units.
    `unit`: -1 to 1, which stands for 0 to 120 days of cover. A policy that starts from a standard normal reaches all
    of it, where in days it would hardly leave 0.
    What lies outside is taken as the nearest bound. Cells whose lane can't carry the SKU are ignored.
    """

    def __init__(self, kind: ActionKind, network: NetworkArrays, attributes: NetworkAttributes) -> None:
        """Args: kind of action; the network; its attributes."""
        self.kind = kind
        self._attributes = attributes
        self.carries = attributes.lane_carries > 0.5
        """[L, S] whether the lane can carry the SKU."""
        if kind is ActionKind.COVER:
            self._high = torch.full_like(attributes.lane_carries, MOST_COVER_DAYS)
        elif kind is ActionKind.UNIT:
            self._high = torch.ones_like(attributes.lane_carries)
        else:
            rate = echelon_rate(attributes, attributes.demand_mean.unsqueeze(0))[0, attributes.lane_destination]
            self._high = torch.ceil(MOST_COVER_DAYS * rate).clamp(min=1.0)
        self._low = torch.full_like(self._high, self.low)
        self._lanes = [np.flatnonzero(network.lane.agent == agent) for agent in range(len(network.agents))]

    @property
    def low(self) -> float:
        """The lower bound of all cells, at which nothing is ordered."""
        return -1.0 if self.kind is ActionKind.UNIT else 0.0

    @property
    def high(self) -> Tensor:
        """[L, S] upper bounds."""
        return self._high

    def from_unit(self, unit: Tensor) -> Tensor:
        """[..., L, S] actions of numbers in [-1, 1]: the lower bounds at -1, the upper ones at 1."""
        return unit if self.kind is ActionKind.UNIT else (unit + 1.0) * (0.5 * self._high)

    def leaving(self, snapshot: Snapshot) -> Tensor:
        """[B, L] booleans: whether anything that is ordered now would leave today.

        Args:
            snapshot: at decision time.
        """
        return leaves(snapshot.lane_wait_days, snapshot.lane_open)

    def mask(self, snapshot: Snapshot) -> Tensor:
        """[B, L, S] booleans: whether an order would leave today.

        It would where the lane departs today, is open and can carry the SKU. Elsewhere covers are ignored, and so are
        units, but for those on a lane that departs on another day: they wait for it.

        Args:
            snapshot: at decision time.
        """
        return self.leaving(snapshot).unsqueeze(-1) & self.carries

    def lanes_of(self, agent: int) -> NDArray[np.int64]:
        """Indices of the lanes that an agent orders on, in the network's order: the rows of its action."""
        return self._lanes[agent]

    def decisions(self, actions: Tensor, snapshot: Snapshot, rate: Tensor) -> Decisions:
        """What the actions ask for, not rounded.

        Args:
            actions: [B, L, S].
            snapshot: at decision time.
            rate: [B, N, S] `demand_rate` of the same snapshot.
        """
        bounded = actions.clamp(self._low, self._high)
        if self.kind is ActionKind.UNITS:
            return Decisions(bounded)
        if self.kind is ActionKind.UNIT:
            bounded = (bounded + 1.0) * (0.5 * MOST_COVER_DAYS)
        return Decisions(orders_from_cover(self._attributes, snapshot, bounded, rate))
