"""One customer's order to be split over nodes: fixed cost a shipment, a cost a unit, and stock that is free.

Once it is settled which nodes ship, each line is filled from the cheapest of them by itself. So the problem is to
choose those nodes, and everything else follows: a facility location with capacities by line.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class Problem:
    """Of L lines and W nodes; what can't be served is not in it.

    Attributes:
        units: [L] to be served; at most what is free of the line.
        free: [L, W] units that a node may give.
        usd: [L, W] a unit.
        shipment_usd: [W] once for each node that ships.
        days: [W] until the customer has it, for who is nearest.
    """

    units: Floats
    free: Floats
    usd: Floats
    shipment_usd: Floats
    days: Floats
    _order: NDArray[np.int64] = field(init=False, repr=False)
    _sorted_free: Floats = field(init=False, repr=False)
    _sorted_usd: Floats = field(init=False, repr=False)

    def __post_init__(self) -> None:
        order = np.argsort(self.usd, axis=1, kind="stable")
        object.__setattr__(self, "_order", order)
        object.__setattr__(self, "_sorted_free", np.take_along_axis(self.caps, order, axis=1))
        object.__setattr__(self, "_sorted_usd", np.take_along_axis(self.usd, order, axis=1))

    @classmethod
    def of(cls, wanted: Floats, free: Floats, usd: Floats, shipment_usd: Floats, days: Floats) -> Problem:
        """Of what is wanted, of which as much is served as is free."""
        free = np.maximum(free, 0.0)
        return cls(np.minimum(wanted, free.sum(axis=1)), free, usd, shipment_usd, days)

    @property
    def caps(self) -> Floats:
        """[L, W] units that a node may give to a line that asks for no more."""
        return np.minimum(self.free, self.units[:, None])

    def serves(self, nodes: Booleans) -> bool:
        """Whether these nodes [W] have all of it."""
        return bool((self.caps @ nodes >= self.units).all())

    def filled(self, nodes: Booleans) -> Floats:
        """[L, W] units from each, by the cheapest first, where only these nodes [W] ship."""
        taken = self._taken(nodes)
        found = np.zeros_like(taken)
        np.put_along_axis(found, self._order, taken, axis=1)
        return found

    def cost(self, nodes: Booleans) -> float:
        """USD where only these nodes ship, each line filled from the cheapest; infinite where they don't have it."""
        taken = self._taken(nodes)
        if (taken.sum(axis=1) < self.units - 1e-9).any():
            return float("inf")
        return float((taken * self._sorted_usd).sum() + self.shipment_usd @ nodes)

    def cost_of(self, shipped: Floats) -> float:
        """USD of units [L, W] from each."""
        return float((shipped * self.usd).sum() + self.shipment_usd @ (shipped > 0).any(axis=0))

    def nearest(self) -> Floats:
        """[L, W] units from each where every line goes to the node with the fewest days that has it.

        The hand matching that all else is compared with; of two that are as near, the cheaper one.
        """
        order = np.lexsort((self.usd, np.broadcast_to(self.days, self.usd.shape)))
        taken = _in_order(np.take_along_axis(self.caps, order, axis=1), self.units)
        found = np.zeros_like(taken)
        np.put_along_axis(found, order, taken, axis=1)
        return found

    def among(self, nodes: NDArray[np.int64]) -> Problem:
        """The same with some nodes only."""
        return Problem(self.units, self.free[:, nodes], self.usd[:, nodes], self.shipment_usd[nodes], self.days[nodes])

    def _taken(self, nodes: Booleans) -> Floats:
        """[L, W], by each line's own order of nodes."""
        return _in_order(self._sorted_free * nodes[self._order], self.units)


def _in_order(free: Floats, units: Floats) -> Floats:
    """[L, W] units of `units` [L] taken from `free` [L, W], the first first."""
    total = np.minimum(np.cumsum(free, axis=1), units[:, None])
    return np.diff(total, axis=1, prepend=0.0)
