"""How long goods last, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np

from entrepot.envs.axes import Axes, Record
from entrepot.envs.network.columns import Booleans, Integers
from entrepot.envs.network.lanes import LaneArrays

if TYPE_CHECKING:
    from entrepot.envs.network.description import NetworkDescription


@dataclass(frozen=True)
class ShelfLifeArrays(Record):
    """Of each SKU and lane, where any SKU perishes."""

    perishes: Annotated[Booleans, Axes("S")]
    shelf_life_days: Annotated[Integers, Axes("S")]  # from the end of production; 0 where it doesn't perish
    production_days: Annotated[Integers, Axes("L")]  # at the lane's origin
    longest_days: int  # from an order to the expiry of what is made for it

    @classmethod
    def of(cls, network: NetworkDescription, lanes: LaneArrays) -> ShelfLifeArrays | None:
        """Of a network; None where nothing perishes."""
        life = np.array([sku.shelf_life_days or 0 for sku in (network.skus or {}).values()], np.int64)
        if not life.any():
            return None
        made = [0] * len(network.nodes) + [supplier.production_days for supplier in network.suppliers.values()]
        production = np.array(made, np.int64)[lanes.origin]
        longest = int(life.max()) + int((production + lanes.wait_days.max(axis=0)).max())
        return cls(life > 0, life, production, longest)
