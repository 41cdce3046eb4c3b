"""How goods that were sold come back."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Annotated, Self

import numpy as np
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.cached_tensor_property import CachedTensorProperty
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.network.columns import Floats
from entrepot.envs.network.nodes import NodeArrays
from entrepot.envs.twin.parameters.tensors import Kind

RETURN_WAVES = 2
"""Returns come back in two equal waves, a quick and a slow one."""


@dataclass(frozen=True)
class ReturnParameters(Record):
    """Of each node's two waves of returns; axes of 1 stand for environments and SKUs."""

    hazard: Annotated[Tensor, Axes("WN11")]  # share of a wave that comes back each day

    @classmethod
    def of(cls, network: NetworkArrays, kind: Kind) -> Self:
        """Of a network."""
        return cls(kind.tensor(daily_hazards(network.node), cls.axes()["hazard"]))

    @CachedTensorProperty
    def by_wave(self) -> tuple[Tensor, ...]:
        """[N, 1, 1] the hazard of each wave."""
        return self.hazard.unbind()

    @CachedTensorProperty
    def stays(self) -> Tensor:
        """[2, N, 1, 1] share of each wave that stays with customers each day."""
        return 1 - self.hazard


def daily_hazards(node: NodeArrays) -> Floats:
    """[2, N] of a quick and a slow wave: the lognormal lag's means below and above its median."""
    deviation = node.returns_log_deviation
    mean = node.returns_median_days * np.exp(deviation**2 / 2)
    below = np.array([NormalDist().cdf(-value) for value in deviation])
    return np.stack([1 / np.maximum(2 * mean * below, 1), 1 / np.maximum(2 * mean * (1 - below), 1)])
