"""What an agent's numbers for units of equipment mean, where agents decide maintenance."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from entrepot.configs.loader import ConfigurationError
from entrepot.envs.action import ActionKind
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.observe.snapshot import Snapshot


class MaintenanceAction:
    """One number for each of U units: from the middle of its range up, it is maintained before the day's shift.

    The range is -1 to 1 where actions are told as `unit`, 0 to 1 else; what lies outside is taken as the nearest bound.
    A unit that is being mended is not maintained, whatever is asked for.
    """

    def __init__(self, kind: ActionKind, network: NetworkArrays) -> None:
        """Args: kind of action; the network.

        Raises:
            ConfigurationError: nothing of the network wears.
        """
        if network.equipment is None:
            raise ConfigurationError(
                "maintenance: True; allowed: False, as no equipment of the network wears (inside.wear in its YAML)"
            )
        self.low, self.high = (-1.0 if kind is ActionKind.UNIT else 0.0), 1.0
        self._agent = network.unit_agent

    @property
    def units(self) -> int:
        """U."""
        return len(self._agent)

    def units_of(self, agent: int) -> NDArray[np.int64]:
        """Indices of the units at an agent's nodes, in the network's order: the last numbers of its action."""
        return np.flatnonzero(self._agent == agent)

    def decided(self, numbers: Tensor) -> Tensor:
        """[B, U] as `Decisions.maintenance` has it, of numbers in the range."""
        return (numbers - self.low) / (self.high - self.low)

    def mask(self, snapshot: Snapshot) -> Tensor:
        """[B, U] booleans: whether a unit would be maintained today, were it asked for: it isn't being mended."""
        assert snapshot.unit_down_hours is not None
        return torch.le(snapshot.unit_down_hours, 0)
