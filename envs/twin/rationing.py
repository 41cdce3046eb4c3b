"""Sharing what is scarce: in proportion to what was asked, in whole units where they are kept.

Tensors here have the entity first, [G, B, S], so that a group's sums are one matrix product over B·S columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.twin.sums import Sums

SMALLEST = 1e-9
ROUNDING = 2.0**-22
"""Relative, before rounding down, so that 2.9999997 units are 3; keeps units exact up to 2 million in a place."""


@dataclass(frozen=True)
class Queues(Record):
    """Who asks at which place, and in what order. N places, G askers, each at one place at most."""

    group: Annotated[Tensor, Axes("ng")]  # 1 where the column asks at the row's place
    by_place: Sums  # N of G: those who ask at each place
    running: Sums  # G of G: those ahead of an asker at its place, and itself
    last: Annotated[Tensor, Axes("n")]  # integers, the last asker at each place; where there is none, any
    place: Annotated[Tensor, Axes("g")]  # integers, where the asker asks; any where it asks at none of the places
    ahead: Annotated[Tensor, Axes("g")]  # integers, the asker just ahead at the same place; where there is none, any
    follows: Annotated[Tensor, Axes("g11")]  # 1 where there is one
    placeless: Annotated[Tensor, Axes("h")]  # integers, the askers that ask at none of the places
    placeless_share: Annotated[Tensor, Axes("h11")]  # of what these ask, the share that they get: 1 or nothing
    alone: bool  # no two ask at the same place, and all at one

    @classmethod
    def of(cls, group: Tensor, *, elsewhere: Tensor | None = None) -> Self:
        """Queues in the order of the columns of `group` [N, G].

        Args:
            group: 1 where the column asks at the row's place.
            elsewhere: [G] 1 where the asker's goods don't come from any of the places and are not scarce.
        """
        same = (group.mT @ group).tril().fill_diagonal_(1.0)
        positions = torch.arange(group.shape[1], device=group.device)
        before = torch.where(same.tril(-1) > 0, positions, -1).amax(dim=1)
        placeless = (group.sum(dim=0) == 0).nonzero().flatten()
        share = torch.zeros_like(group[0]) if elsewhere is None else elsewhere
        return cls(
            group=group,
            by_place=Sums.of(group, once=True),
            running=Sums.of(same, once=False),
            last=(group * (positions + 1)).argmax(dim=1),
            place=group.argmax(dim=0),
            ahead=before.clamp(min=0),
            follows=(before >= 0).to(group)[:, None, None],
            placeless=placeless,
            placeless_share=share[placeless, None, None],
            alone=bool((before < 0).all()) and len(placeless) == 0,
        )

    def at_places(self, units: Tensor) -> Tensor:
        """[G, B, S] for each asker what stands at its place, of [N, B, S]."""
        return units.index_select(0, self.place)

    def sum(self, units: Tensor) -> Tensor:
        """[N, B, S] of [G, B, S]."""
        return self.by_place(units)

    def take(self, units: Tensor, taken: Tensor, *, whole_units: bool, overwrite: bool = False) -> Tensor:
        """[N, B, S] less the [G, B, S] that the askers take, as `split` gave it to them; perhaps in the same memory."""
        if self.alone:
            left = (units if overwrite else units.clone()).index_add_(0, self.place, taken, alpha=-1)
        else:
            left = units - self.by_place(taken)
        # The last bit of a share could otherwise leave less than nothing.
        return left if self.alone and whole_units else left.clamp(min=0.0)


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
    if queues.alone:
        stock = queues.at_places(available)
        return torch.minimum(asked, stock) if whole_units else asked * _share(stock, asked)
    if not whole_units:
        return asked * _by_asker(_share(available, queues.by_place(asked)), queues)
    running = queues.running(asked)
    share = _share(available, running.index_select(0, queues.last)).mul_(1.0 + ROUNDING)
    # Rounding the running sum keeps each place's total: what one asker loses to rounding the next one gains.
    running = running.mul_(_by_asker(share, queues)).floor_()
    return running.addcmul_(running.index_select(0, queues.ahead), queues.follows, value=-1).clamp_(max=asked)


def _share(available: Tensor, asked: Tensor) -> Tensor:
    """Of what is asked, the share that can be had."""
    return (available / asked.clamp(min=SMALLEST)).clamp(max=1.0)


def _by_asker(share: Tensor, queues: Queues) -> Tensor:
    """[G, B, S] of each asker's place, of [N, B, S]."""
    by_asker = queues.at_places(share)
    if queues.placeless.shape[0] == 0:
        return by_asker
    return by_asker.index_copy_(0, queues.placeless, queues.placeless_share.expand(-1, *share.shape[1:]))


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
        [..., S], nowhere above `units`; `units` itself if no limit binds.
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
