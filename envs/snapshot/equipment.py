"""What a policy that decides maintenance knows of equipment, from the network's arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network.equipment.arrays import EquipmentArrays
from entrepot.envs.network.equipment.weibull import WeibullLife
from entrepot.envs.snapshot.schema import UNIT_NETWORK_FIELDS

NEVER_HOURS = UNIT_NETWORK_FIELDS["unit_best_age_hours"].maximum


def unit_arrays(equipment: EquipmentArrays) -> dict[str, NDArray[Any]]:
    """The equipment's attributes as NumPy arrays, keyed as in `UNIT_NETWORK_FIELDS`."""
    still = equipment.standstill_usd_per_hour
    planned = equipment.maintenance_usd + equipment.maintenance_hours * still
    failure = equipment.repair_usd + equipment.repair_hours * still
    first = np.unique(equipment.class_of, return_index=True)[1]  # units of a class are alike
    best = [
        _best_age(equipment.scale_hours[unit], equipment.shape[unit], planned[unit], failure[unit]) for unit in first
    ]
    most = UNIT_NETWORK_FIELDS["unit_planned_share"].maximum
    return {
        "unit_node": equipment.node,
        "unit_scale_hours": equipment.scale_hours,
        "unit_shape": equipment.shape,
        "unit_hours_per_day": equipment.hours_per_day,
        "unit_best_age_hours": np.array(best)[equipment.class_of],
        "unit_planned_share": np.where(
            failure > 0, planned / np.where(failure > 0, failure, 1.0), np.where(planned > 0, most, 1.0)
        ).clip(max=most),
    }


def _best_age(scale_hours: float, shape: float, planned: float, failure: float) -> float:
    life = WeibullLife(scale_hours * math.gamma(1 + 1 / shape), shape)
    return min(life.optimal_age(planned=planned, failure=failure), NEVER_HOURS)
