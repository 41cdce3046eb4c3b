"""What a policy that decides maintenance knows of equipment, from the network's arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network.equipment.arrays import EquipmentArrays, replacement_usd
from entrepot.envs.snapshot.schema import UNIT_NETWORK_FIELDS

NEVER_HOURS = UNIT_NETWORK_FIELDS["unit_best_age_hours"].maximum


def unit_arrays(equipment: EquipmentArrays) -> dict[str, NDArray[Any]]:
    """The equipment's attributes as NumPy arrays, keyed as in `UNIT_NETWORK_FIELDS`."""
    planned, failure = replacement_usd(equipment)
    most = UNIT_NETWORK_FIELDS["unit_planned_share"].maximum
    return {
        "unit_node": equipment.node,
        "unit_scale_hours": equipment.scale_hours,
        "unit_shape": equipment.shape,
        "unit_hours_per_day": equipment.hours_per_day,
        "unit_best_age_hours": np.minimum(equipment.best_age_hours(), NEVER_HOURS),
        "unit_planned_share": np.where(
            failure > 0, planned / np.where(failure > 0, failure, 1.0), np.where(planned > 0, most, 1.0)
        ).clip(max=most),
    }
