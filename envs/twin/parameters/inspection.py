"""What the twin needs to know of how returned goods are inspected and refurbished."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.network.columns import Floats, Integers
from entrepot.envs.twin.parameters.tensors import Kind, compiled


@dataclass(frozen=True)
class InspectionParameters(Record):
    """Of each node; i days that anything waits for inspection, j on the bench, 0 among them."""

    inspected_in: Annotated[Tensor, Axes("iN11")]  # 1 where the node takes so many days
    mended_in: Annotated[Tensor, Axes("jN11")]  # the same of refurbishing
    refurbish_share: Annotated[Tensor, Axes("N11")]
    refurbish_usd_per_unit: Annotated[Tensor, Axes("N1")]

    @classmethod
    def of(cls, network: NetworkArrays, kind: Kind) -> Self | None:
        """Of a network; None where what comes back is sound or scrap at once."""
        node = network.node
        if not (node.inspection_days.any() or node.refurbish_share.any()):
            return None
        return compiled(
            cls,
            node,
            kind,
            inspected_in=_each_day(node.inspection_days),
            mended_in=_each_day(node.refurbish_days),
        )


def _each_day(days: Integers) -> Floats:
    """[d, N] 1 where the node's days are the row's number."""
    one: Floats = (np.arange(days.max() + 1)[:, None] == days).astype(np.float64)
    return one
