"""What the twin needs to know of Amazon's fulfilment centres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.network.inbound.arrays import NO_LIMIT
from entrepot.envs.twin.parameters.tensors import Kind, compiled


@dataclass(frozen=True)
class InboundParameters(Record):
    """Of each centre; n centres, a thresholds of age, w of weeks of stock, d lanes that end at a centre."""

    node: Annotated[Tensor, Axes("n")]  # integers
    limit_m3: Annotated[Tensor, Axes("nY", shared_by_skus=True)]
    placement_usd_per_unit: Annotated[Tensor, Axes("n1")]
    removal_usd_per_unit: Annotated[Tensor, Axes("n1")]
    lost_share: Annotated[Tensor, Axes("n1")]
    aged_usd_per_m3_day: Annotated[Tensor, Axes("an1")]
    removes: Annotated[Tensor, Axes("an11")]
    weeks: Annotated[Tensor, Axes("w11")]
    utilisation_usd_per_m3_day: Annotated[Tensor, Axes("wn1")]
    at_node: Annotated[Tensor, Axes("Nn")]  # 1 where the centre is the node
    lanes: Annotated[Tensor, Axes("d")]  # integers, the lanes that end at a centre
    to_centre: Annotated[Tensor, Axes("nd")]  # 1 where the lane ends at the centre
    age_days: tuple[int, ...]  # since receipt, rising
    limited: bool  # whether any centre has a limit
    removing: bool  # whether any centre removes what is old
    first_removed: int  # index of the lowest threshold at which any centre does; 0 where none does

    @classmethod
    def of(cls, network: NetworkArrays, kind: Kind) -> Self | None:
        """Of a network; None where no node is Amazon's."""
        inbound = network.inbound
        if inbound is None:
            return None
        lanes = np.flatnonzero(np.isin(network.lane.destination, inbound.node))
        return compiled(
            cls,
            inbound,
            kind,
            at_node=np.eye(len(network.nodes))[:, inbound.node],
            lanes=lanes,
            to_centre=(network.lane.destination[lanes] == inbound.node[:, None]).astype(np.float64),
            age_days=tuple(int(days) for days in inbound.age_days),
            limited=bool((inbound.limit_m3 < NO_LIMIT).any()),
            removing=bool(inbound.removes.any()),
            first_removed=int(inbound.removes.any(axis=1).argmax()) if inbound.removes.size else 0,
        )
