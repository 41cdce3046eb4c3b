"""KPIs of what is inside warehouses: hours of picking, equipment, space; added up day by day with the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from entrepot.envs.network.description import UNLIMITED
from entrepot.envs.twin.flows import Flows
from entrepot.envs.twin.parameters import TwinParameters
from entrepot.envs.twin.state import State

DAYS_PER_MONTH = 365.0 / 12
OF_EQUIPMENT = (
    "worked_hours", "standstill_hours", "failures", "maintenances", "shift_hours", "stored_m3", "room_m3",
    "maintenance_usd", "pick_equipment_hours",
)  # fmt: skip
"""Counted where equipment wears."""


@dataclass(frozen=True)
class InsideTotals:
    """Sums over the days seen so far; None where there is nothing to count."""

    equipment: Tensor | None  # [Q, B, N] of `OF_EQUIPMENT`, where equipment wears
    by_class: Tensor | None  # [2, B, k] hours that classes of a name stood still, and of their shifts
    pick_hours: Tensor | None  # [B, N] of people, where layouts give the rates
    classes: tuple[str, ...] = ()

    @classmethod
    def start(cls, parameters: TwinParameters, episodes: int) -> Self:
        """Nothing seen yet, in B episodes."""

        def none(*shape: int) -> Tensor:
            return torch.zeros(shape, dtype=torch.float64, device=parameters.device)

        pick_hours = none(episodes, parameters.nodes) if parameters.node.tells_pick_hours else None
        worn = parameters.equipment
        if worn is None:
            return cls(None, None, pick_hours)
        equipment = none(len(OF_EQUIPMENT), episodes, parameters.nodes)
        return cls(equipment, none(2, episodes, len(worn.names)), pick_hours, worn.names)

    def add(self, parameters: TwinParameters, state: State, flows: Flows) -> Self:
        """Count one more day; arguments as in `KpiTotals.add`."""
        pick_hours = self.pick_hours
        if pick_hours is not None:
            by_option = flows.served.sum(dim=-1)  # [R, B, M]
            picked = (parameters.option.at_node @ by_option.mT).sum(dim=0).T  # [B, N]
            pick_hours = pick_hours + picked * parameters.node.pick_hours_per_unit.T
        if self.equipment is None or self.by_class is None:
            return replace(self, pick_hours=pick_hours)
        return replace(
            self,
            pick_hours=pick_hours,
            equipment=self.equipment + _of_equipment(parameters, state, flows),
            by_class=self.by_class + _by_class(parameters, flows),
        )

    def by_episode(self, days: int) -> dict[str, Tensor]:
        """KPIs of the whole network, each [B], as `KpiTotals.by_episode` tells of them."""
        found = self._shared(
            days,
            None if self.equipment is None else self.equipment.sum(dim=-1),
            None if self.pick_hours is None else self.pick_hours.sum(dim=-1),
        )
        if self.by_class is not None:
            still, shift = self.by_class
            found |= {
                f"standstill_share_{name}": value
                for name, value in zip(self.classes, (still / shift).unbind(dim=-1), strict=True)
            }
        return found

    def by_node(self, days: int) -> dict[str, Tensor]:
        """The same of each node, each [B, N]; but for those by class."""
        return self._shared(days, self.equipment, self.pick_hours)

    def _shared(self, days: int, equipment: Tensor | None, pick_hours: Tensor | None) -> dict[str, Tensor]:
        found = {} if pick_hours is None else {"pick_hours_per_day": pick_hours / days}
        if equipment is None:
            return found
        total = dict(zip(OF_EQUIPMENT, equipment, strict=True))
        return {
            **found,
            "pick_equipment_hours_per_day": total["pick_equipment_hours"] / days,
            "equipment_standstill_share": total["standstill_hours"] / total["shift_hours"],
            "equipment_worked_hours_per_day": total["worked_hours"] / days,
            "equipment_failures_per_month": DAYS_PER_MONTH * total["failures"] / days,
            "equipment_maintenances_per_month": DAYS_PER_MONTH * total["maintenances"] / days,
            "equipment_mtbf_hours": total["worked_hours"] / total["failures"],
            "equipment_maintenance_usd_per_day": total["maintenance_usd"] / days,
            "space_used_share": total["stored_m3"] / total["room_m3"],
        }


def _of_equipment(parameters: TwinParameters, state: State, flows: Flows) -> Tensor:
    """[Q, B, N], in the order of `OF_EQUIPMENT`."""
    equipment, ran = parameters.equipment, flows.equipment
    assert equipment is not None
    assert ran is not None
    picks = ran.worked_hours * (equipment.station >= parameters.nodes)
    usd = ran.maintenances * equipment.maintenance_usd
    each = torch.stack([ran.worked_hours, ran.standstill_hours, ran.failures, ran.maintenances, usd, picks])
    by_node = each @ equipment.of_node.T
    shift = (equipment.of_node @ equipment.hours_per_day).T.expand_as(by_node[0])
    limited = (parameters.node.capacity_m3 < UNLIMITED).T
    stored = ((state.on_hand + state.dock) @ parameters.sku.volume_m3) * limited
    room = (parameters.node.capacity_m3.T * limited).expand_as(stored)
    return torch.cat([by_node[:4], torch.stack([shift, stored, room]), by_node[4:]])


def _by_class(parameters: TwinParameters, flows: Flows) -> Tensor:
    """[2, B, k] hours of standstill, and of shifts."""
    equipment, ran = parameters.equipment, flows.equipment
    assert equipment is not None
    assert ran is not None
    still = ran.standstill_hours @ equipment.of_name.T
    return torch.stack([still, (equipment.of_name @ equipment.hours_per_day).T.expand_as(still)])
