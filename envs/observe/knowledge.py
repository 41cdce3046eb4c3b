"""What has been learnt of demand so far, which no state of the world shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.snapshot.statistics import FAST_DAYS, QUARTER_DAYS, SLOW_DAYS, SQUARE_DAYS, opening_square


@dataclass(frozen=True)
class Knowledge(Record):
    """Statistics of demand at the start of a day, as `entrepot.envs.snapshot.statistics` defines them."""

    demand_fast: Annotated[Tensor, Axes("BMS")]  # units a day, exponentially weighted over 7 days
    demand_slow: Annotated[Tensor, Axes("BMS")]  # units a day, exponentially weighted over 28 days
    demand_quarter: Annotated[Tensor, Axes("BMS")]  # units a day, exponentially weighted over 91 days
    demand_square: Annotated[Tensor, Axes("BMS")]  # units² a day, exponentially weighted over 28 days

    @classmethod
    def opening(cls, rate: Tensor, *, episodes: int) -> Self:
        """Before anything was seen.

        Args:
            rate: [M, S] units a day in the long run.
            episodes: B.
        """
        each = rate.unsqueeze(1).repeat(1, episodes, 1).transpose(0, 1)  # markets first in memory, as in the twin
        return cls(each, each, each, opening_square(each))

    def after(self, demand: Tensor, square: Tensor | None = None) -> Self:
        """One day later.

        Args:
            demand: [B, M, S] units asked for on the day.
            square: [B, M, S] mean of its square, where the day's demand is an estimate; its square if None.
        """
        return type(self)(
            demand_fast=torch.lerp(self.demand_fast, demand, 1 / FAST_DAYS),
            demand_slow=torch.lerp(self.demand_slow, demand, 1 / SLOW_DAYS),
            demand_quarter=torch.lerp(self.demand_quarter, demand, 1 / QUARTER_DAYS),
            demand_square=torch.lerp(
                self.demand_square, demand.square() if square is None else square, 1 / SQUARE_DAYS
            ),
        )
