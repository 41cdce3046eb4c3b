"""What has been learnt of demand so far, which no state of the world shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Self

import torch
from torch import Tensor

from entrepot.envs.axes import Axes, Record
from entrepot.envs.observe.reading import Costly
from entrepot.envs.snapshot.statistics import FAST_DAYS, QUARTER_DAYS, SLOW_DAYS, SQUARE_DAYS, opening_square

WEEK_DAYS = 7
WEEKS = QUARTER_DAYS // WEEK_DAYS
"""That are remembered one by one by those who read them."""


@dataclass(frozen=True)
class Knowledge(Record):
    """Statistics of demand at the start of a day, as `entrepot.envs.snapshot.statistics` defines them."""

    demand_fast: Annotated[Tensor, Axes("BMS")]  # units a day, exponentially weighted over 7 days
    demand_slow: Annotated[Tensor, Axes("BMS")]  # units a day, exponentially weighted over 28 days
    demand_quarter: Annotated[Tensor, Axes("BMS")]  # units a day, exponentially weighted over 91 days
    demand_square: Annotated[Tensor, Axes("BMS")]  # units² a day, exponentially weighted over 28 days
    days: Annotated[Tensor | None, Axes("dBMS")] = None  # units of each of the last 91, the latest last; None: unread

    @classmethod
    def opening(cls, rate: Tensor, *, episodes: int) -> Self:
        """Before anything was seen.

        Args:
            rate: [M, S] units a day in the long run.
            episodes: B.
        """
        each = rate.unsqueeze(1).repeat(1, episodes, 1).transpose(0, 1)  # markets first in memory, as in the twin
        return cls(each, each, each, opening_square(each))

    def for_reader(self, reads: frozenset[Costly]) -> Self:
        """With what a reader needs remembered from now on; of days before now the quarter's average stands for each.

        Args:
            reads: the costly parts of a snapshot that it reads.
        """
        if Costly.WEEKS not in reads or self.days is not None:
            return self
        return replace(self, days=self.demand_quarter.expand(QUARTER_DAYS, -1, -1, -1))

    def weeks(self) -> Tensor | None:
        """[w, B, M, S] units a day in each of the last 13 times 7 days, the latest last; None where none is kept."""
        return None if self.days is None else torch.unflatten(self.days, 0, (WEEKS, WEEK_DAYS)).mean(dim=1)

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
            days=None if self.days is None else torch.cat([self.days[1:], demand.unsqueeze(0)]),
        )
