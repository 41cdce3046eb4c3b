"""A day at Amazon's fulfilment centres: what is too old is removed, fees are charged, and orders keep to the limit.

Fees and their sources: `configs/fba`. Charged every day where Amazon charges once a month, at the day's stock. The
utilisation surcharge goes by weeks of stock: m³ on hand over the m³ that went out in the last `OUTFLOW_DAYS` days; it
begins when so many days have been seen, as Amazon's spares new sellers. Its steps have no slope, so that no gradient
flows through the weeks, only through the stock that is charged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, NamedTuple, Self

import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.twin.ageing import Ages
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.parameters.inbound import InboundParameters
from entrepot.envs.twin.rationing import SMALLEST, binds, within_capacity
from entrepot.envs.twin.scenario import Day

OUTFLOW_DAYS = 91
"""Thirteen weeks: what went out in them says how long stock will last."""
NEARLY = 1 - 1e-3
"""Of a limit, from where it is looked at exactly."""


@dataclass(frozen=True)
class Outflow(Record):
    """What went out on one day."""

    m3: Annotated[Tensor, Axes("nB", shared_by_skus=True)]


@dataclass(frozen=True)
class FbaState(Record):
    """n centres of B networks at the start of a day."""

    ages: Ages
    left: tuple[Outflow, ...]  # on each of the last `OUTFLOW_DAYS`, today's last; empty where nothing asks for it
    left_m3: Annotated[Tensor, Axes("nB", shared_by_skus=True)]  # their sum

    @classmethod
    def new(cls, inbound: InboundParameters, on_hand: Tensor) -> Self:
        """With [N, B, S] units that came in just now, of which none has left yet."""
        units = on_hand.index_select(0, inbound.node)
        none = torch.zeros_like(units[..., 0])
        days = OUTFLOW_DAYS if len(inbound.weeks) else 0
        return cls(Ages.new(units, inbound.age_days), (Outflow(none),) * days, none)


class FbaDay(NamedTuple):
    """What happened at the centres, with the other nodes at 0."""

    state: FbaState
    on_hand: Tensor  # [N, B, S] units left
    removed: Tensor | None  # [N, B, S] units; None where nothing is today
    placement_usd: Tensor  # [N, B], as the others
    utilisation_usd: Tensor
    aged_usd: Tensor
    removal_usd: Tensor


def run_centres(
    parameters: TwinParameters,
    state: FbaState,
    *,
    arrived: Tensor,
    unloaded: Tensor,
    before: Tensor,
    on_hand: Tensor,
    days_seen: int,
) -> FbaDay:
    """Let a day at the centres end.

    Args:
        parameters: of the network.
        state: at the start of the day.
        arrived: [N, B, S] units that came over lanes today. These are placed, not what customers send back.
        unloaded: [N, B, S] units that were put on the shelves today.
        before: [N, B, S] units on hand at the start of the day.
        on_hand: [N, B, S] units on hand at its end.
        days_seen: days that were stepped before today.
    """
    inbound = parameters.inbound
    assert inbound is not None
    units, came = on_hand.index_select(0, inbound.node), unloaded.index_select(0, inbound.node)
    ages = state.ages.after(came, inbound.age_days)
    older = ages.older(units)
    went = (before.index_select(0, inbound.node) + came - units) @ parameters.sku.volume_m3
    removed, removal_usd = None, torch.zeros_like(went)
    if inbound.removing and binds(older[inbound.first_removed :], 0.0):
        gone = (older * inbound.removes).sum(dim=0)
        # What is removed costs a fee a unit, and what of its value is lost.
        lost_usd = (gone @ parameters.sku.unit_value_usd) * inbound.lost_share
        removal_usd = gone.sum(dim=-1) * inbound.removal_usd_per_unit + lost_usd
        units = (units - gone).clamp(min=0.0)
        older = ages.older(units)
        removed = torch.zeros_like(on_hand).index_copy(0, inbound.node, gone)
        on_hand = on_hand.index_copy(0, inbound.node, units)
    aged_usd = ((older @ parameters.sku.volume_m3) * inbound.aged_usd_per_m3_day).sum(dim=0)
    left, left_m3, utilisation_usd = state.left, state.left_m3, torch.zeros_like(removal_usd)
    if left:
        left_m3 = (left_m3 + went - left[0].m3).clamp(min=0.0)
        left = (*left[1:], Outflow(went))
        if days_seen + 1 >= OUTFLOW_DAYS:
            stored = units @ parameters.sku.volume_m3
            weeks = stored.detach() * (OUTFLOW_DAYS / 7) / left_m3.detach().clamp(min=SMALLEST)
            price = ((weeks > inbound.weeks) * inbound.utilisation_usd_per_m3_day).sum(dim=0)
            utilisation_usd = stored * price
    to_node = inbound.at_node
    return FbaDay(
        state=FbaState(ages, left, left_m3),
        on_hand=on_hand,
        removed=removed,
        placement_usd=arrived.sum(dim=-1) * parameters.placement_usd,
        utilisation_usd=to_node @ utilisation_usd,
        aged_usd=to_node @ aged_usd,
        removal_usd=to_node @ removal_usd,
    )


def within_inbound_limit(
    inbound: InboundParameters, orders: Tensor, volume_m3: Tensor, held_m3: Tensor, day: Day, *, whole_units: bool
) -> Tensor:
    """[L, B, S] orders, cut where a centre's stock and goods on their way would exceed the month's limit with them.

    Args:
        inbound: of the centres.
        orders: [L, B, S] units.
        volume_m3: [S] of a unit.
        held_m3: [N, B] on hand, on the dock and on the way.
        day: of the scenario.
        whole_units: whether to keep whole units.

    Returns:
        [L, B, S] units; `orders` itself where nothing is cut.
    """
    room = (inbound.limit_m3.index_select(1, day.month) - held_m3.index_select(0, inbound.node)).clamp(min=0.0)
    asked = orders.index_select(0, inbound.lanes)  # [d, B, S]
    # Summed lane by lane its last bits may differ from what is shared out below: whoever is near the limit goes there.
    if not binds(inbound.to_centre @ (asked @ volume_m3), room * NEARLY):
        return orders
    by_centre = asked.transpose(0, 1) * inbound.to_centre[:, None, :, None]  # [n, B, d, S]
    weight = volume_m3.repeat(len(inbound.lanes))
    of_all = by_centre.flatten(2)
    within = within_capacity(of_all, weight, room, whole_units=whole_units)
    if within is of_all:
        return orders
    return orders.index_copy(0, inbound.lanes, within.view_as(by_centre).sum(dim=0).transpose(0, 1))
