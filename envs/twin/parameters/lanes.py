"""What the twin needs to know of the lanes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.cached_tensor_property import CachedTensorProperty
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.network.description import UNLIMITED
from entrepot.envs.twin.parameters.tensors import Kind, compiled
from entrepot.envs.twin.rationing import Queues
from entrepot.envs.twin.sums import Sums


@dataclass(frozen=True)
class LaneParameters(Record):
    """Of each lane; an axis of 1 stands for the environments."""

    origin: Annotated[Tensor, Axes("L")]  # integers, endpoint
    destination: Annotated[Tensor, Axes("L")]  # integers, node
    transit_days: Annotated[Tensor, Axes("L")]  # integers
    wait_days: Annotated[Tensor, Axes("7L")]  # integers
    capacity_m3_per_day: Annotated[Tensor, Axes("L1", shared_by_skus=True)]
    price_per_shipment: Annotated[Tensor, Axes("L1", shared_by_skus=True)]  # USD; all the goods on board share it
    price_per_container: Annotated[Tensor, Axes("L1")]  # USD
    freight_usd: Annotated[Tensor, Axes("LS")]  # per unit
    duty_usd: Annotated[Tensor, Axes("LS")]  # per unit
    kg_co2e: Annotated[Tensor, Axes("LS")]  # per unit
    carries: Annotated[Tensor, Axes("L1S")]  # 1 where the origin can ever have the SKU
    from_node: Annotated[Tensor, Axes("NL")]  # 1 where the lane starts at the node
    to_node: Annotated[Tensor, Axes("NL")]  # 1 where the lane ends at the node
    queues: Queues  # lanes at the nodes they start from, in the order of the file; suppliers make to order
    by_destination: Sums  # N of L: what lanes bring to each node
    binds: bool  # whether any capacity is limited

    @classmethod
    def of(cls, network: NetworkArrays, kind: Kind) -> Self:
        """Of a network."""
        nodes, lane, axes = np.eye(len(network.nodes)), network.lane, cls.axes()
        own = lane.origin < len(nodes)  # others start at a supplier
        from_node = kind.tensor(nodes[:, np.where(own, lane.origin, 0)] * own, axes["from_node"])
        to_node = kind.tensor(nodes[:, lane.destination], axes["to_node"])
        return compiled(
            cls,
            lane,
            kind,
            from_node=from_node,
            to_node=to_node,
            queues=Queues.of(from_node, elsewhere=1 - from_node.sum(dim=0)),
            by_destination=Sums.of(to_node, once=True),
            binds=bool((lane.capacity_m3_per_day < UNLIMITED).any()),
        )

    @CachedTensorProperty
    def wait(self) -> Tensor:
        """[7, L] days to the next departure by weekday, as floating-point numbers."""
        return self.wait_days.to(self.freight_usd)

    @CachedTensorProperty
    def departs(self) -> Tensor:
        """[L, 7] 1 where the lane departs on the weekday."""
        return (self.wait_days == 0).T.to(self.freight_usd)

    @CachedTensorProperty
    def order_days(self) -> Tensor:
        """[7, L] integers, days from an order on the weekday to its arrival, without delay."""
        return self.transit_days + self.wait_days
