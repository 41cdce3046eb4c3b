"""The order-up-to rule in NumPy, as the exported graph has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[Any]

LEAST_RATE = 0.02
"""Units a day that a cell counts as asking for at the least."""
NEVER = -1e9


def echelon_rate(network: Mapping[str, NDArray[Any]], demand: Floats) -> Floats:
    """[B, N, S] units a day that pass through each node, of [B, M, S] units a day asked by markets."""
    rate = np.zeros((demand.shape[0], network["echelon_share"].shape[0], demand.shape[2]))
    # A market at a time: einsum would walk the SKUs one by one.
    for market in range(demand.shape[1]):
        rate += network["echelon_share"][:, market] * demand[:, market, None]
    return rate


def demand_rate(network: Mapping[str, NDArray[Any]], demand_slow: Floats) -> Floats:
    """[B, N, S] units a day that cover is counted in: midway between the last 28 days and the long run."""
    return np.maximum(echelon_rate(network, 0.5 * (demand_slow + network["demand_mean"])), LEAST_RATE)


def due_within_window(network: Mapping[str, NDArray[Any]], pipeline: Floats) -> Floats:
    """[B, L, S] units on the way to each lane's destination that arrive within the lane's window."""
    last = np.minimum(network["lane_window_days"], pipeline.shape[-1] - 1)
    running = pipeline.cumsum(axis=-1, dtype=np.float64)
    return np.moveaxis(running[:, network["lane_destination"], :, last], 0, 1)


def stock_position(network: Mapping[str, NDArray[Any]], snapshot: Mapping[str, NDArray[Any]]) -> Floats:
    """[B, L, S] units at each lane's destination or due there within its window, less what customers wait for."""
    at_node = snapshot["on_hand"] + snapshot["dock"] - network["direct_share"] @ snapshot["backlog"]
    due = due_within_window(network, snapshot["pipeline"])
    return np.asarray(at_node[:, network["lane_destination"]] + due)


def orders_from_cover(
    network: Mapping[str, NDArray[Any]], snapshot: Mapping[str, NDArray[Any]], cover: Floats, rate: Floats
) -> Floats:
    """Order up to a cover on every lane, the fastest lanes of a node first (dual index, any number of lanes).

    Args:
        network: its attributes.
        snapshot: at decision time.
        cover: [L, S] days.
        rate: [B, N, S] units a day at each node.

    Returns:
        [B, L, S] units, not rounded.
    """
    short = cover * rate[:, network["lane_destination"]] - stock_position(network, snapshot)
    departs = (snapshot["lane_wait_days"] < 0.5) & (snapshot["lane_open"] > 0)
    short = np.where(departs[:, :, None] & (network["lane_carries"] > 0.5), short, NEVER)
    padded = np.concatenate([short, np.full_like(short[:, :1], NEVER)], axis=1)
    ordered_faster = np.zeros_like(short)
    for column in network["lane_faster"].T:
        np.maximum(ordered_faster, padded[:, column], out=ordered_faster)
    return np.asarray(np.maximum(short - ordered_faster, 0.0))
