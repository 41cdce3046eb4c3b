"""The ring of goods in transit, [N, H, B, S] by day of arrival, and its two moves: take out today's, put in shipments.

Both are linear, and a gradient through them needs none of the ring's values. Written out by hand, a day's gradient
passes over the ring in place, where the general rules would allocate and add a whole ring for each move.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def take_out(ring: Tensor, place: int, *, overwrite: bool) -> tuple[Tensor, Tensor]:
    """The ring without what stands at a place, and what stood there [N, B, S].

    Args:
        ring: [N, H, B, S] units.
        place: along H.
        overwrite: whether the result may take over the ring's memory.
    """
    if not (ring.requires_grad and torch.is_grad_enabled()):
        return _take_out(ring, place, overwrite)
    taken: tuple[Tensor, Tensor] = _TakeOut.apply(ring, place, overwrite)  # type: ignore[no-untyped-call]
    return taken


def put_in(ring: Tensor, goods: Tensor, rows: Tensor) -> Tensor:
    """Add goods to the ring, in its own memory.

    Args:
        ring: [N, H, B, S] units.
        goods: [L, B, S] units.
        rows: [L·B] integers, where each lane's goods go in the ring seen as [N·H·B, S].
    """
    if not ((ring.requires_grad or goods.requires_grad) and torch.is_grad_enabled()):
        return _put_in(ring, goods, rows)
    filled: Tensor = _PutIn.apply(ring, goods, rows)  # type: ignore[no-untyped-call]
    return filled


def _take_out(ring: Tensor, place: int, overwrite: bool) -> tuple[Tensor, Tensor]:
    if not overwrite:
        ring = ring.clone()
    today = ring.select(1, place)
    arrived = today.clone()
    today.zero_()
    return ring, arrived


def _put_in(ring: Tensor, goods: Tensor, rows: Tensor) -> Tensor:
    skus = ring.shape[-1]
    ring.view(-1, skus).index_add_(0, rows, goods.reshape(-1, skus))
    return ring


class _TakeOut(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, ring: Tensor, place: int, overwrite: bool) -> tuple[Tensor, Tensor]:
        ctx.place = place
        if overwrite:
            ctx.mark_dirty(ring)
        return _take_out(ring, place, overwrite)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_ring: Tensor, of_arrived: Tensor) -> tuple[Tensor, None, None]:
        of_ring = of_ring.clone()
        of_ring[:, ctx.place] = of_arrived
        return of_ring, None, None


class _PutIn(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, ring: Tensor, goods: Tensor, rows: Tensor) -> Tensor:
        ctx.shape = goods.shape
        ctx.save_for_backward(rows)
        ctx.mark_dirty(ring)
        return _put_in(ring, goods, rows)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, of_ring: Tensor) -> tuple[Tensor, Tensor, None]:
        (rows,) = ctx.saved_tensors
        of_goods = of_ring.reshape(-1, of_ring.shape[-1]).index_select(0, rows)
        return of_ring, of_goods.view(ctx.shape), None
