"""Goods that perish: every unit has a day of expiry, goes out in that order, and is scrapped once it is over.

Lots are as `lots.py` has them. A transfer takes the oldest lots along, lane by lane in the order of the file, and they
keep their day of expiry. Shelf life begins when production ends; what spoils on its way is scrapped where it arrives,
and what customers send back on the next day. What goes missing otherwise (destroyed, removed) was the oldest. The
amounts that move are the rest of the twin's affair: lots only tell which units they were, except that what has expired
is taken away after unloading and before anybody is served.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from entrepot.envs.twin import ring
from entrepot.envs.twin.lots import LotState, between, newest, oldest, running, tomorrow
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.receiving import Received
from entrepot.envs.twin.scenario import Day


class Sorted(NamedTuple):
    """Lots after unloading, without what has expired."""

    received: Received  # of which nothing has expired
    expired: Tensor  # [N, B, S] units that were scrapped
    off_shelves: Tensor  # [N, B, S] units, of these, that stood on the shelves
    on_hand: Tensor  # [C, N, B, S] units
    dock: Tensor  # [C, N, B, S] units
    pipeline: Tensor  # [C·N, H, B, S] units


def sort_out(
    parameters: TwinParameters,
    lots: LotState,
    received: Received,
    *,
    before: Tensor,
    number: int,
    found: bool,
    overwrite: bool,
) -> Sorted:
    """Unload by lots, and scrap what has expired on the shelves and on the dock.

    Args:
        parameters: of the network.
        lots: at the start of the day.
        received: of the day.
        before: [N, B, S] units on hand before it.
        number: of the day, as the state counts it.
        found: whether there may be more than there are lots of, as where a customer was given another SKU by mistake;
            such units are taken to expire today.
        overwrite: whether the memory of the lots' pipeline may be taken over.
    """
    shelf = parameters.shelf_life
    assert shelf is not None
    count, place = shelf.lots, number % parameters.pipeline_days
    pipeline, arrived = ring.take_out(lots.pipeline, place, overwrite=overwrite)
    by_expiry = arrived.view(count, -1, *arrived.shape[1:]).roll(1 - number, dims=0)
    on_hand = newest(lots.on_hand, lots.on_hand.sum(dim=0) - before)
    if found:
        surplus = (before - on_hand.sum(dim=0)).clamp(min=0.0).unsqueeze(0)
        on_hand = torch.cat([on_hand[:1], on_hand[1:2] + surplus, on_hand[2:]])
    dock = lots.dock + by_expiry
    # Of what was on the dock the twin knows how much was unloaded; anything beyond was destroyed there.
    waits = torch.zeros_like(before) if received.left_on_dock is None else received.left_on_dock
    dock = newest(dock, dock.sum(dim=0) - waits - received.unloaded)
    on_hand, dock = on_hand + oldest(dock, received.unloaded), newest(dock, received.unloaded)
    keeps = torch.ones_like(on_hand[:, :1, :1])
    keeps[0] = 1 - shelf.perishes
    spoilt, spoilt_on_dock = on_hand[0] * shelf.perishes, dock[0] * shelf.perishes
    left = received.left_on_dock
    sound = received._replace(
        on_hand=(received.on_hand - spoilt).clamp(min=0.0),
        left_on_dock=None if left is None else (left - spoilt_on_dock).clamp(min=0.0),
    )
    return Sorted(sound, spoilt + spoilt_on_dock, spoilt, on_hand * keeps, dock * keeps, pipeline)


def send_off(
    parameters: TwinParameters,
    sorted_lots: Sorted,
    day: Day,
    *,
    sold: Tensor,
    final_on_hand: Tensor,
    shipped: Tensor,
    transit_days: Tensor,
    rows: Tensor,
    restocked: Tensor,
    number: int,
) -> LotState:
    """Take what was sold and sent from the oldest lots, and put what was sent on its way.

    Args:
        parameters: of the network.
        sorted_lots: of the same day.
        day: of the scenario.
        sold: [N, B, S] units that customers got.
        final_on_hand: [N, B, S] units on hand at the end of the day.
        shipped: [L, B, S] units.
        transit_days: [B, L] integers.
        rows: [L·B] of the pipeline, seen as [N·H·B, S], where each lane's shipment goes.
        restocked: [N, B, S] units that customers sent back and that wait on the dock from now on.
        number: of the day, as the state counts it.
    """
    shelf, queues = parameters.shelf_life, parameters.lane.queues
    assert shelf is not None
    on_hand = newest(sorted_lots.on_hand, sold)
    # Lanes stand in line at their node: each takes the units from where the one ahead has ended.
    end = queues.running(shipped)
    begin = end - shipped
    in_line = running(on_hand).index_select(1, queues.place)
    sent = between(in_line, begin, end) * (1 - shelf.from_supplier)  # [C, L, B, S]
    left = newest(on_hand, on_hand.sum(dim=0) - final_on_hand)
    count = shelf.lots
    lot = torch.arange(count, device=shipped.device)
    made = parameters.lane.wait_days.index_select(0, day.weekday).t() + shelf.production_days  # [L, B] days from today
    fresh = (made.unsqueeze(-1) + shelf.shelf_life_days + 1).clamp(max=count - 1)  # [L, B, S]
    sent = sent + (lot[:, None, None, None] == fresh) * (shipped * shelf.from_supplier)
    # What would expire before it arrives is scrapped on the day that it does: it expires the day before.
    arrives = transit_days.t()
    in_time = (lot[:, None, None] >= arrives).unsqueeze(-1)
    too_late = (sent * ~in_time).sum(dim=0)
    sent = sent * in_time + (lot[:, None, None] == arrives).unsqueeze(-1) * too_late
    nodes, _, episodes, _ = sorted_lots.received.pipeline.shape
    block = nodes * parameters.pipeline_days * episodes
    every = (rows + lot[:, None] * block).flatten()
    pipeline = ring.put_in(sorted_lots.pipeline, sent.roll(number - 1, dims=0).flatten(0, 1), every)
    back = (lot[:, None, None, None] == 1) * restocked
    return LotState(tomorrow(left), tomorrow(sorted_lots.dock + back), pipeline)
