"""Maintenance policies compared on the same dice: one class of units, by the twin's own step of equipment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from entrepot.envs.network.columns import Floats
from entrepot.envs.network.equipment.arrays import EquipmentArrays, limit_hours
from entrepot.envs.network.equipment.description import EquipmentClass, MaintenancePolicy
from entrepot.envs.twin.parameters.equipment import EquipmentParameters
from entrepot.envs.twin.parameters.tensors import Kind
from entrepot.envs.twin.scenario import Day
from entrepot.envs.twin.scenario.equipment import EQUIPMENT_SOURCES, Worn
from entrepot.envs.twin.wearing import EquipmentState, run

CHUNK_DAYS = 64
"""Drawn at a time."""


@dataclass(frozen=True)
class Upkeep:
    """Of E units, each in an episode of its own, after the days that count; [E] each."""

    worked_hours: Floats
    standstill_hours: Floats
    failures: Floats
    maintenances: Floats
    shift_hours: float  # of each

    @property
    def standstill_share(self) -> Floats:
        """[E] of the shifts."""
        return self.standstill_hours / self.shift_hours

    def cost_usd(self, fleet: EquipmentClass) -> Floats:
        """[E] of repairs, maintenance and standstill."""
        still = fleet.standstill_usd_per_hour * self.standstill_hours
        return fleet.repair_usd * self.failures + fleet.maintenance_usd * self.maintenances + still


def upkeep(
    fleet: EquipmentClass, *, units: int, days: int, warm_up_days: int = 0, use: float = 1.0, seed: int = 0
) -> Upkeep:
    """Let units work and be kept up by their class's policy.

    Args:
        fleet: the class; its number of units counts for nothing.
        units: E, each by itself.
        days: that count.
        warm_up_days: before them; units begin as new.
        use: of each hour of a shift, at work.
        seed: of the dice, which hang on no policy.
    """
    arrays = _alone(fleet)
    parameters = EquipmentParameters.of_arrays(arrays, 1, Kind(torch.float64))
    state = EquipmentState.new(parameters, episodes=units)
    stations = torch.full((2, units), use, dtype=torch.float64)
    streams = {name: np.random.default_rng([seed, number]) for number, name in enumerate(EQUIPMENT_SOURCES)}
    begin, nothing = state, torch.zeros(0)
    other = dict.fromkeys((name for name in Day.axes() if name not in EQUIPMENT_SOURCES), nothing)
    with torch.inference_mode():
        for day in range(warm_up_days + days):
            if day % CHUNK_DAYS == 0:
                dice = _drawn(arrays, units, streams)
            if day == warm_up_days:
                begin = state
            today = Day(**other, **{name: values[:, day % CHUNK_DAYS] for name, values in dice.items()})
            state = run(parameters, state, today, stations).state

    def since(name: str) -> Floats:
        found: Floats = (getattr(state, name) - getattr(begin, name))[:, 0].numpy()
        return found

    return Upkeep(
        worked_hours=since("worked_hours"),
        standstill_hours=since("standstill_hours"),
        failures=since("failures"),
        maintenances=since("maintenances"),
        shift_hours=days * fleet.hours_per_day,
    )


def policies_of(fleet: EquipmentClass) -> dict[str, EquipmentClass]:
    """The class under every policy; a fixed age that isn't given is half the mean time between failures."""
    age = fleet.maintenance_age_hours
    return {
        policy.value: fleet.model_copy(
            update={
                "maintenance": policy,
                "maintenance_age_hours": age
                or (0.5 * fleet.mtbf_hours if policy is MaintenancePolicy.FIXED_AGE else None),
            }
        )
        for policy in MaintenancePolicy
    }


def acts_at_hours(fleet: EquipmentClass) -> float | None:
    """Hours at which the class's policy maintains; None where it never does."""
    limit = limit_hours(fleet)
    return None if np.isinf(limit) else float(limit)


def _alone(fleet: EquipmentClass) -> EquipmentArrays:
    return EquipmentArrays.of_fleets([(0, "unit", fleet.model_copy(update={"units": 1}))], nodes=1)


def _drawn(arrays: EquipmentArrays, units: int, streams: dict[str, np.random.Generator]) -> dict[str, Tensor]:
    worn = Worn(arrays, (units, CHUNK_DAYS))
    return {
        name: torch.as_tensor(source(worn, streams[name]), dtype=torch.float64)
        for name, source in EQUIPMENT_SOURCES.items()
    }
