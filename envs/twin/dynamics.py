"""One day of the network: arrivals, returns, demand, orders, costs; differentiable through stock and orders.

Inside a step every tensor has its entity first, [N, B, S], [M, B, S] or [L, B, S], and is contiguous: sums over lanes,
markets or nodes are then single matrix products over B·S columns. States and flows show the design's order,
[B, N, S], as views of the same memory.
"""

from __future__ import annotations

import torch
from torch import Tensor

from entrepot.envs.decisions import Decisions
from entrepot.envs.twin import costing, ring, shipping
from entrepot.envs.twin.flows import Costs, Flows
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.rationing import binds, split, within_capacity
from entrepot.envs.twin.scenario import Day
from entrepot.envs.twin.state import State


def step(
    parameters: TwinParameters,
    state: State,
    decisions: Decisions,
    day: Day,
    *,
    whole_units: bool = True,
    overwrite: bool = False,
) -> tuple[State, Flows, Costs]:
    """Move B networks on by one day.

    Args:
        parameters: of the network.
        state: at the start of the day.
        decisions: of all agents together.
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
    demand = _entity_first(day.demand)
    waiting = _entity_first(state.backlog)

    place = state.day % parameters.pipeline_days
    pipeline, arrived = ring.take_out(state.pipeline, place, overwrite=overwrite)
    on_hand, left_on_dock, unloaded = _unload(
        parameters, _entity_first(state.on_hand), _entity_first(state.dock) + arrived, day, whole_units
    )
    with_customers = state.with_customers.transpose(1, 2)
    stay, back, restocked = _returns(parameters, with_customers, day, whole_units)
    scrapped = back - restocked
    dock = restocked if left_on_dock is None else left_on_dock + restocked
    on_hand, given, by_option = _serve(parameters, on_hand, waiting + demand, day, whole_units)
    total_served = parameters.option.by_market(given)
    backlog, served_backlog, lost = _wait_or_leave(parameters, waiting, demand, total_served, day.rounding, whole_units)

    transit_days = parameters.lane.order_days.index_select(0, day.weekday).add_(day.delay_days)
    transit_days = transit_days.clamp_(1, parameters.pipeline_days - 1)
    ordered, shipped = shipping.ship(
        parameters, _entity_first(decisions.orders), on_hand, day, whole_units=whole_units, minimum_orders=exact
    )
    pipeline = ring.put_in(pipeline, shipped, _arrival_rows(parameters, place, transit_days, pipeline.shape))
    # Clamped because a fraction's last bit could otherwise leave less than nothing.
    on_hand = (on_hand - parameters.lane.queues.by_place(shipped)).clamp_(min=0.0)
    on_the_way = _entity_first(state.in_transit) - arrived
    on_the_way = on_the_way if whole_units else on_the_way.clamp(min=0.0)
    in_transit = on_the_way + parameters.lane.by_destination(shipped)
    # One product for every wave: what is sold today will come back in equal parts.
    returning = (parameters.market.returning_share @ total_served.flatten(1)).view_as(on_hand)

    departs = parameters.lane.departs.index_select(0, day.weekday).t().contiguous()
    freight_usd, duty_usd, shipped_m3 = torch.bmm(parameters.per_unit_shipped, shipped.transpose(1, 2)).unbind(1)
    booked_m3 = state.booked_m3.t() + shipped_m3
    departed_m3 = booked_m3 * departs
    costs = costing.costs_of(
        parameters,
        day,
        stored=on_hand + dock,
        in_transit=in_transit,
        unloaded=unloaded,
        served=by_option,
        lost=lost,
        backlog=backlog,
        returned=back,
        scrapped=scrapped,
        freight_usd=freight_usd,
        duty_usd=duty_usd,
        departed_m3=departed_m3,
        whole_containers=exact,
    )
    served = parameters.option.by_rank(given).view(-1, *demand.shape)
    next_state = State(
        day=state.day + 1,
        on_hand=on_hand.transpose(0, 1),
        dock=dock.transpose(0, 1),
        pipeline=pipeline,
        in_transit=in_transit.transpose(0, 1),
        backlog=backlog.transpose(0, 1),
        with_customers=torch.addcmul(returning, with_customers, stay).transpose(1, 2),
        booked_m3=(booked_m3 - departed_m3).t(),
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


def _unload(
    parameters: TwinParameters, on_hand: Tensor, dock: Tensor, day: Day, whole_units: bool
) -> tuple[Tensor, Tensor | None, Tensor]:
    """From the dock queue to the shelves, bounded by the dock's throughput and by space.

    Returns:
        The stock; what is left on the dock, None if nothing is; what was unloaded.
    """
    if not (parameters.node.docks_bind or day.equipment_impaired):
        return on_hand + dock, None, dock
    space = parameters.node.capacity_m3 - on_hand @ parameters.sku.volume_m3
    limit = torch.minimum(_at_work(parameters.node.dock_m3_per_day, day), space).clamp_(min=0.0)
    unloaded = within_capacity(dock, parameters.sku.volume_m3, limit, whole_units=whole_units)
    return on_hand + unloaded, None if unloaded is dock else dock - unloaded, unloaded


def _at_work(usual: Tensor, day: Day) -> Tensor:
    """[N, B] or [N, 1] throughput of the day, of [N, 1]."""
    return usual * day.equipment.t() if day.equipment_impaired else usual


def _returns(
    parameters: TwinParameters, with_customers: Tensor, day: Day, whole_units: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Units that come back today: the share of each wave that stays with customers; all; those restocked."""
    quick, slow = with_customers.unbind()
    (quick_hazard, slow_hazard), restock_share = parameters.returns.by_wave, parameters.node.restock_share
    back = torch.addcmul(quick * quick_hazard, slow, slow_hazard)
    if not whole_units:
        return parameters.returns.stays, back, back * restock_share
    pool = quick + slow
    back = torch.minimum(back.add_(day.rounding), pool).floor_()
    # A second number of each SKU's own, so that what passes inspection doesn't hang on how many came back.
    restocked = torch.minimum((back * restock_share).add_(day.second_rounding).floor_(), back)
    # What was rounded off or on comes out of the waves in proportion to what they hold.
    stay = 1 - back / pool.clamp(min=1e-9)
    return stay, back, restocked


