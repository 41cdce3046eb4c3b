"""What a plan is charged, or paid, for its decisions beside their cost: the penalties of an information relaxation."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.planners.costs import add_costs, add_settlement
from entrepot.agents.planners.flows import Flows, add_flows
from entrepot.agents.planners.instance import Instance
from entrepot.agents.planners.program import LinearProgram

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
PART = "foresight"
"""Of a plan's cost."""


@dataclass(frozen=True)
class Charges:
    """USD a unit, by the variables of `Flows` that they belong to. N nodes, L lanes, S SKUs, T periods."""

    ship: Floats  # [T, L, S]
    on_hand: Floats  # [T, N, S] at the end of a period
    dock: Floats  # [T, N, S] at the end of a period
    opening_on_hand: Floats  # [N, S]
    opening_dock: Floats  # [N, S]
    opening_arriving: Floats  # [T, N, S]

    def for_skus(self, chosen: Integers) -> Self:
        """Of some of the SKUs."""
        cut: dict[str, Any] = {field.name: getattr(self, field.name)[..., chosen] for field in fields(self)}
        return type(self)(**cut)

    def times(self, share: float) -> Self:
        """A share of them."""
        cut: dict[str, Any] = {field.name: getattr(self, field.name) * share for field in fields(self)}
        return type(self)(**cut)

    def on(self, units: Charges) -> float:
        """USD that so many units are charged.

        Args:
            units: in the same places.
        """
        return float(sum((getattr(self, field.name) * getattr(units, field.name)).sum() for field in fields(self)))


def add_charges(program: LinearProgram, charges: Charges, flows: Flows) -> None:
    """As a part of the cost of its own."""
    for field in fields(charges):
        program.cost(PART, getattr(flows, field.name), getattr(charges, field.name))


def prices(instance: Instance) -> tuple[Charges, Charges]:
    """USD of one unit that is sent, or there at the beginning: at once; and if it stays where it comes to, settled.

    In the second, of a unit that is sent from a node, what it saves by not staying there is taken off. Where no
    decision is paid more than this, no plan gains by going on for ever in any direction: along every way each step
    costs at least what the place it leads to is worth more than the one before.
    """
    program = LinearProgram()
    flows = add_flows(program, instance)
    add_costs(program, instance, flows)
    add_settlement(program, instance, flows)
    price = program.objective
    periods, network = instance.periods, instance.network
    from_now = price[flows.on_hand][::-1].cumsum(axis=0)[::-1]  # [T, N, S] on the shelves at the end of each period
    at_dock = from_now + price[flows.unload]  # [T, N, S] joins the dock in the period
    period = np.minimum(instance.arrival, periods - 1)
    there = np.where((instance.arrival < periods)[..., None], at_dock[period, network.lane_destination[None, :]], 0.0)
    origin = np.einsum("tns,nl->tls", from_now, network.lane_from_node)
    at_once = Charges(
        price[flows.ship],
        price[flows.on_hand],
        price[flows.dock],
        price[flows.opening_on_hand],
        price[flows.opening_dock],
        price[flows.opening_arriving],
    )
    return at_once, Charges(
        ship=price[flows.ship] + there - origin,
        on_hand=from_now,
        dock=from_now + price[flows.unload],
        opening_on_hand=price[flows.opening_on_hand] + from_now[0],
        opening_dock=price[flows.opening_dock] + at_dock[0],
        opening_arriving=price[flows.opening_arriving] + at_dock,
    )
