"""One day of the network: arrivals, returns, demand, orders, costs; differentiable through stock and orders.

Each part stands in a file of its own. Inside a step tensors lie as `layout.py` says.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from entrepot.envs.decisions import Decisions
from entrepot.envs.twin.costing import costs_of
from entrepot.envs.twin.exchanging import exchange, to_be_exchanged
from entrepot.envs.twin.fba import FbaDay, run_centres
from entrepot.envs.twin.flows import Costs, Flows
from entrepot.envs.twin.inspecting import inspect
from entrepot.envs.twin.layout import entity_first
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.perishing import Sorted, send_off, sort_out
from entrepot.envs.twin.rationing import SMALLEST
from entrepot.envs.twin.receiving import Received, dock_m3, receive
from entrepot.envs.twin.records import RecordsDay, RecordState, Shelves, at_shelves, keep_records
from entrepot.envs.twin.returning import come_back, with_customers
from entrepot.envs.twin.scenario import Day
from entrepot.envs.twin.serving import Served, picking_units, serve
from entrepot.envs.twin.shipping import ship
from entrepot.envs.twin.state import State
from entrepot.envs.twin.striking import struck
from entrepot.envs.twin.wearing import Run, run


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
    state, destroyed = struck(state, day, whole_units=whole_units)
    received = receive(parameters, state, day, whole_units=whole_units, overwrite=overwrite)
    perished = _sorted_out(parameters, state, received, overwrite=overwrite)
    if perished is not None:
        received = perished.received
        if state.records is not None:
            state = replace(state, records=state.records.after_expiry(perished.off_shelves, received))
    waiting, exchanged = entity_first(state.backlog), None
    if parameters.exchange is not None and state.exchanges is not None:
        exchanged = exchange(parameters, state.exchanges, day, whole_units=whole_units)
        waiting = waiting + exchanged.units
    returned = come_back(parameters, state, day, exchanged, whole_units=whole_units)
    inspected = None
    if parameters.inspection is not None and state.inspection is not None:
        inspected = inspect(parameters, state.inspection, day, returned.back, whole_units=whole_units)
        returned = returned._replace(restocked=inspected.restocked, scrapped=inspected.scrapped)
    shelves = _shelves(parameters, state, day, received)
    available = received.on_hand if shelves is None else shelves.available
    served = serve(parameters, state, day, available, waiting, whole_units=whole_units)
    shipped = ship(
        parameters,
        state,
        day,
        decisions.orders,
        received,
        served.on_hand,
        whole_units=whole_units,
        minimum_orders=exact,
    )
    kept = None
    if shelves is not None and state.records is not None:
        wanted = entity_first(day.demand) + waiting
        kept = keep_records(parameters, state.records, day, shelves, served, shipped.on_hand, wanted)
        shipped = shipped._replace(on_hand=kept.on_hand)
    fba = _centres(parameters, state, received, shipped.on_hand)
    if fba is not None:
        shipped = shipped._replace(on_hand=fba.on_hand)
    left = received.left_on_dock
    dock = returned.restocked if left is None else left + returned.restocked
    lots = None
    if perished is not None:
        lots = send_off(
            parameters,
            perished,
            day,
            sold=available - served.on_hand,
            final_on_hand=shipped.on_hand,
            shipped=shipped.shipped,
            transit_days=shipped.transit_days,
            rows=shipped.rows,
            restocked=returned.restocked,
            number=state.day,
        )
    ran = _equipment(parameters, state, decisions, day, received, served)
    costs = costs_of(
        parameters,
        day,
        received,
        returned,
        served,
        shipped,
        dock=dock,
        equipment_usd=ran and ran.usd,
        destroyed=destroyed,
        fba=fba,
        kept=kept,
        expired=perished and perished.expired,
        refurbished_usd=inspected and inspected.refurbished_usd,
        whole_containers=exact,
    )
    next_state = State(
        day=state.day + 1,
        on_hand=shipped.on_hand.transpose(0, 1),
        dock=dock.transpose(0, 1),
        pipeline=shipped.pipeline,
        in_transit=shipped.in_transit.transpose(0, 1),
        backlog=served.backlog.transpose(0, 1),
        with_customers=with_customers(parameters, returned, served.by_market).transpose(1, 2),
        booked_m3=shipped.booked_m3.t(),
        equipment=ran and ran.state,
        fba=fba and fba.state,
        records=kept and _after_removal(kept, fba),
        lots=lots,
        inspection=inspected and inspected.state,
        exchanges=exchanged and to_be_exchanged(parameters, exchanged, served.by_market),
    )
    flows = Flows(
        arrived=received.arrived.transpose(0, 1),
        unloaded=received.unloaded.transpose(0, 1),
        restocked=returned.restocked.transpose(0, 1),
        scrapped=returned.scrapped.transpose(0, 1),
        demand=day.demand,
        served=parameters.option.in_ranks(served.by_option).transpose(1, 2),
        served_backlog=served.of_backlog.transpose(0, 1),
        lost=served.lost.transpose(0, 1),
        ordered=shipped.ordered.transpose(0, 1),
        shipped=shipped.shipped.transpose(0, 1),
        transit_days=shipped.transit_days,
        equipment=ran and ran.flows,
        records=kept and kept.flows,
        destroyed=destroyed,
        cut=None if shipped.cut is None else shipped.cut.transpose(0, 1),
        expired=None if perished is None else perished.expired.transpose(0, 1),
        exchanged=None if exchanged is None else exchanged.units.transpose(0, 1),
        removed=None if fba is None else _removed(parameters, fba),
    )
    return next_state, flows, costs


def _shelves(parameters: TwinParameters, state: State, day: Day, received: Received) -> Shelves | None:
    """What of the stock is recorded and can be found; None where records are always right."""
    if parameters.records is None or state.records is None:
        return None
    return at_shelves(parameters.records, state.records, day, received)


def _removed(parameters: TwinParameters, fba: FbaDay) -> Tensor | None:
    """[B, N, S] units that Amazon removed; None where it never does."""
    if fba.removed is not None:
        return fba.removed.transpose(0, 1)
    never = parameters.inbound is None or not parameters.inbound.removing
    return None if never else fba.on_hand.new_zeros(()).expand_as(fba.on_hand).transpose(0, 1)


def _after_removal(kept: RecordsDay, fba: FbaDay | None) -> RecordState:
    """What is recorded at the end of the day; Amazon tells what it removed."""
    if fba is None or fba.removed is None:
        return kept.state
    return kept.state.without(fba.removed.transpose(0, 1), fba.on_hand.transpose(0, 1))


def _sorted_out(parameters: TwinParameters, state: State, received: Received, *, overwrite: bool) -> Sorted | None:
    """Scrap what has expired; None where nothing perishes."""
    if parameters.shelf_life is None or state.lots is None:
        return None
    return sort_out(
        parameters,
        state.lots,
        received,
        before=entity_first(state.on_hand),
        number=state.day,
        found=state.records is not None,
        overwrite=overwrite,
    )


def _centres(parameters: TwinParameters, state: State, received: Received, on_hand: Tensor) -> FbaDay | None:
    """Let the day end at Amazon's centres; None where no node is theirs."""
    if parameters.inbound is None or state.fba is None:
        return None
    return run_centres(
        parameters,
        state.fba,
        arrived=received.arrived,
        unloaded=received.unloaded,
        before=entity_first(state.on_hand),
        on_hand=on_hand,
        days_seen=state.day,
    )


def _equipment(
    parameters: TwinParameters, state: State, decisions: Decisions, day: Day, received: Received, served: Served
) -> Run | None:
    """Let equipment work as much as its dock or its pickers did of what they could; None where nothing wears."""
    if parameters.equipment is None or state.equipment is None:
        return None
    unloaded = received.unloaded @ parameters.sku.volume_m3 / dock_m3(parameters, state, day).clamp(min=SMALLEST)
    picked = parameters.option.serving_nodes @ served.of_all_skus
    picked = picked / picking_units(parameters, state, day).clamp(min=SMALLEST)
    use = torch.cat([unloaded, picked]).clamp(max=1.0)
    return run(parameters.equipment, state.equipment, day, use, decisions.maintenance)
