"""What the twin needs to know of how long goods last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.twin.parameters.tensors import Kind, compiled


@dataclass(frozen=True)
class ShelfLifeParameters(Record):
    """Of each SKU and lane; an axis of 1 stands for environments, or for lots and environments."""

    perishes: Annotated[Tensor, Axes("S")]  # 1 where it does
    shelf_life_days: Annotated[Tensor, Axes("S")]  # integers
    production_days: Annotated[Tensor, Axes("L1")]  # integers
    from_supplier: Annotated[Tensor, Axes("L11")]  # 1 where the lane starts at one
    lots: int  # C, days of expiry that goods may have at one time, with room for what spoils on its way

    @classmethod
    def of(cls, network: NetworkArrays, kind: Kind) -> Self | None:
        """Of a network; None where nothing perishes."""
        shelf = network.shelf_life
        if shelf is None:
            return None
        outside = (network.lane.origin >= len(network.nodes)).astype(np.float64)
        return compiled(
            cls,
            shelf,
            kind,
            perishes=shelf.perishes.astype(np.float64),
            from_supplier=outside,
            lots=max(shelf.longest_days, network.pipeline_days) + 2,
        )
