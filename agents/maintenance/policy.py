"""Any policy that orders, with a head beside it that decides maintenance."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from entrepot.agents.maintenance.head import MaintenanceHead, unit_features
from entrepot.envs.decisions import Decisions
from entrepot.envs.observe.reading import NOTHING_COSTLY, Costly
from entrepot.envs.observe.snapshot import NetworkAttributes, Snapshot


class MaintainingPolicy(nn.Module):
    """Orders of one module, maintenance of another.

    On a network whose equipment doesn't wear there is nothing to maintain, and it only orders.
    """

    decides_maintenance = True
    """So that an exported module's inputs and outputs hold units of equipment."""

    def __init__(self, orders: nn.Module, head: MaintenanceHead) -> None:
        """Args: from a snapshot and attributes to orders; from units' features to what is maintained."""
        super().__init__()
        self.orders, self.head = orders, head
        self.reads: frozenset[Costly] = getattr(orders, "reads", NOTHING_COSTLY)
        self.explains: bool = getattr(orders, "explains", False)
        for name in ("fixed_sizes", "lane_names", "sku_names"):  # of one that is bound to a network
            if hasattr(orders, name):
                setattr(self, name, getattr(orders, name))

    def forward(self, snapshot: Snapshot, attributes: NetworkAttributes) -> Decisions:
        """Orders, not rounded, and maintenance [B, U] from 0 to 1, from 0.5 up: maintain."""
        decisions: Decisions = self.orders(snapshot, attributes)
        return decisions if attributes.units is None else replace(decisions, maintenance=self.due(snapshot, attributes))

    def explained(self, snapshot: Snapshot, attributes: NetworkAttributes) -> dict[str, Tensor]:
        """As the ordering policy explains itself, and maintenance beside it."""
        told: dict[str, Tensor] = self.orders.explained(snapshot, attributes)  # type: ignore[operator]
        return {**told, "maintenance": self.due(snapshot, attributes)}

    def due(self, snapshot: Snapshot, attributes: NetworkAttributes) -> Tensor:
        """[B, U] from 0 to 1, from 0.5 up: maintain."""
        return torch.sigmoid(self.head(unit_features(snapshot, attributes)))
