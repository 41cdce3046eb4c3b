"""One warehouse that supplies several stores, where what a store can't sell is lost."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from entrepot.agents.value_iteration.relative import Floats, Integers, Optimum, least_average_cost


def one_warehouse_optimum(
    demand: Floats,
    stores: int,
    warehouse_days: int,
    *,
    warehouse_holding: float,
    store_holding: float,
    penalty: float,
    most_at_warehouse: int,
    most_at_store: int,
    largest_shipment: int,
    largest_order: int,
    tolerance: float = 1e-4,
) -> Optimum:
    """Least average cost of whole units, for stores that are alike and a day away from the warehouse.

    A state is what the warehouse has once today's arrival is in, what arrives there tomorrow, the day after, and so on
    (`warehouse_days` - 1 axes), and what each store has once today's arrival is in. Shipments, which the warehouse must
    have, and its own order are decided before today's demand is known.

    Args:
        demand: [D] probability of 0, 1, … units a day at a store.
        stores: how many.
        warehouse_days: an order of the warehouse arrives in so many days, at least 1.
        warehouse_holding: USD per unit left at the warehouse and day.
        store_holding: USD per unit left at a store and day.
        penalty: USD per unit lost.
        most_at_warehouse: units; what would exceed it is thrown away, so choose it beyond the reach of good policies.
        most_at_store: units; likewise.
        largest_shipment: units to one store.
        largest_order: units.
        tolerance: see `least_average_cost`.

    Returns:
        `actions` are the digits of the shipments, the first store's first, in base largest_shipment + 1, then of the
        order in base largest_order + 1.
    """
    stock = np.arange(most_at_store + 1)
    left = np.maximum(stock[:, None] - np.arange(len(demand)), 0)
    lost = np.maximum(np.arange(len(demand)) - stock[:, None], 0)
    at_store = (store_holding * left + penalty * lost) @ demand
    today = sum(at_store.reshape(*(1,) * store, -1, *(1,) * (stores - 1 - store)) for store in range(stores))
    move = np.zeros((largest_shipment + 1, len(stock), len(stock)))
    for shipped in range(largest_shipment + 1):
        np.add.at(move[shipped], (stock[:, None], np.minimum(left + shipped, most_at_store)), demand)
    warehouse, order = np.arange(most_at_warehouse + 1), np.arange(largest_order + 1)
    states = (len(warehouse), *(len(order),) * (warehouse_days - 1), *(len(stock),) * stores)
    kept_cost = warehouse_holding * warehouse.reshape(-1, *(1,) * (len(states) - 1))
    with_order = np.minimum(warehouse[:, None] + order, most_at_warehouse)  # [W, O]

    def by_what_is_kept(expected: Floats) -> tuple[Floats, Integers]:
        """The best order, for what the warehouse has after shipping (and what arrives there tomorrow)."""
        if warehouse_days == 1:
            choices = expected[with_order]  # [W, O, …stores]
            return choices.min(axis=1), choices.argmin(axis=1)
        best, chosen = expected.min(axis=warehouse_days - 1), expected.argmin(axis=warehouse_days - 1)
        return best[with_order], chosen[with_order]  # what arrives tomorrow joins what is kept: [W, O, …, …stores]

    def sweep(values: Floats) -> tuple[Floats, Integers]:
        best = np.full(states, np.inf)
        actions = np.zeros(states, np.int64)
        for shipments, expected in _after_demand(values, move, stores, warehouse_days, most_at_warehouse):
            total = sum(shipments)
            least, ordered = by_what_is_kept(expected)
            kept = len(warehouse) - total  # so many of the stocks allow it
            cost = (least + kept_cost)[:kept]
            better = cost < best[total:]
            code = 0
            for shipped in shipments:
                code = code * (largest_shipment + 1) + shipped
            best[total:] = np.where(better, cost, best[total:])
            actions[total:] = np.where(better, code * len(order) + ordered[:kept], actions[total:])
        return best + today, actions

    return least_average_cost(sweep, states, tolerance=tolerance)


def _after_demand(
    values: Floats, move: Floats, stores: int, first_axis: int, most: int
) -> Iterator[tuple[tuple[int, ...], Floats]]:
    """Every combination of shipments of at most so many units, and tomorrow's expected value by today's stock."""
    if stores == 0:
        yield (), values
        return
    for shipped in range(min(len(move) - 1, most) + 1):
        expected = np.moveaxis(np.tensordot(move[shipped], values, axes=(1, first_axis)), 0, first_axis)
        for others, rest in _after_demand(expected, move, stores - 1, first_axis + 1, most - shipped):
            yield (shipped, *others), rest
