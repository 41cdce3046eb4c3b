"""KPI of what customers exchange, added up day by day with the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from entrepot.envs.twin.flows import Flows
from entrepot.envs.twin.parameters import TwinParameters


@dataclass(frozen=True)
class ExchangeTotals:
    """Sums over the days seen so far."""

    exchanged: Tensor | None  # [B, N] units at the markets' first options; None where nobody exchanges anything

    @classmethod
    def start(cls, parameters: TwinParameters, episodes: int) -> Self:
        """Nothing seen yet, in B episodes."""
        if parameters.exchange is None:
            return cls(None)
        return cls(torch.zeros((episodes, parameters.nodes), dtype=torch.float64, device=parameters.device))

    def add(self, parameters: TwinParameters, flows: Flows) -> Self:
        """Count one more day; arguments as in `KpiTotals.add`."""
        if self.exchanged is None or flows.exchanged is None:
            return self
        return type(self)(self.exchanged + flows.exchanged.sum(dim=-1) @ parameters.market.direct_share.T)

    def by_episode(self, days: int) -> dict[str, Tensor]:
        """KPIs of the whole network, each [B], as `KpiTotals.by_episode` tells of them."""
        return {} if self.exchanged is None else {"exchanged_units_per_day": self.exchanged.sum(dim=-1) / days}

    def by_node(self, days: int) -> dict[str, Tensor]:
        """The same of each node, each [B, N]."""
        return {} if self.exchanged is None else {"exchanged_units_per_day": self.exchanged / days}
