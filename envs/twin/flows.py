"""What happened on one day, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor


@dataclass(frozen=True)
class Flows:
    """Units moved on one day."""

    arrived: Tensor  # [B, N, S] joined the dock queue from lanes
    unloaded: Tensor  # [B, N, S] left the dock queue for the shelves
    restocked: Tensor  # [B, N, S] returned, passed inspection, joined the dock queue
    scrapped: Tensor  # [B, N, S] returned, failed inspection
    demand: Tensor  # [B, M, S] asked for today
    served: Tensor  # [R, B, M, S] by rank of the fulfilment option, of today's demand and of backlog
    served_backlog: Tensor  # [B, M, S] of what was served, units that had waited
    lost: Tensor  # [B, M, S]
    ordered: Tensor  # [B, L, S] as asked, rounded to whole units where whole units are kept
    shipped: Tensor  # [B, L, S] after rationing
    transit_days: Tensor  # [B, L] from today to arrival, of what was shipped today


@dataclass(frozen=True)
class Costs:
    """USD of one day by node; a market's costs fall on its first fulfilment option, a lane's on its destination."""

    capital: Tensor  # [B, N] of stock on hand, on the dock and in transit to the node
    storage: Tensor  # [B, N]
    freight: Tensor  # [B, N]
    duty: Tensor  # [B, N]
    handling: Tensor  # [B, N] inbound, outbound, and delivery from a dearer option
    lost_margin: Tensor  # [B, N]
    backlog: Tensor  # [B, N]
    returns: Tensor  # [B, N]
    scrap: Tensor  # [B, N]

    @classmethod
    def parts(cls) -> tuple[str, ...]:
        """Names of the parts, in order."""
        return tuple(field.name for field in fields(cls))

    @property
    def total(self) -> Tensor:
        """[B, N] the sum of all parts."""
        return torch.stack([getattr(self, name) for name in self.parts()]).sum(dim=0)
