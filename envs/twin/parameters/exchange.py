"""What the twin needs to know of goods that customers exchange."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.cached_tensor_property import CachedTensorProperty
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.twin.parameters.returns import RETURN_WAVES, daily_hazards
from entrepot.envs.twin.parameters.tensors import Kind


@dataclass(frozen=True)
class ExchangeParameters(Record):
    """Of each market; axes of 1 stand for environments and SKUs."""

    share: Annotated[Tensor, Axes("M11")]  # of units sold that are exchanged in each of the waves
    hazard: Annotated[Tensor, Axes("WM11")]  # share of a wave that comes back each day, at the market's first option

    @classmethod
    def of(cls, network: NetworkArrays, kind: Kind) -> Self | None:
        """Of a network; None where nobody exchanges anything."""
        market = network.market
        share = market.returns_share * market.returns_exchange_share / RETURN_WAVES
        if not share.any():
            return None
        hazard = daily_hazards(network.node)[:, market.direct_share.argmax(axis=0)]
        return cls(kind.tensor(share, cls.axes()["share"]), kind.tensor(hazard, cls.axes()["hazard"]))

    @CachedTensorProperty
    def by_wave(self) -> tuple[Tensor, ...]:
        """[M, 1, 1] the hazard of each wave."""
        return self.hazard.unbind()
