"""The few cells in which something happens, of tensors whose others stay as they are.

A mask over all cells costs several times a sum over them: on a processor torch compares, chooses and casts booleans
without vector instructions. So cells are found by NumPy's comparisons, and only their values are worked out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor


class Few(NamedTuple):
    """Units of k cells; each cell stands there once."""

    cells: Tensor  # [k] integers, places in the flattened tensor
    units: Tensor  # [k]

    @classmethod
    def of(cls, cells: Tensor, units: Tensor) -> Few:
        """What a tensor of all cells holds in these."""
        return cls(cells, units.view(-1).index_select(0, cells))

    def at_most(self, limit: Tensor) -> Few:
        """The same units, nowhere more than a tensor of all cells allows."""
        return Few(self.cells, torch.minimum(self.units, limit.view(-1).index_select(0, self.cells)))

    def alone(self, like: Tensor) -> Tensor:
        """These units, and nothing elsewhere, in the shape of `like`."""
        return self.put_into(torch.zeros_like(like))

    # What follows changes a contiguous tensor of all cells, and returns it.

    def add_to(self, units: Tensor) -> Tensor:
        """Other units with these."""
        units.view(-1).index_add_(0, self.cells, self.units)
        return units

    def take_from(self, units: Tensor) -> Tensor:
        """Other units without these."""
        units.view(-1).index_add_(0, self.cells, self.units, alpha=-1)
        return units

    def put_into(self, units: Tensor) -> Tensor:
        """Other units with these in their place."""
        units.view(-1).index_copy_(0, self.cells, self.units)
        return units


def compared(values: Tensor) -> Any:
    """The same numbers, to compare them: NumPy's where that is quicker, otherwise the tensor."""
    values = values.detach()
    return values.numpy() if values.device.type == "cpu" else values


def places(condition: Any) -> Tensor:
    """[k] integers, where a condition on `compared` tensors holds, flattened. An accelerator is waited for."""
    if isinstance(condition, np.ndarray):
        return torch.from_numpy(np.flatnonzero(condition))
    found: Tensor = condition.reshape(-1).nonzero()[:, 0]
    return found
