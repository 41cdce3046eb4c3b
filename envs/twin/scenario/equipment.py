"""When equipment fails and how long it takes to mend it. Nothing where a network's equipment doesn't wear.

What is drawn hangs on no decision: whether a unit is new or old, the same dice decide. Of a day, a unit fails where the
hazard that it gathers by its work exceeds a unit exponential. As these are without memory, a new one each day is the
same as one threshold for the whole life.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network.equipment.arrays import EquipmentArrays
from entrepot.envs.twin.scenario.sources import Stretch, scenario_source


@dataclass(frozen=True)
class Worn:
    """What is drawn for: U units, B episodes of T days."""

    equipment: EquipmentArrays
    shape: tuple[int, int]  # B, T

    @property
    def units(self) -> tuple[int, int, int]:
        """B, T, U."""
        return (*self.shape, len(self.equipment.units))


def threshold(worn: Worn, rng: np.random.Generator) -> NDArray[Any]:
    """[B, T, U] unit exponentials: the hazard at which each unit would fail today."""
    return rng.standard_exponential(worn.units, dtype=np.float32)


def second_life(worn: Worn, rng: np.random.Generator) -> NDArray[Any]:
    """[B, T, U] hours of work to the next failure of a unit that was mended today and goes on working: Weibull."""
    return worn.equipment.scale_hours * rng.weibull(worn.equipment.shape, worn.units)


def repair_hours(worn: Worn, rng: np.random.Generator) -> NDArray[Any]:
    """[B, T, 2, U] hours that mending takes, of a unit's first and second failure today: lognormal by its mean."""
    deviation = worn.equipment.repair_log_deviation
    location = np.log(worn.equipment.repair_hours) - deviation**2 / 2
    return rng.lognormal(location, deviation, (*worn.shape, 2, worn.units[-1]))


def signal(worn: Worn, rng: np.random.Generator) -> NDArray[Any]:
    """[B, T, U] standard normal errors with which wear is seen."""
    return rng.standard_normal(worn.units, dtype=np.float32)


EQUIPMENT_SOURCES: dict[str, Callable[[Worn, np.random.Generator], NDArray[Any]]] = {
    "equipment_threshold": threshold,
    "equipment_second_life": second_life,
    "equipment_repair_hours": repair_hours,
    "equipment_signal": signal,
}
"""By the field of the scenario."""


def _register(field: str, source: Callable[[Worn, np.random.Generator], NDArray[Any]]) -> None:
    @scenario_source(field)
    def of_network(stretch: Stretch, rng: np.random.Generator) -> NDArray[Any] | None:
        equipment = stretch.network.equipment
        return None if equipment is None else source(Worn(equipment, stretch.shape), rng)


for _field, _source in EQUIPMENT_SOURCES.items():
    _register(_field, _source)
