"""What an event does to a network while it lasts, in arrays: what every kind comes down to."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Effect:
    """Of L lanes, N nodes, K suppliers, M markets, S SKUs, U units of equipment; None where nothing of a kind changes.

    A share is of what is usual, 1 where nothing changes.
    """

    open_share: Floats | None = None  # [L] of lanes' capacity; what was booked for a day of 0 goes once it is over
    extra_days: Integers | None = None  # [L] on the way, of what departs meanwhile
    late_days: Integers | None = None  # [L] on the way, of what would arrive meanwhile
    holds: Booleans | None = None  # [L] whether what would arrive meanwhile waits until it is over
    price_factor: Floats | None = None  # [L] on freight
    up_share: Floats | None = None  # [K] of suppliers' capacity; goods in production wait where it is 0
    demand_factor: Floats | None = None  # [M, S]
    throughput_share: Floats | None = None  # [N] of docks and picking
    stock_lost_share: Floats | None = None  # [N] of what is on the shelves and at the dock, on the first day
    hazard_factor: Floats | None = None  # [U] on the hazard that equipment gathers by its work
    remarks: tuple[str, ...] = ()  # what of it has no effect in this network, or another than it says

    @property
    def touches(self) -> tuple[str, ...]:
        """What changes."""
        return tuple(
            field.name for field in fields(self) if field.name != "remarks" and getattr(self, field.name) is not None
        )

    def puts_off(self, origin: Integers) -> Booleans:
        """[L] whether goods on a lane may arrive later.

        Args:
            origin: [L] of lanes, counted from the first supplier on; below 0 where a node is.
        """
        found = np.zeros(len(origin), np.bool_)
        if self.open_share is not None:
            found |= self.open_share <= 0
        for days in (self.extra_days, self.late_days):
            if days is not None:
                found |= days > 0
        if self.holds is not None:
            found |= self.holds
        if self.up_share is not None:
            found |= (origin >= 0) & (self.up_share <= 0)[np.maximum(origin, 0)]
        return found


def where(struck: Booleans, value: float) -> Floats:
    """The value where something is struck, 1 elsewhere."""
    return np.where(struck, value, 1.0)


def days_where(struck: Booleans, days: int) -> Integers:
    """Days where something is struck, 0 elsewhere."""
    return np.where(struck, days, 0)
