"""How long goods last, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import numpy as np

from entrepot.envs.axes import Axes, Record
from entrepot.envs.network.columns import Booleans, Integers
from entrepot.envs.network.lanes import LaneArrays

if TYPE_CHECKING:
    from entrepot.envs.network.description import Catalogue, NetworkDescription

OF_SHELF_LIVES = 1
"""A stream of draws of their own, so that a catalogue's other figures are the same with and without them."""


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
        if network.catalogue is None:
            life = np.array([sku.shelf_life_days or 0 for sku in (network.skus or {}).values()], np.int64)
        else:
            life = _drawn(network.catalogue)
        if not life.any():
            return None
        made = [0] * len(network.nodes) + [supplier.production_days for supplier in network.suppliers.values()]
        production = np.array(made, np.int64)[lanes.origin]
        longest = int(life.max()) + int((production + lanes.wait_days.max(axis=0)).max())
        return cls(life > 0, life, production, longest)


def _drawn(catalogue: Catalogue) -> Integers:
    """[S] days, 0 where a SKU doesn't perish; uniform in the logarithm, one row of draws per SKU."""
    if catalogue.shelf_life_days is None:
        return np.zeros(catalogue.count, np.int64)
    draws = np.random.default_rng([catalogue.seed, OF_SHELF_LIVES]).random((catalogue.count, 2))
    low, high = sorted(catalogue.shelf_life_days)
    life = np.exp(np.log(low) + draws[:, 1] * np.log(high / low)).round().astype(np.int64)
    return np.where(draws[:, 0] < catalogue.perishable_share, life, 0)
