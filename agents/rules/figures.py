"""What is tuned of a rule: figures by name, each with its axes and bounds, and how a gradient moves it within them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

Figures = Mapping[str, Tensor]
"""Of one rule, by name."""

STATISTICS = ("last_7_days", "last_28_days", "last_91_days", "long_run")
"""What a snapshot and a network tell of demand: the axis `T`."""
LEAST = 1e-4
"""Of what is positive or a share, so that its logarithm is a number."""


@dataclass(frozen=True)
class Figure:
    """One of the figures."""

    key: str  # in a file, with its unit
    axes: Literal["LS", "L", "T", ""]  # one a lane and SKU, one a lane, one a statistic of demand, one in all
    bounds: Literal["any", "positive", "share", "shares"] = "any"  # shares: they sum to 1

    def free(self, value: Tensor) -> Tensor:
        """The figure on a scale without bounds, on which it is tuned."""
        if self.bounds == "any":
            return value
        if self.bounds == "share":
            return torch.logit(value.clamp(LEAST, 1 - LEAST))
        return torch.log(value.clamp(min=LEAST))

    def bounded(self, free: Tensor) -> Tensor:
        """What `free` was made of."""
        if self.bounds == "positive":
            return torch.exp(free)
        if self.bounds == "share":
            return torch.sigmoid(free)
        return torch.softmax(free, dim=-1) if self.bounds == "shares" else free


def for_skus(tuned: Mapping[str, Figure], figures: Figures, chosen: Tensor) -> dict[str, Tensor]:
    """The figures of some of the SKUs.

    Args:
        tuned: what each of the figures is.
        figures: all of them.
        chosen: [S'] indices.
    """
    return {name: value[:, chosen] if tuned[name].axes == "LS" else value for name, value in figures.items()}
