"""Parameters in the shapes that a step multiplies by: to shape them anew each day would cost as much as to use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor

if TYPE_CHECKING:
    from entrepot.envs.twin.parameters import TwinParameters


@dataclass(frozen=True)
class Shaped:
    """Fields of `TwinParameters` with axes of 1 for environments, and for SKUs where that is the last axis."""

    capacity_m3: Tensor  # [N, 1]
    dock_m3_per_day: Tensor  # [N, 1]
    picking_units_per_day: Tensor  # [N, 1]
    inbound_usd: Tensor  # [N, 1] per unit
    return_usd: Tensor  # [N, 1] per unit
    restock_share: Tensor  # [N, 1, 1]
    quick_return: Tensor  # [N, 1, 1] share of the quick wave that comes back each day
    slow_return: Tensor  # [N, 1, 1] of the slow one
    not_returned: Tensor  # [2, N, 1, 1] share of each wave that stays with customers each day
    backlog_share: Tensor  # [M, 1, 1]
    lost_margin_usd: Tensor  # [M, 1, S] per unit
    lane_carries: Tensor  # [L, 1, S]
    lane_m3_per_day: Tensor  # [L, 1]
    lane_shipment_usd: Tensor  # [L, 1]
    lane_container_usd: Tensor  # [L, 1]
    supplier_units_per_day: Tensor  # [K, 1]
    lane_minimum_units: Tensor  # [L, 1, 1] least order at the lane's supplier, 0 from a node

    @classmethod
    def of(cls, parameters: TwinParameters) -> Self:
        """Of a network."""
        quick, slow = parameters.return_hazard[:, :, None, None]
        minimum = torch.ceil(parameters.supplier_minimum_units @ parameters.lane_from_supplier)
        return cls(
            capacity_m3=parameters.capacity_m3[:, None],
            dock_m3_per_day=parameters.dock_m3_per_day[:, None],
            picking_units_per_day=parameters.picking_units_per_day[:, None],
            inbound_usd=parameters.inbound_usd[:, None],
            return_usd=parameters.return_usd[:, None],
            restock_share=parameters.restock_share[:, None, None],
            quick_return=quick,
            slow_return=slow,
            not_returned=1 - parameters.return_hazard[:, :, None, None],
            backlog_share=parameters.backlog_share[:, None, None],
            lost_margin_usd=parameters.lost_margin_usd[:, None],
            lane_carries=parameters.lane_carries[:, None],
            lane_m3_per_day=parameters.lane_m3_per_day[:, None],
            lane_shipment_usd=parameters.lane_shipment_usd[:, None],
            lane_container_usd=parameters.lane_container_usd[:, None],
            supplier_units_per_day=parameters.supplier_units_per_day[:, None],
            lane_minimum_units=minimum[:, None, None],
        )
