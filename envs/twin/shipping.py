"""Orders are rationed to what lanes, suppliers and origins can give, and depart."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from entrepot.envs.twin import ring
from entrepot.envs.twin.fba import within_inbound_limit
from entrepot.envs.twin.layout import entity_first
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.rationing import binds, split, within_capacity
from entrepot.envs.twin.receiving import Received
from entrepot.envs.twin.scenario import Day
from entrepot.envs.twin.state import State


class Shipped(NamedTuple):
    """What went out on lanes, and where goods are then."""

    ordered: Tensor  # [L, B, S] units asked for, rounded where whole units are kept
    shipped: Tensor  # [L, B, S] units
    cut: Tensor | None  # [L, B, S] units of what was asked that Amazon's limits leave out; None without such limits
    transit_days: Tensor  # [B, L] integers, from today to arrival
    rows: Tensor  # [L·B] integers, of the pipeline seen as [N·H·B, S], where each lane's shipment went
    on_hand: Tensor  # [N, B, S] units
    pipeline: Tensor  # [N, H, B, S] units
    in_transit: Tensor  # [N, B, S] units
    freight_usd: Tensor  # [L, B] of what was shipped, but for what is paid once a departure
    duty_usd: Tensor  # [L, B] of what was shipped
    departed_m3: Tensor  # [L, B] that the lanes' departures of today carry
    booked_m3: Tensor  # [L, B] that waits for the next departure


def ship(
    parameters: TwinParameters,
    state: State,
    day: Day,
    orders: Tensor,
    received: Received,
    on_hand: Tensor,
    *,
    whole_units: bool,
    minimum_orders: bool,
) -> Shipped:
    """Send the day's orders on their way, as far as they can be met.

    Args:
        parameters: of the network.
        state: at the start of the day.
        day: of the scenario.
        orders: [B, L, S] units asked for.
        received: of the same day.
        on_hand: [N, B, S] units that nodes can send.
        whole_units: whether to keep whole units.
        minimum_orders: whether suppliers' minima hold.
    """
    on_the_way = entity_first(state.in_transit) - received.arrived
    on_the_way = on_the_way if whole_units else on_the_way.clamp(min=0.0)
    held_m3 = None
    if parameters.inbound is not None and parameters.inbound.limited:
        held = on_hand + on_the_way
        if received.left_on_dock is not None:
            held = held.add_(received.left_on_dock)
        held_m3 = held @ parameters.sku.volume_m3
    ordered, shipped, cut = rationed(
        parameters,
        entity_first(orders),
        on_hand,
        day,
        held_m3=held_m3,
        whole_units=whole_units,
        minimum_orders=minimum_orders,
    )
    transit_days = parameters.lane.order_days.index_select(0, day.weekday).add_(day.delay_days)
    transit_days = transit_days.clamp_(1, parameters.pipeline_days - 1)
    rows = arrival_rows(parameters, state.day % parameters.pipeline_days, transit_days, received.pipeline.shape)
    freight_usd, duty_usd, shipped_m3 = torch.bmm(parameters.per_unit_shipped, shipped.transpose(1, 2)).unbind(1)
    booked_m3 = state.booked_m3.t() + shipped_m3
    departed_m3 = booked_m3 * parameters.lane.departs.index_select(1, day.weekday)
    return Shipped(
        ordered=ordered,
        shipped=shipped,
        cut=cut,
        transit_days=transit_days,
        rows=rows,
        # Clamped because a fraction's last bit could otherwise leave less than nothing.
        on_hand=(on_hand - parameters.lane.queues.by_place(shipped)).clamp_(min=0.0),
        pipeline=ring.put_in(received.pipeline, shipped, rows),
        in_transit=on_the_way + parameters.lane.by_destination(shipped),
        freight_usd=freight_usd,
        duty_usd=duty_usd,
        departed_m3=departed_m3,
        booked_m3=booked_m3 - departed_m3,
    )


def rationed(
    parameters: TwinParameters,
    orders: Tensor,
    on_hand: Tensor,
    day: Day,
    *,
    held_m3: Tensor | None,
    whole_units: bool,
    minimum_orders: bool,
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Ration the day's orders down to what lanes, suppliers and origins can give.

    Args:
        parameters: of the network.
        orders: [L, B, S] units asked for; negative ones count as 0.
        on_hand: [N, B, S] units that nodes can send.
        day: of the scenario.
        held_m3: [N, B] on hand, on the dock and on the way, where Amazon's limits count it; None where there are none.
        whole_units: whether to keep whole units.
        minimum_orders: whether suppliers' minima hold.

    Returns:
        [L, B, S] units asked for, rounded where whole units are kept; [L, B, S] units that depart; and [L, B, S] units
        of what was asked that Amazon's limits leave out, None where there are none.
    """
    ordered = orders.clamp(min=0.0).mul_(parameters.lane.carries)
    if whole_units:
        ordered = ordered.round_()
    if minimum_orders and parameters.supplier.asks_minimum:
        ordered = _from_minimum(parameters, ordered)
    granted, cut = ordered, None
    if held_m3 is not None and parameters.inbound is not None:
        granted = within_inbound_limit(
            parameters.inbound, ordered, parameters.sku.volume_m3, held_m3, day, whole_units=whole_units
        )
        cut = ordered.new_zeros(()).expand_as(ordered) if granted is ordered else ordered - granted
    if parameters.lane.binds or day.lanes_impaired:
        limit = parameters.lane.capacity_m3_per_day * day.lane_open.t()
        granted = within_capacity(granted, parameters.sku.volume_m3, limit, whole_units=whole_units)
    if parameters.supplier.binds or day.suppliers_impaired:
        granted = _within_supplier_capacity(parameters, granted, day.supplier_up.t(), whole_units)
    return ordered, split(granted, on_hand, parameters.lane.queues, whole_units=whole_units), cut


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


def arrival_rows(parameters: TwinParameters, place: int, transit_days: Tensor, shape: torch.Size) -> Tensor:
    """[L·B] row of the ring, seen as [N·H·B, S], where each lane's shipment joins what arrives on its day."""
    _, ring_days, episodes, _ = shape
    arrival = (transit_days.t() + place) % ring_days
    return parameters.ring_rows(episodes).add(arrival, alpha=episodes).flatten()
