"""KPIs of records: how many are right, by how much others are off, and what counts cost; added up day by day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from entrepot.envs.twin.flows import Flows
from entrepot.envs.twin.state import State

RIGHT_UNITS = 1e-3
"""A record that is off by less is right."""
OF_RECORDS = ("cells", "right", "units_off", "units", "shrunk", "counts", "counting_usd")


@dataclass(frozen=True)
class RecordTotals:
    """Sums over the days seen so far."""

    sums: Tensor | None = None  # [Q, B, N] of `OF_RECORDS`; None where records are always right

    def add(self, state: State, flows: Flows) -> Self:
        """Count one more day; arguments as in `KpiTotals.add`."""
        if state.records is None or flows.records is None:
            return self
        off = (state.records.recorded - state.findable).abs()
        cells = torch.full_like(off[..., 0], off.shape[-1])
        today = torch.stack(
            [
                cells,
                (off < RIGHT_UNITS).to(off).sum(dim=-1),
                off.sum(dim=-1),
                state.on_hand.sum(dim=-1),
                flows.records.shrunk.sum(dim=-1),
                flows.records.counted.sum(dim=-1),
                flows.records.counting_usd,
            ]
        ).double()
        return type(self)(today if self.sums is None else self.sums + today)

    def by_episode(self, days: int) -> dict[str, Tensor]:
        """KPIs of the whole network, each [B], as `KpiTotals.by_episode` tells of them."""
        return {} if self.sums is None else _ratios(self.sums.sum(dim=-1), days)

    def by_node(self, days: int) -> dict[str, Tensor]:
        """The same of each node, each [B, N]."""
        return {} if self.sums is None else _ratios(self.sums, days)


def _ratios(sums: Tensor, days: int) -> dict[str, Tensor]:
    total = dict(zip(OF_RECORDS, sums, strict=True))
    return {
        "record_accuracy": total["right"] / total["cells"],
        "record_units_off_share": total["units_off"] / total["units"],
        "shrunk_units_per_day": total["shrunk"] / days,
        "counts_per_day": total["counts"] / days,
        "counting_usd_per_day": total["counting_usd"] / days,
    }