def _serve(
    parameters: TwinParameters, on_hand: Tensor, wanted: Tensor, day: Day, whole_units: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Down each market's fulfilment options.

    Returns:
        The stock that is left; [P, B, S] served by each option; [P, B] the same, all SKUs together.
    """
    limited = parameters.node.picking_binds or day.equipment_impaired
    picking = _at_work(parameters.node.picking_units_per_day, day)
    if not limited or wanted.device.type == "cpu":
        left, given = _down_the_options(parameters, on_hand, wanted, None, whole_units)
        by_option = given.sum(dim=-1)
        if not (limited and binds(parameters.option.serving_nodes @ by_option, picking)):
            return left, given, by_option
    # Pickers are rarely too few; only where they are, goods go out rank by rank within what they can do.
    left, given = _down_the_options(parameters, on_hand, wanted, picking, whole_units)
    return left, given, given.sum(dim=-1)


def _down_the_options(
    parameters: TwinParameters, on_hand: Tensor, wanted: Tensor, picks_left: Tensor | None, whole_units: bool
) -> tuple[Tensor, Tensor]:
    """The stock that is left and [P, B, S] served; with [N, B] units that can be picked, or any number."""
    served = []
    for rank in parameters.option.ranks:
        asked = wanted if rank.every_market else wanted.index_select(0, rank.markets)
        given = split(asked, on_hand, rank.queues, whole_units=whole_units)
        if picks_left is not None:
            taken = rank.queues.sum(given)
            picked = within_capacity(taken, 1.0, picks_left, whole_units=whole_units)
            if picked is not taken:
                given = split(asked, picked, rank.queues, whole_units=whole_units)
            picks_left = (picks_left - rank.queues.sum(given).sum(dim=-1)).clamp(min=0.0)
        # What the first rank is given stays as it is, for its caller; what the ranks hand on may be overwritten.
        own = rank is not parameters.option.ranks[0]
        on_hand = rank.queues.take(on_hand, given, whole_units=whole_units, overwrite=own)
        served.append(given)
        if rank is parameters.option.ranks[-1]:
            break
        if rank.every_market:
            wanted = wanted - given
        else:
            wanted = (wanted if own else wanted.clone()).index_add_(0, rank.markets, given, alpha=-1)
    return on_hand, torch.cat(served)


def _wait_or_leave(
    parameters: TwinParameters, waiting: Tensor, demand: Tensor, served: Tensor, rounding: Tensor, whole_units: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """Those who waited are served first; of today's unserved a share waits, the rest is lost."""
    served_backlog = torch.minimum(served, waiting)
    unserved = (demand - (served - served_backlog)).clamp(min=0.0)
    waits = unserved * parameters.market.backlog_share
    if whole_units:
        waits = torch.minimum(waits.add_(rounding).floor_(), unserved)
    return waiting - served_backlog + waits, served_backlog, unserved - waits


def _arrival_rows(parameters: TwinParameters, place: int, transit_days: Tensor, shape: torch.Size) -> Tensor:
    """[L·B] row of the ring, seen as [N·H·B, S], where each lane's shipment joins what arrives on its day."""
    _, ring_days, episodes, _ = shape
    arrival = (transit_days.t() + place) % ring_days
    return parameters.ring_rows(episodes).add(arrival, alpha=episodes).flatten()
