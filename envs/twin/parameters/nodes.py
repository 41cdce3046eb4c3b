"""What the twin needs to know of the places that hold stock, of where goods come from, and of the goods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.cached_tensor_property import CachedTensorProperty
from entrepot.envs.network.arrays import NetworkArrays
from entrepot.envs.network.description import UNLIMITED
from entrepot.envs.twin.parameters.tensors import Kind, compiled


@dataclass(frozen=True)
class NodeParameters(Record):
    """Of each node; an axis of 1 stands for the environments, or for environments and SKUs."""

    capacity_m3: Annotated[Tensor, Axes("N1", shared_by_skus=True)]
    dock_m3_per_day: Annotated[Tensor, Axes("N1", shared_by_skus=True)]
    picking_units_per_day: Annotated[Tensor, Axes("N1", shared_by_skus=True)]
    pick_hours_per_unit: Annotated[Tensor, Axes("N1")]
    storage_usd_per_m3_day: Annotated[Tensor, Axes("NY")]
    inbound_usd_per_unit: Annotated[Tensor, Axes("N1")]
    outbound_usd_per_unit: Annotated[Tensor, Axes("N1")]
    return_usd_per_unit: Annotated[Tensor, Axes("N1")]
    restock_share: Annotated[Tensor, Axes("N11")]
    # Whether any limit of the kind can bind at all; a step skips the arithmetic of those that can't.
    docks_bind: bool
    picking_binds: bool
    tells_pick_hours: bool  # whether any node's layout gives hours a unit

    @classmethod
    def of(cls, network: NetworkArrays, kind: Kind) -> Self:
        """Of a network."""
        node = network.node
        return compiled(
            cls,
            node,
            kind,
            docks_bind=bool((np.minimum(node.dock_m3_per_day, node.capacity_m3) < UNLIMITED).any()),
            picking_binds=bool((node.picking_units_per_day < UNLIMITED).any()),
            tells_pick_hours=bool((node.pick_hours_per_unit > 0).any()),
        )

    @CachedTensorProperty
    def storage_usd_by_month(self) -> Tensor:
        """[12, N] per m³ and day."""
        return self.storage_usd_per_m3_day.T.contiguous()


@dataclass(frozen=True)
class SupplierParameters(Record):
    """Of each supplier; an axis of 1 stands for the environments. F lanes start at a supplier."""

    capacity_units_per_day: Annotated[Tensor, Axes("K1", shared_by_skus=True)]
    minimum_order_units: Annotated[Tensor, Axes("K")]
    lanes: Annotated[Tensor, Axes("F")]  # integers, the lanes that start at a supplier
    of_lane: Annotated[Tensor, Axes("KL")]  # 1 where the lane starts at the supplier
    binds: bool  # whether any capacity is limited
    asks_minimum: bool  # whether any supplier has a least order

    @classmethod
    def of(cls, network: NetworkArrays, kind: Kind) -> Self:
        """Of a network."""
        nodes, supplier = len(network.nodes), network.supplier
        return compiled(
            cls,
            supplier,
            kind,
            lanes=np.flatnonzero(network.lane.origin >= nodes),
            of_lane=np.eye(len(network.endpoints))[nodes:, network.lane.origin],
            binds=bool((supplier.capacity_units_per_day < UNLIMITED).any()),
            asks_minimum=bool((supplier.minimum_order_units > 0).any()),
        )

    @CachedTensorProperty
    def of_its_lanes(self) -> Tensor:
        """[K, F] `of_lane` of the lanes that start at a supplier."""
        return self.of_lane.index_select(1, self.lanes)

    @CachedTensorProperty
    def lane_minimum_units(self) -> Tensor:
        """[L, 1, 1] least order at the lane's supplier, 0 from a node."""
        return torch.ceil(self.minimum_order_units @ self.of_lane)[:, None, None]


@dataclass(frozen=True)
class SkuParameters(Record):
    """Of each SKU."""

    unit_value_usd: Annotated[Tensor, Axes("S")]
    volume_m3: Annotated[Tensor, Axes("S")]

    @classmethod
    def of(cls, network: NetworkArrays, kind: Kind) -> Self:
        """Of a network."""
        return compiled(cls, network.sku, kind)
