"""One day of the network: arrivals, returns, demand, orders, costs; differentiable through stock and orders.

Inside a step every tensor has its entity first, [N, B, S], [M, B, S] or [L, B, S], and is contiguous: sums over lanes,
markets or nodes are then single matrix products over B·S columns. States and flows show the design's order,
[B, N, S], as views of the same memory.
"""

from __future__ import annotations

import torch
from torch import Tensor

from entrepot.envs.twin import costing, ring
from entrepot.envs.twin.flows import Costs, Flows
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.rationing import binds, split, within_capacity
from entrepot.envs.twin.scenario import Day
from entrepot.envs.twin.state import State

FAST_DAYS = 7
SLOW_DAYS = 28
SECOND_NUMBER = 1009.0
"""The fractional part of this many times a random number is as good as another one."""


def step(
    parameters: TwinParameters,
    state: State,
    orders: Tensor,
    day: Day,
    *,
    whole_units: bool = True,
    overwrite: bool = False,
) -> tuple[State, Flows, Costs]:
    """Move B networks on by one day.

    Args:
        parameters: of the network.
        state: at the start of the day.
        orders: [B, L, S] units asked for on each lane today; negative ones count as 0.
        day: the scenario's day.
        whole_units: keep whole units (unless the goods are divisible) and whole containers, as in evaluation and live;
            otherwise fractions flow, and gradients with them.
        overwrite: let the new state take over the memory of the old state's pipeline, which may then not be used
            again. Much faster in large batches. Gradients are the same; but to step twice from a state, as activation
            checkpoints do, its pipeline must be kept.

    Returns:
        The state at the start of the next day, the day's flows, and its costs.
    """
    exact, whole_units = whole_units, whole_units and not parameters.divisible
    equipment = day.equipment.T
    rounding = day.rounding
    demand = _entity_first(day.demand)
    waiting = _entity_first(state.backlog)

    pipeline, arrived = ring.take_out(state.pipeline, state.day % parameters.pipeline_days, overwrite=overwrite)
    on_hand, dock, unloaded = _unload(
        parameters, _entity_first(state.on_hand), _entity_first(state.dock) + arrived, equipment, whole_units
    )
    with_customers = state.with_customers.transpose(1, 2).contiguous()
    with_customers, restocked, scrapped = _returns(parameters, with_customers, rounding, whole_units)
    dock = dock + restocked
    on_hand, served = _serve(parameters, on_hand, waiting + demand, equipment, whole_units)
    total_served = served.sum(dim=0)
    backlog, served_backlog, lost = _wait_or_leave(parameters, waiting, demand, total_served, rounding, whole_units)

    ordered = _entity_first(orders).clamp(min=0.0) * parameters.lane_carries.unsqueeze(1)
    if whole_units:
        ordered = torch.round(ordered)
    if exact and parameters.minimum_orders:
        ordered = _from_minimum(parameters, ordered)
    shipped = _ration(parameters, ordered, on_hand, day, whole_units)
    wait = parameters.lane_wait_days.index_select(0, day.weekday)
    transit_days = (parameters.lane_transit_days + wait + day.delay_days).clamp(1, parameters.pipeline_days - 1)
    pipeline = ring.put_in(pipeline, shipped, _arrival_rows(parameters, state.day, transit_days, pipeline.shape))
    # Clamped because a fraction's last bit could otherwise leave less than nothing.
    on_hand = _add_product(on_hand, parameters.lane_from_node, shipped, sign=-1).clamp(min=0.0)
    on_the_way = _entity_first(state.in_transit) - arrived
    if not whole_units:
        on_the_way = on_the_way.clamp(min=0.0)  # a fraction's last bit could leave less than nothing
    in_transit = _add_product(on_the_way, parameters.lane_to_node, shipped)
    # One product for every wave: what is sold today will come back in equal parts.
    returning = (parameters.returning_share @ total_served.flatten(1)).view_as(on_hand)

    departs = (wait == 0).to(parameters.dtype)
    freight_usd, duty_usd, shipped_m3 = torch.bmm(parameters.lane_weights, shipped.transpose(1, 2)).unbind(1)
    booked_m3 = state.booked_m3 + shipped_m3.T
    costs = costing.costs_of(
        parameters,
        day,
        stored=on_hand + dock,
        in_transit=in_transit,
        unloaded=unloaded,
        served=served,
        lost=lost,
        backlog=backlog,
        returned=restocked + scrapped,
        scrapped=scrapped,
        freight_usd=freight_usd,
        duty_usd=duty_usd,
        departed_m3=booked_m3 * departs,
        whole_containers=exact,
    )
    next_state = State(
        day=state.day + 1,
        on_hand=on_hand.transpose(0, 1),
        dock=dock.transpose(0, 1),
        pipeline=pipeline,
        in_transit=in_transit.transpose(0, 1),
        backlog=backlog.transpose(0, 1),
        with_customers=(with_customers + returning).transpose(1, 2),
        booked_m3=booked_m3 * (1 - departs),
        demand_fast=torch.lerp(state.demand_fast, day.demand, 1 / FAST_DAYS),
        demand_slow=torch.lerp(state.demand_slow, day.demand, 1 / SLOW_DAYS),
        demand_square=torch.lerp(state.demand_square, day.demand.square(), 1 / SLOW_DAYS),
    )
    flows = Flows(
        arrived=arrived.transpose(0, 1),
        unloaded=unloaded.transpose(0, 1),
        restocked=restocked.transpose(0, 1),
        scrapped=scrapped.transpose(0, 1),
        demand=day.demand,
        served=served.transpose(1, 2),
        served_backlog=served_backlog.transpose(0, 1),
        lost=lost.transpose(0, 1),
        ordered=ordered.transpose(0, 1),
        shipped=shipped.transpose(0, 1),
        transit_days=transit_days,
    )
    return next_state, flows, costs


