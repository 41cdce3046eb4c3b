"""Whole units that gradients pass through as if nothing had been rounded.

Backwards, each rounded value counts as the fraction that it came from (straight-through: Bengio, Léonard and Courville
2013, 'Estimating or propagating gradients through stochastic neurons for conditional computation'). So training may
live through the very days that evaluation does.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


class _InPlaceOf(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, smooth: Tensor, exact: Tensor) -> Tensor:
        return exact.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0], None


def has_gradient(value: Tensor) -> bool:
    """Whether a gradient may be asked for."""
    return torch.is_grad_enabled() and value.requires_grad


def in_place_of(smooth: Tensor, exact: Tensor) -> Tensor:
    """`exact`, with the gradient of `smooth`; both of one shape."""
    if not has_gradient(smooth):
        return exact
    result: Tensor = _InPlaceOf.apply(smooth, exact.detach())  # type: ignore[no-untyped-call]
    return result


def floor(value: Tensor) -> Tensor:
    """Rounded down, in the memory of `value` where no gradient is asked for."""
    return in_place_of(value, value.detach().floor()) if has_gradient(value) else value.floor_()


def nearest(value: Tensor) -> Tensor:
    """Rounded to the nearest, in the memory of `value` where no gradient is asked for."""
    return in_place_of(value, value.detach().round()) if has_gradient(value) else value.round_()


def by_chance(units: Tensor, generator: torch.Generator) -> Tensor:
    """Whole units whose mean is `units`: a fraction is rounded up as often as it is large. Drawn on the CPU."""
    rounding = torch.rand(units.shape, generator=generator).to(units)
    return torch.floor(units + rounding * (units % 1 > 0))
