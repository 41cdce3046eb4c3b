"""From what is asked for on lanes to what departs on them."""

from __future__ import annotations

import torch
from torch import Tensor

from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.rationing import binds, split, within_capacity
from entrepot.envs.twin.scenario import Day


def ship(
    parameters: TwinParameters,
    orders: Tensor,
    on_hand: Tensor,
    day: Day,
    *,
    whole_units: bool,
    minimum_orders: bool,
) -> tuple[Tensor, Tensor]:
    """Ration the day's orders down to what lanes, suppliers and origins can give.

    Args:
        parameters: of the network.
        orders: [L, B, S] units asked for; negative ones count as 0.
        on_hand: [N, B, S] units that nodes can send.
        day: of the scenario.
        whole_units: whether to keep whole units.
        minimum_orders: whether suppliers' minima hold.

    Returns:
        [L, B, S] units asked for, rounded where whole units are kept; and [L, B, S] units that depart.
    """
    ordered = orders.clamp(min=0.0).mul_(parameters.lane.carries)
    if whole_units:
        ordered = ordered.round_()
    if minimum_orders and parameters.supplier.asks_minimum:
        ordered = _from_minimum(parameters, ordered)
    granted = ordered
    if parameters.lane.binds or day.lanes_impaired:
        limit = parameters.lane.capacity_m3_per_day * day.lane_open.t()
        granted = within_capacity(granted, parameters.sku.volume_m3, limit, whole_units=whole_units)
    if parameters.supplier.binds or day.suppliers_impaired:
        granted = _within_supplier_capacity(parameters, granted, day.supplier_up.t(), whole_units)
    return ordered, split(granted, on_hand, parameters.lane.queues, whole_units=whole_units)


def _from_minimum(parameters: TwinParameters, orders: Tensor) -> Tensor:
    """What lies below a supplier's minimum, rounded to the minimum or to nothing, whichever is nearer."""
    least = parameters.supplier.lane_minimum_units
    return torch.where(orders < least, torch.where(2 * orders >= least, least, 0.0), orders)


def _within_supplier_capacity(
    parameters: TwinParameters, orders: Tensor, supplier_up: Tensor, whole_units: bool
) -> Tensor:
    """A supplier's daily capacity counts units of all its lanes and SKUs together."""
    limit = parameters.supplier.capacity_units_per_day * supplier_up
    lanes, starts = parameters.supplier.lanes, parameters.supplier.of_its_lanes
    made = orders.index_select(0, lanes)  # [L', B, S]
    if not binds(starts @ made.sum(dim=-1), limit):
        return orders
    by_supplier = made.transpose(0, 1) * starts[:, None, :, None]  # [K, B, L', S]
    within = within_capacity(by_supplier.flatten(2), 1.0, limit, whole_units=whole_units).view_as(by_supplier)
    return orders.index_copy(0, lanes, within.sum(dim=0).transpose(0, 1))
