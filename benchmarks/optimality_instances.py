"""Textbook instances and their optima, each an ordinary network of `configs/network/classic/`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.value_iteration import (
    Optimum,
    dual_sourcing_optimum,
    geometric_probabilities,
    lost_sales_optimum,
    one_warehouse_optimum,
    poisson_probabilities,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
SNYDER_SHEN = "stockpyl 1.0.2, Snyder and Shen 2019"


@dataclass(frozen=True)
class LostSales:
    """One store that loses what it can't sell, in whole units, within the bounds of a table."""

    demand: Floats  # [D] probability of 0, 1, … units a day
    lead_days: int  # L
    penalty: float  # USD a unit
    most_on_hand: int  # units
    largest_order: int  # units
    holding: float = 1  # USD a unit and day

    def solved(self) -> Optimum:
        """By value iteration."""
        return lost_sales_optimum(
            self.demand,
            self.lead_days,
            holding=self.holding,
            penalty=self.penalty,
            most_on_hand=self.most_on_hand,
            largest_order=self.largest_order,
        )

    def after(self, state: Integers, demand: Integers, order: Integers) -> tuple[Integers, ...]:
        """Tomorrow's state, what is on hand with the day's arrivals first: L arrays of the shape of all broadcast.

        Args:
            state: [L, …] today's.
            demand: units.
            order: units.
        """
        on_hand, *later = state
        coming = np.broadcast_arrays(*later, order, demand + on_hand * 0)[:-1]
        return (np.minimum(np.maximum(on_hand - demand, 0) + coming[0], self.most_on_hand), *coming[1:])


@dataclass(frozen=True)
class Instance:
    """A network, its demand, and the least average cost."""

    name: str
    demand: str  # of the demand in `configs/demand/classic/`
    source: str  # of the optimum
    optimum: Callable[[], float]  # USD a day
    overrides: list[str] = field(default_factory=list)  # of `configs/classic.yaml`
    network: str | None = None  # in `configs/network/classic/`, if not of the instance's name
    lost_sales: LostSales | None = None  # if it is one store that loses what it can't sell

    @property
    def settings(self) -> list[str]:
        """Overrides of `configs/classic.yaml`, the worlds included."""
        network = self.network or self.name
        return [f"network=classic/{network}", f"demand=classic/{self.demand}", f"run={self.name}", *self.overrides]


def _lost_sales(lead_days: int, penalty: int) -> Instance:
    system = LostSales(
        poisson_probabilities(5, 30), lead_days, penalty, most_on_hand=24 + 5 * lead_days, largest_order=12
    )
    name = f"lost_sales_lead_{lead_days}_penalty_{penalty}"
    return Instance(name, "poisson_5", "value iteration", lambda: system.solved().cost, lost_sales=system)


def _geometric(lead_days: int, penalty: int, most_on_hand: int, largest_order: int) -> Instance:
    system = LostSales(geometric_probabilities(5, 120), lead_days, penalty, most_on_hand, largest_order)
    network = f"lost_sales_lead_{lead_days}_penalty_{penalty}"
    return Instance(
        f"geometric_{network}",
        "geometric_5",
        "value iteration",
        lambda: system.solved().cost,
        network=network,
        lost_sales=system,
    )


def _serial(name: str, demand: str, cost: float, source: str = SNYDER_SHEN) -> Instance:
    return Instance(f"serial_{name}", demand, source, lambda: cost)


def _dual_sourcing(difference_days: int) -> Instance:
    def optimum() -> float:
        return dual_sourcing_optimum(
            np.full(5, 0.2),
            1,
            difference_days,
            holding=5,
            penalty=495,
            premium=10,
            positions=(-20, 30),
            largest_fast_order=10,
            largest_slow_order=6,
        ).cost

    # From the textbook cover of the fast source, tuning never comes to use it where the slow one is hardly slower.
    more = ["base_stock.starts=[1.0,4.0]"]
    return Instance(f"dual_sourcing_difference_{difference_days}", "uniform_0_to_4", "value iteration", optimum, more)


def _one_warehouse(stores: int, most_at_warehouse: int, largest_order: int) -> Instance:
    def optimum() -> float:
        return one_warehouse_optimum(
            poisson_probabilities(2, 12),
            stores,
            2,
            warehouse_holding=0.5,
            store_holding=1,
            penalty=9,
            most_at_warehouse=most_at_warehouse,
            most_at_store=11,
            largest_shipment=6,
            largest_order=largest_order,
        ).cost

    more = ["policy.head=release"]  # a warehouse that is short must be able to hold stock back
    return Instance(f"one_warehouse_{stores}_stores", "poisson_2", "value iteration", optimum, more)


INSTANCES = [
    *(_lost_sales(lead_days, penalty) for lead_days in (1, 2, 3, 4) for penalty in (4, 9, 19, 39)),
    _geometric(2, 9, 60, 20),
    _geometric(2, 19, 80, 32),
    _geometric(4, 9, 70, 18),
    _geometric(4, 19, 80, 20),
    _serial("example_6_1", "normal_half_of_5", 47.66539),
    _serial("problem_6_1", "normal_half_of_100", 166.27053),
    _serial("problem_6_16", "normal_20", 438.23963),
    _serial("shang_song_1", "poisson_2", 12.68694, "stockpyl 1.0.2, Shang and Song 2003"),
    *(_dual_sourcing(difference_days) for difference_days in (2, 3, 4)),
    _one_warehouse(2, 20, 12),
    _one_warehouse(3, 24, 14),
]
