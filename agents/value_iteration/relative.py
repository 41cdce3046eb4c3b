"""Relative value iteration (White 1963; bounds by Odoni 1969): the least average cost of a Markov decision process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

Sweep = Callable[[Floats], tuple[Floats, Integers]]
"""From values of states to the least cost of today plus the expected value of tomorrow, and the action that has it."""


@dataclass(frozen=True)
class Optimum:
    """The least average cost, and how to reach it."""

    cost: float  # a period
    low: float  # the true least average cost of the process lies between `low` and `high`
    high: float
    actions: Integers  # by state, the action's index
    values: Floats  # by state, relative to the cheapest


class NotConvergedError(RuntimeError):
    """Value iteration did not come as close as asked."""


def least_average_cost(sweep: Sweep, states: tuple[int, ...], *, tolerance: float, most_sweeps: int = 5000) -> Optimum:
    """Sweep until the bounds on the average cost are close.

    Args:
        sweep: one step of value iteration.
        states: shape of the values.
        tolerance: the most that the bounds may differ, as a share of the cost.
        most_sweeps: after so many, give up.

    Raises:
        NotConvergedError: the bounds are still too far apart.
    """
    values = np.zeros(states)
    low = high = 0.0
    for _ in range(most_sweeps):
        swept, actions = sweep(values)
        change = swept - values
        low, high = float(change.min()), float(change.max())
        values = swept - swept.min()
        if high - low <= tolerance * abs(high):
            return Optimum((low + high) / 2, low, high, actions, values)
    raise NotConvergedError(f"after {most_sweeps} sweeps the cost lies between {low:.6g} and {high:.6g}")
