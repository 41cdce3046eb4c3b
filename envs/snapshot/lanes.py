"""When lanes depart, and when what is ordered on them arrives."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network.arrays import NetworkArrays

DAYS_A_WEEK = 7


def interval_days(network: NetworkArrays) -> NDArray[np.float64]:
    """[L] mean days between a lane's departures."""
    return np.asarray(DAYS_A_WEEK / (network.lane.wait_days == 0).sum(axis=0))


def wait_days(network: NetworkArrays, weekday: NDArray[np.int64]) -> NDArray[np.int64]:
    """[B, L] days to each lane's next departure, 0 where it departs today.

    Args:
        network: of L lanes.
        weekday: [B] Monday = 0.
    """
    return np.asarray(network.lane.wait_days[weekday])


def order_days(network: NetworkArrays, weekday: NDArray[np.int64]) -> NDArray[np.int64]:
    """[B, L] scheduled days from an order to its arrival: until the next departure, then on the way; 1 at the least.

    Args:
        network: of L lanes.
        weekday: [B] of the order, Monday = 0.
    """
    return np.asarray(np.maximum(wait_days(network, weekday) + network.lane.transit_days, 1))
