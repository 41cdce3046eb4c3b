"""The lost-sales system with a lead time (Zipkin 2008, 'Old and new methods for lost-sales inventory systems')."""

from __future__ import annotations

import math

import numpy as np

from entrepot.agents.value_iteration.relative import Floats, Integers, Optimum, least_average_cost


def poisson_probabilities(mean: float, most: int) -> Floats:
    """[most + 1] of 0 … most units; the last entry is that of `most` units or more."""
    units = np.arange(most + 1)
    logs = units * math.log(mean) - mean - np.array([math.lgamma(value + 1) for value in units])
    probabilities: Floats = np.exp(logs)
    probabilities[-1] = 1.0 - probabilities[:-1].sum()
    return probabilities


def geometric_probabilities(mean: float, most: int) -> Floats:
    """[most + 1] of 0 … most units, P(d) = p (1 − p)^d with p = 1 / (1 + mean); the last is of `most` units or more."""
    stays = mean / (1 + mean)
    probabilities: Floats = np.float_power(stays, np.arange(most + 1)) / (1 + mean)
    probabilities[-1] = stays**most
    return probabilities


def lost_sales_optimum(
    demand: Floats,
    lead_days: int,
    *,
    holding: float,
    penalty: float,
    most_on_hand: int,
    largest_order: int,
    tolerance: float = 1e-5,
) -> Optimum:
    """Least average cost of whole units.

    A state is what is on hand once today's arrival is in, then what arrives tomorrow, the day after, and so on: L axes.
    An order is placed before today's demand is known; what is left of a day pays `holding`, what is lost `penalty`.

    Args:
        demand: [D] probability of 0, 1, … units a day.
        lead_days: L, at least 1: an order placed today arrives in so many days, before that day's demand.
        holding: USD per unit and day.
        penalty: USD per unit lost.
        most_on_hand: units; what would exceed it is thrown away, so choose it beyond the reach of good policies.
        largest_order: units.
        tolerance: see `least_average_cost`.

    Returns:
        `actions` are units to order; both tables have the shape [most_on_hand + 1, largest_order + 1, …], L axes.
    """
    stock, order = np.arange(most_on_hand + 1), np.arange(largest_order + 1)
    sold_out = np.maximum(stock[:, None] - np.arange(len(demand)), 0)  # [X, D] left
    lost = np.maximum(np.arange(len(demand)) - stock[:, None], 0)
    today = (holding * sold_out + penalty * lost) @ demand  # [X]
    # [A, X, X]: from stock to tomorrow's stock, where so much arrives tomorrow.
    move = np.zeros((len(order), len(stock), len(stock)))
    for arriving in order:
        tomorrow = np.minimum(sold_out + arriving, most_on_hand)
        np.add.at(move[arriving], (stock[:, None], tomorrow), demand)
    states = (len(stock),) + (len(order),) * (lead_days - 1)

    def sweep(values: Floats) -> tuple[Floats, Integers]:
        if lead_days == 1:
            expected = (move @ values).T  # [X, A]: what is ordered arrives tomorrow
        else:
            expected = (move @ values.reshape(len(stock), -1)).transpose(1, 0, 2).reshape(*states, len(order))
        return today.reshape(-1, *(1,) * (lead_days - 1)) + expected.min(axis=-1), expected.argmin(axis=-1)

    return least_average_cost(sweep, states, tolerance=tolerance)
