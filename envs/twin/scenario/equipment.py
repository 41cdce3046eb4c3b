"""When equipment fails and how long it takes to mend it. Nothing where a network's equipment doesn't wear.

What is drawn hangs on no decision: whether a unit is new or old, the same dice decide. Of a day, a unit fails where the
hazard that it gathers by its work exceeds a unit exponential. As these are without memory, a new one each day is the
same as one threshold for the whole life.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.twin.scenario.sources import Stretch, scenario_source


@scenario_source("equipment_threshold")
def equipment_threshold(stretch: Stretch, rng: np.random.Generator) -> NDArray[np.float32] | None:
    """[B, T, U] unit exponentials: the hazard at which each unit would fail today."""
    equipment = stretch.network.equipment
    if equipment is None:
        return None
    return rng.standard_exponential((*stretch.shape, len(equipment.units)), dtype=np.float32)


@scenario_source("equipment_second_life")
def equipment_second_life(stretch: Stretch, rng: np.random.Generator) -> NDArray[np.float64] | None:
    """[B, T, U] hours of work to the next failure of a unit that was mended today and goes on working: Weibull."""
    equipment = stretch.network.equipment
    if equipment is None:
        return None
    return equipment.scale_hours * rng.weibull(equipment.shape, (*stretch.shape, len(equipment.units)))


@scenario_source("equipment_repair_hours")
def equipment_repair_hours(stretch: Stretch, rng: np.random.Generator) -> NDArray[np.float64] | None:
    """[B, T, 2, U] hours that mending takes, of a unit's first and second failure today: lognormal by its mean."""
    equipment = stretch.network.equipment
    if equipment is None:
        return None
    deviation = equipment.repair_log_deviation
    median = np.log(equipment.repair_hours) - deviation**2 / 2
    return rng.lognormal(median, deviation, (*stretch.shape, 2, len(equipment.units)))


@scenario_source("equipment_signal")
def equipment_signal(stretch: Stretch, rng: np.random.Generator) -> NDArray[np.float32] | None:
    """[B, T, U] standard normal errors with which wear is seen."""
    equipment = stretch.network.equipment
    if equipment is None:
        return None
    return rng.standard_normal((*stretch.shape, len(equipment.units)), dtype=np.float32)
