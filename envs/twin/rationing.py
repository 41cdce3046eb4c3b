"""Sharing what is scarce: in proportion to what was asked, in whole units where they are kept.

Tensors here have the entity first, [G, B, S], so that a group's sums are one matrix product over B·S columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from entrepot.envs.network.description import UNLIMITED

SMALLEST = 1e-9
ROUNDING = 2.0**-22
"""Relative, before rounding down, so that 2.9999997 units are 3; keeps units exact up to 2 million in a place."""


@dataclass(frozen=True)
class Queues:
    """Who asks at which place, and in what order. N places, G askers, each at one place at most."""

    group: Tensor  # [N, G] 1 where the column asks at the row's place
    total_and_running: Tensor  # [N + G, G] sums a place's askers; then those ahead of an asker and itself
    ahead: Tensor  # [G] integers, the asker just ahead at the same place; where there is none, any
    follows: Tensor  # [G, 1, 1] 1 where there is one
    elsewhere: Tensor  # [G, 1] 1 where the asker's goods don't come from any of the places and are not scarce
    plenty: Tensor  # [G, 1] units that there are of such goods
    alone: bool  # no two ask at the same place

    @classmethod
    def of(cls, group: Tensor, *, elsewhere: Tensor | None = None) -> Self:
        """Queues in the order of the columns of `group` [N, G]."""
        same = (group.mT @ group).tril().fill_diagonal_(1.0)
        positions = torch.arange(group.shape[1], device=group.device)
        before = torch.where(same.tril(-1) > 0, positions, -1).amax(dim=1)
        elsewhere = (torch.zeros_like(group[0]) if elsewhere is None else elsewhere)[:, None]
        return cls(
            group=group,
            total_and_running=torch.cat([group, same]),
            ahead=before.clamp(min=0),
            follows=(before >= 0).to(group)[:, None, None],
            elsewhere=elsewhere,
            plenty=UNLIMITED * elsewhere,
            alone=bool((before < 0).all()) if group.device.type != "meta" else False,
        )

    def sum(self, units: Tensor) -> Tensor:
        """[N, B, S] of [G, B, S]."""
        return torch.mm(self.group, units.flatten(1)).view(-1, *units.shape[1:])


def split(asked: Tensor, available: Tensor, queues: Queues, *, whole_units: bool) -> Tensor:
    """Share what each place has among those who ask it, in proportion.

    Args:
        asked: [G, B, S] units asked by each of G.
        available: [N, B, S] units that each place can give.
        queues: who asks where.
        whole_units: whether to keep whole units; then both are whole.

    Returns:
        [G, B, S], nowhere above `asked`; their sum at a place is at most what it has.
    """
    columns, stock = asked.flatten(1), available.flatten(1)
    if whole_units and queues.alone:
        return torch.minimum(asked, torch.addmm(queues.plenty, queues.group.mT, stock).view_as(asked))
    if not whole_units:
        share = (stock / (queues.group @ columns).clamp(min=SMALLEST)).clamp(max=1.0)
        return asked * torch.addmm(queues.elsewhere, queues.group.mT, share).view_as(asked)
    sums = queues.total_and_running @ columns
    total, running = sums[: len(stock)], sums[len(stock) :]
    share = (stock / total.clamp(min=SMALLEST)).clamp(max=1.0) * (1.0 + ROUNDING)
    # Rounding the running sum keeps each place's total: what one asker loses to rounding the next one gains.
    running = running.mul_(torch.addmm(queues.elsewhere, queues.group.mT, share)).floor_().view_as(asked)
    return running.addcmul_(running.index_select(0, queues.ahead), queues.follows, value=-1).clamp_(max=asked)


def binds(load: Tensor, limit: Tensor | float) -> bool:
    """Whether any limit is exceeded. On an accelerator, where to look means to wait for the device, always true."""
    return load.device.type != "cpu" or bool((load > limit).any())


def within_capacity(units: Tensor, weight: Tensor | float, limit: Tensor, *, whole_units: bool) -> Tensor:
    """Scale all SKUs alike so that their load fits a limit.

    In whole units, what rounding down leaves free is given out in the order of the SKUs, so that no SKU
    waits for ever behind others.

    Args:
        units: [..., S] units asked.
        weight: [S] load of a unit (m³, or 1 where units are counted).
        limit: [...] the most load.
        whole_units: whether to keep whole units.

    Returns:
        [..., S], nowhere above `units`.
    """
    load = units.sum(dim=-1) if isinstance(weight, float) else units @ weight
    if not binds(load, limit):
        return units
    share = (limit / load.clamp(min=SMALLEST)).clamp(max=1.0)
    scaled = units * share.unsqueeze(-1)
    if not whole_units:
        return scaled
    whole = torch.floor(scaled)
    left = (limit - (whole * weight).sum(dim=-1)).unsqueeze(-1)
    waiting = units - whole
    ahead = (waiting * weight).cumsum(dim=-1) - waiting * weight
    extra = torch.floor(((left - ahead) / weight).clamp(min=0.0))
    return whole + torch.minimum(extra, waiting)
