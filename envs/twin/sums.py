"""Sums over chosen rows: the product with a matrix of zeros and ones, of which only the ones are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record


@dataclass(frozen=True)
class Sums(Record):
    """Which of G rows add up to each of N sums. Rows are added in their order, whatever else is in the batch."""

    rows: Annotated[Tensor, Axes("p")]  # integers, sum after sum
    starts: Annotated[Tensor, Axes("n")]  # integers, where each sum's rows begin
    sum_of_row: Annotated[Tensor, Axes("g")]  # integers, the sum that the row is part of, N where it is part of none
    once: bool  # no row is part of several sums

    @classmethod
    def of(cls, matrix: Tensor, *, once: bool) -> Self:
        """Of [N, G], not 0 where the column's row is part of the sum; and whether no row is part of several sums."""
        part = matrix != 0
        counts = part.sum(dim=1)
        return cls(
            rows=part.nonzero()[:, 1].contiguous(),
            starts=counts.cumsum(0) - counts,
            sum_of_row=torch.where(part.any(dim=0), part.to(torch.int8).argmax(dim=0), len(part)),
            once=once,
        )

    def __call__(self, units: Tensor) -> Tensor:
        """[N, ...] of [G, ...]."""
        columns = units.flatten(1)
        if self.once and units.requires_grad and torch.is_grad_enabled():
            # Adds in the same order, and is twice as fast with the gradient's way back.
            sums = columns.new_zeros(len(self.starts) + 1, columns.shape[1]).index_add_(0, self.sum_of_row, columns)
            return sums[:-1].view(-1, *units.shape[1:])
        return torch.embedding_bag(columns, self.rows, self.starts)[0].view(-1, *units.shape[1:])
