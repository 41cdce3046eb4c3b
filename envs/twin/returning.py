"""Goods that were sold come back in two waves; what is sound joins the dock queue, the rest is scrap."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from entrepot.envs.twin.exchanging import Exchanged
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.scenario import Day
from entrepot.envs.twin.state import State


class Returned(NamedTuple):
    """What came back today."""

    with_customers: Tensor  # [W, N, B, S] units before anything came back, by wave
    stay: Tensor  # [W, N, 1, 1] or [N, B, S], share of them that stays with customers
    back: Tensor  # [N, B, S] units, with those exchanged
    restocked: Tensor  # [N, B, S] units, of these
    scrapped: Tensor  # [N, B, S] units, of these


def come_back(
    parameters: TwinParameters, state: State, day: Day, exchanged: Exchanged | None, *, whole_units: bool
) -> Returned:
    """Return and inspect what comes back of what was sold before today.

    Args:
        parameters: of the network.
        state: at the start of the day.
        day: of the scenario.
        exchanged: comes back besides; None where nobody exchanges anything.
        whole_units: whether to keep whole units.
    """
    with_customers = state.with_customers.transpose(1, 2)
    quick, slow = with_customers.unbind()
    (quick_hazard, slow_hazard), restock_share = parameters.returns.by_wave, parameters.node.restock_share
    back = torch.addcmul(quick * quick_hazard, slow, slow_hazard)
    if not whole_units:
        back = _with_exchanged(parameters, back, exchanged)
        restocked = back * restock_share
        return Returned(with_customers, parameters.returns.stays, back, restocked, back - restocked)
    pool = quick + slow
    back = torch.minimum(back.add_(day.rounding), pool).floor_()
    # What was rounded off or on comes out of the waves in proportion to what they hold.
    stay = 1 - back / pool.clamp(min=1e-9)
    back = _with_exchanged(parameters, back, exchanged)
    # A second number of each SKU's own, so that what passes inspection doesn't hang on how many came back.
    restocked = torch.minimum((back * restock_share).add_(day.second_rounding).floor_(), back)
    return Returned(with_customers, stay, back, restocked, back - restocked)


def _with_exchanged(parameters: TwinParameters, back: Tensor, exchanged: Exchanged | None) -> Tensor:
    if exchanged is None:
        return back
    return back + (parameters.market.direct_share @ exchanged.units.flatten(1)).view_as(back)


def with_customers(parameters: TwinParameters, returned: Returned, sold: Tensor) -> Tensor:
    """[W, N, B, S] units that will come back for good, at the end of the day, with those of today's sales [M, B, S]."""
    # One product for every wave: what is sold today will come back in equal parts.
    returning = (parameters.market.returning_share @ sold.flatten(1)).view_as(returned.back)
    return torch.addcmul(returning, returned.with_customers, returned.stay)
