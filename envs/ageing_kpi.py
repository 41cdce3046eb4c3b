"""KPIs of stock that grows old, and of Amazon's limits; added up day by day with the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from entrepot.envs.twin.flows import Flows
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.state import State

AT_CENTRES = ("cut_units", "removed_units", "aged_m3", "stored_m3")


@dataclass(frozen=True)
class AgeingTotals:
    """Sums over the days seen so far; None where there is nothing to count."""

    centres: Tensor | None  # [Q, B, N] of `AT_CENTRES`, where a node is Amazon's
    expired: Tensor | None  # [B, N] units, where any perish

    @classmethod
    def start(cls, parameters: TwinParameters, episodes: int) -> Self:
        """Nothing seen yet, in B episodes."""

        def none(*shape: int) -> Tensor:
            return torch.zeros((*shape, episodes, parameters.nodes), dtype=torch.float64, device=parameters.device)

        centres = None if parameters.inbound is None else none(len(AT_CENTRES))
        return cls(centres, None if parameters.shelf_life is None else none())

    def add(self, parameters: TwinParameters, state: State, flows: Flows) -> Self:
        """Count one more day; arguments as in `KpiTotals.add`."""
        centres, expired = self.centres, self.expired
        if centres is not None:
            centres = centres + _at_centres(parameters, state, flows)
        if expired is not None and flows.expired is not None:
            expired = expired + flows.expired.sum(dim=-1)
        return type(self)(centres, expired)

    def by_episode(self, days: int) -> dict[str, Tensor]:
        """KPIs of the whole network, each [B], as `KpiTotals.by_episode` tells of them."""
        found = {} if self.expired is None else {"expired_units_per_day": self.expired.sum(dim=-1) / days}
        return found | _shared(None if self.centres is None else self.centres.sum(dim=-1), days)

    def by_node(self, days: int) -> dict[str, Tensor]:
        """The same of each node, each [B, N]."""
        found = {} if self.expired is None else {"expired_units_per_day": self.expired / days}
        return found | _shared(self.centres, days)


def _shared(centres: Tensor | None, days: int) -> dict[str, Tensor]:
    if centres is None:
        return {}
    total = dict(zip(AT_CENTRES, centres, strict=True))
    return {
        "fba_cut_units_per_day": total["cut_units"] / days,
        "fba_removed_units_per_day": total["removed_units"] / days,
        "fba_aged_share": total["aged_m3"] / total["stored_m3"],
    }


def _at_centres(parameters: TwinParameters, state: State, flows: Flows) -> Tensor:
    """[Q, B, N], in the order of `AT_CENTRES`."""
    inbound, fba = parameters.inbound, state.fba
    assert inbound is not None
    assert fba is not None
    units = state.on_hand.transpose(0, 1).index_select(0, inbound.node)
    stored = (units @ parameters.sku.volume_m3).T  # [B, n]
    older = fba.ages.older(units)[:1].sum(dim=0)  # of the lowest threshold; nothing where there is none
    none = torch.zeros_like(state.on_hand[..., 0])
    cut = none if flows.cut is None else flows.cut.sum(dim=-1) @ parameters.lane.to_node.T
    removed = none if flows.removed is None else flows.removed.sum(dim=-1)
    aged = (older @ parameters.sku.volume_m3).T
    return torch.stack([cut, removed, aged @ inbound.at_node.T, stored @ inbound.at_node.T])