def _entity_first(units: Tensor) -> Tensor:
    """[B, N, S] to [N, B, S]; free for what an earlier step has made."""
    return units.transpose(0, 1).contiguous()


def _add_product(units: Tensor, matrix: Tensor, others: Tensor, *, sign: int = 1) -> Tensor:
    """Add (or take away) [N, G] @ [G, B, S] in one call."""
    return torch.addmm(units.flatten(1), matrix, others.flatten(1), alpha=sign).view_as(units)


def _impaired(share: Tensor) -> bool:
    """Whether anything works at less than its usual capacity: that can bind even where the capacity is unlimited."""
    return binds(1 - share, 0.0)


def _unload(
    parameters: TwinParameters, on_hand: Tensor, dock: Tensor, equipment: Tensor, whole_units: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """From the dock queue to the shelves, bounded by the dock's throughput and by space."""
    if not (parameters.docks_bind or _impaired(equipment)):
        return on_hand + dock, torch.zeros_like(dock), dock
    space = parameters.capacity_m3[:, None] - on_hand @ parameters.volume_m3
    limit = torch.minimum(parameters.dock_m3_per_day[:, None] * equipment, space).clamp(min=0.0)
    unloaded = within_capacity(dock, parameters.volume_m3, limit, whole_units=whole_units)
    return on_hand + unloaded, dock - unloaded, unloaded


def _returns(
    parameters: TwinParameters, with_customers: Tensor, rounding: Tensor, whole_units: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Units that come back today: to the dock queue, or scrapped."""
    quick, slow = with_customers
    quick_hazard, slow_hazard = parameters.return_hazard[:, :, None, None]
    restock_share = parameters.restock_share[:, None, None]
    back = torch.addcmul(quick * quick_hazard, slow, slow_hazard)
    if not whole_units:
        restocked = back * restock_share
        return with_customers * (1 - parameters.return_hazard[:, :, None, None]), restocked, back - restocked
    pool = quick + slow
    back = torch.minimum(back + rounding, pool).floor_()
    # A second number of each SKU's own, so that what passes inspection doesn't hang on how many came back.
    restocked = torch.minimum((back * restock_share).add_(rounding * SECOND_NUMBER % 1.0).floor_(), back)
    # What was rounded off or on comes out of the waves in proportion to what they hold.
    stay = 1 - back / pool.clamp(min=1e-9)
    return with_customers * stay, restocked, back - restocked


def _serve(
    parameters: TwinParameters, on_hand: Tensor, wanted: Tensor, equipment: Tensor, whole_units: bool
) -> tuple[Tensor, Tensor]:
    """Down each market's fulfilment options: the stock that is left, and [R, M, B, S] served."""
    limited = parameters.picking_binds or _impaired(equipment)
    picks_left = parameters.picking_units_per_day[:, None] * equipment
    served = []
    for queues in parameters.option_queues:
        given = split(wanted, on_hand, queues, whole_units=whole_units)
        taken = queues.sum(given)
        if limited:
            picked = within_capacity(taken, 1.0, picks_left, whole_units=whole_units)
            if picked is not taken:
                given = split(wanted, picked, queues, whole_units=whole_units)
                taken = queues.sum(given)
            picks_left = (picks_left - taken.sum(dim=-1)).clamp(min=0.0)
        on_hand = (on_hand - taken).clamp(min=0.0)
        wanted = (wanted - given).clamp(min=0.0)
        served.append(given)
    return on_hand, torch.stack(served)


def _wait_or_leave(
    parameters: TwinParameters, waiting: Tensor, demand: Tensor, served: Tensor, rounding: Tensor, whole_units: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Those who waited are served first; of today's unserved a share waits, the rest is lost."""
    served_backlog = torch.minimum(served, waiting)
    unserved = (demand - (served - served_backlog)).clamp(min=0.0)
    waits = unserved * parameters.backlog_share[:, None, None]
    if whole_units:
        waits = torch.minimum(waits.add_(rounding).floor_(), unserved)
    return waiting - served_backlog + waits, served_backlog, unserved - waits


def _from_minimum(parameters: TwinParameters, orders: Tensor) -> Tensor:
    """What lies below a supplier's minimum, rounded to the minimum or to nothing, whichever is nearer."""
    least = torch.ceil(parameters.supplier_minimum_units @ parameters.lane_from_supplier)[:, None, None]
    return torch.where(orders < least, torch.where(2 * orders >= least, least, 0.0), orders)


def _ration(parameters: TwinParameters, orders: Tensor, on_hand: Tensor, day: Day, whole_units: bool) -> Tensor:
    """Down to what lanes, suppliers and origins can give: [L, B, S] units that depart."""
    lane_open = day.lane_open.T
    if parameters.lanes_bind or _impaired(lane_open):
        limit = parameters.lane_m3_per_day[:, None] * lane_open
        orders = within_capacity(orders, parameters.volume_m3, limit, whole_units=whole_units)
    supplier_up = day.supplier_up.T
    if parameters.suppliers_bind or _impaired(supplier_up):
        orders = _within_supplier_capacity(parameters, orders, supplier_up, whole_units)
    return split(orders, on_hand, parameters.lane_queues, whole_units=whole_units)


def _within_supplier_capacity(
    parameters: TwinParameters, orders: Tensor, supplier_up: Tensor, whole_units: bool
) -> Tensor:
    """A supplier's daily capacity counts units of all its lanes and SKUs together."""
    limit = parameters.supplier_units_per_day[:, None] * supplier_up
    if not binds(parameters.lane_from_supplier @ orders.sum(dim=-1), limit):
        return orders
    lanes = parameters.supplier_lanes
    from_suppliers = orders[lanes].transpose(0, 1)  # [B, L', S]
    by_supplier = from_suppliers * parameters.lane_from_supplier[:, None, lanes, None]  # [K, B, L', S]
    within = within_capacity(by_supplier.flatten(2), 1.0, limit, whole_units=whole_units).view_as(by_supplier)
    return orders.index_copy(0, lanes, within.sum(dim=0).transpose(0, 1))


def _arrival_rows(parameters: TwinParameters, today: int, transit_days: Tensor, shape: torch.Size) -> Tensor:
    """[L·B] row of the ring, seen as [N·H·B, S], where each lane's shipment joins what arrives on its day."""
    _, ring_days, episodes, _ = shape
    arrival = (transit_days + today) % ring_days
    environment = torch.arange(episodes, device=transit_days.device)
    rows = (parameters.lane_destination * ring_days + arrival) * episodes + environment[:, None]
    return rows.T.reshape(-1)
