"""Demand is served down each market's fulfilment options; who isn't served waits or leaves."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from entrepot.envs.twin.layout import entity_first
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.rationing import split, within_capacity
from entrepot.envs.twin.scenario import Day
from entrepot.envs.twin.state import State


class Served(NamedTuple):
    """What customers got. P options."""

    on_hand: Tensor  # [N, B, S] units left
    by_option: Tensor  # [P, B, S] units
    of_all_skus: Tensor  # [P, B] units, the same
    by_market: Tensor  # [M, B, S] units, the same
    of_backlog: Tensor  # [M, B, S] units, of these, for which customers had waited
    backlog: Tensor  # [M, B, S] units that customers wait for at the end of the day
    lost: Tensor  # [M, B, S] units


def serve(
    parameters: TwinParameters, state: State, day: Day, on_hand: Tensor, waiting: Tensor, *, whole_units: bool
) -> Served:
    """Serve today's demand and the backlog.

    Args:
        parameters: of the network.
        state: at the start of the day.
        day: of the scenario.
        on_hand: [N, B, S] units on the shelves.
        waiting: [M, B, S] units of those who are served first.
        whole_units: whether to keep whole units.
    """
    demand = entity_first(day.demand)
    left, given, of_all_skus = _within_picking(parameters, on_hand, waiting + demand, state, day, whole_units)
    served = parameters.option.by_market(given)
    # Those who waited are served first; of today's unserved a share waits, the rest is lost.
    of_backlog = torch.minimum(served, waiting)
    unserved = (demand - (served - of_backlog)).clamp(min=0.0)
    waits = unserved * parameters.market.backlog_share
    if whole_units:
        waits = torch.minimum(waits.add_(day.rounding).floor_(), unserved)
    return Served(left, given, of_all_skus, served, of_backlog, waiting - of_backlog + waits, unserved - waits)


def _within_picking(
    parameters: TwinParameters, on_hand: Tensor, wanted: Tensor, state: State, day: Day, whole_units: bool
) -> tuple[Tensor, Tensor, Tensor]:
    """The stock that is left; [P, B, S] served by each option; [P, B] the same, all SKUs together."""
    limited = parameters.node.picking_binds or day.equipment_impaired or state.equipment is not None
    picking = picking_units(parameters, state, day)
    if not limited or wanted.device.type == "cpu":
        left, given = _down_the_options(parameters, on_hand, wanted, None, whole_units)
        of_all_skus = given.sum(dim=-1)
        if not limited:
            return left, given, of_all_skus
        tired = (parameters.option.serving_nodes @ of_all_skus > picking).any(dim=0).nonzero()[:, 0]  # [b]
        if not tired.numel():
            return left, given, of_all_skus
        # Pickers are rarely too few; only where they are, goods go out rank by rank within what they can do.
        picking = picking.expand(-1, wanted.shape[1]).index_select(1, tired)
        there, out = _down_the_options(
            parameters, on_hand.index_select(1, tired), wanted.index_select(1, tired), picking, whole_units
        )
        left, given = left.index_copy_(1, tired, there), given.index_copy_(1, tired, out)
        return left, given, of_all_skus.index_copy_(1, tired, out.sum(dim=-1))
    left, given = _down_the_options(parameters, on_hand, wanted, picking, whole_units)
    return left, given, given.sum(dim=-1)


def picking_units(parameters: TwinParameters, state: State, day: Day) -> Tensor:
    """[N, B] or [N, 1] units that can be picked today."""
    usual = day.at_work(parameters.node.picking_units_per_day)
    return usual if state.equipment is None else usual * state.equipment.picking_share


def _down_the_options(
    parameters: TwinParameters, on_hand: Tensor, wanted: Tensor, picks_left: Tensor | None, whole_units: bool
) -> tuple[Tensor, Tensor]:
    """The stock that is left and [P, B, S] served; with [N, B] units that can be picked, or any number."""
    served = []
    ranks = parameters.option.ranks
    for rank in ranks:
        asked = wanted if rank.every_market else wanted.index_select(0, rank.markets)
        given = split(asked, on_hand, rank.queues, whole_units=whole_units)
        if picks_left is not None:
            taken = rank.queues.sum(given)
            picked = within_capacity(taken, 1.0, picks_left, whole_units=whole_units)
            if picked is not taken:
                given = split(asked, picked, rank.queues, whole_units=whole_units)
            picks_left = (picks_left - rank.queues.sum(given).sum(dim=-1)).clamp(min=0.0)
        # What the first rank is given stays as it is, for its caller; what the ranks hand on may be overwritten.
        own = rank is not ranks[0]
        on_hand = rank.queues.take(on_hand, given, whole_units=whole_units, overwrite=own)
        served.append(given)
        if rank is ranks[-1]:
            break
        if rank.every_market:
            wanted = wanted - given
        else:
            wanted = (wanted if own else wanted.clone()).index_add_(0, rank.markets, given, alpha=-1)
    return on_hand, torch.cat(served)
