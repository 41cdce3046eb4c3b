"""Dual sourcing with backlog: a fast dear source and a slow cheap one."""

from __future__ import annotations

import numpy as np

from entrepot.agents.value_iteration.relative import Floats, Integers, Optimum, least_average_cost


def dual_sourcing_optimum(
    demand: Floats,
    fast_days: int,
    lead_difference_days: int,
    *,
    holding: float,
    penalty: float,
    premium: float,
    positions: tuple[int, int],
    largest_fast_order: int,
    largest_slow_order: int,
    tolerance: float = 1e-5,
) -> Optimum:
    """Least average cost of whole units, where all unmet demand waits.

    A state is the position of the fast source (on hand and due within its lead time, less what customers wait for),
    then what the slow one has on the way beyond that, by day: as many axes as the lead times differ by. Today's orders
    decide the cost of the day on which the fast one arrives (Sheopuri, Janakiraman and Seshadri 2010, 'New policies for
    the stochastic inventory control problem with two supply sources'). Both orders are placed before today's demand.

    Args:
        demand: [D] probability of 0, 1, … units a day.
        fast_days: lead time of the fast source: what is ordered today arrives in so many days, before their demand.
        lead_difference_days: by how much the slow one's is longer, at least 1.
        holding: USD per unit left at the end of a day.
        penalty: USD per unit that waits at the end of a day.
        premium: USD that a unit costs more from the fast source.
        positions: least and largest position; beyond them the position is taken as the bound, so choose them beyond
            the reach of good policies.
        largest_fast_order: units.
        largest_slow_order: units.
        tolerance: see `least_average_cost`.

    Returns:
        `actions` are fast order · (largest_slow_order + 1) + slow order; the first axis of both tables begins at
        positions[0].
    """
    low, high = positions
    position = np.arange(low, high + 1)
    fast, slow = np.arange(largest_fast_order + 1), np.arange(largest_slow_order + 1)
    until_arrival = np.array([1.0])
    for _ in range(fast_days + 1):  # demand from today to the end of the day on which the fast order arrives
        until_arrival = np.convolve(until_arrival, demand)
    left = position[:, None] - np.arange(len(until_arrival))
    stock_cost = (holding * np.maximum(left, 0) + penalty * np.maximum(-left, 0)) @ until_arrival  # [X] after ordering
    move = np.zeros((len(position), len(position)))  # [X, X] a day's demand
    tomorrow = np.clip(position[:, None] - np.arange(len(demand)), low, high) - low
    np.add.at(move, (np.arange(len(position))[:, None], tomorrow), demand)
    pipeline = (1,) * (lead_difference_days - 1)
    states = (len(position),) + (len(slow),) * (lead_difference_days - 1)
    last = len(position) - 1
    with_fast = np.minimum(np.arange(len(position))[:, None] + fast, last)  # [X, F]
    with_arrival = np.minimum(np.arange(len(position))[:, None] + slow, last)  # [X, A]

    def sweep(values: Floats) -> tuple[Floats, Integers]:
        # By position after demand, then what is on the way, then today's slow order: what is on the way comes a day
        # closer, and the nearest of it joins the position.
        tomorrow = values[with_arrival].reshape(len(position), -1)
        expected = (move @ tomorrow).reshape(*states, len(slow))
        slow_order = expected.argmin(axis=-1)
        after_slow = expected.min(axis=-1) + stock_cost.reshape(-1, *pipeline)
        choices = after_slow[with_fast] + (premium * fast).reshape(1, -1, *pipeline)
        fast_order = choices.argmin(axis=1)
        reached = np.minimum(np.arange(len(position)).reshape(-1, *pipeline) + fast_order, last)
        at_reached = slow_order[(reached, *np.indices(states)[1:])]
        return choices.min(axis=1), fast_order * len(slow) + at_reached

    return least_average_cost(sweep, states, tolerance=tolerance)
