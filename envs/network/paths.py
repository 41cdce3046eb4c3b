"""What follows from a network's lanes: the cheapest way to each node, and whose demand passes where."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]


def primary_lanes(
    origin: Integers, destination: Integers, unit_cost: Floats, made_by: Booleans, nodes: int, inbound: Floats
) -> Booleans:
    """For every node and SKU, the inbound lane on the cheapest path from a supplier (Bellman-Ford over lanes).

    Args:
        origin: [L] endpoint where each lane starts.
        destination: [L] node where each lane ends.
        unit_cost: [L, S] USD per unit carried, capital in transit included; infinite where a lane can't carry a SKU.
        made_by: [K, S] which supplier makes which SKU.
        nodes: N.
        inbound: [N] USD per unit received.

    Returns:
        [L, S]; at most one lane per node and SKU, none where no path leads from a supplier.
    """
    skus = unit_cost.shape[1]
    unreached = np.full((nodes, skus), np.inf)
    cost = np.concatenate([unreached, np.where(made_by, 0.0, np.inf)])
    for _ in range(nodes):
        np.minimum.at(cost, destination, cost[origin] + unit_cost + inbound[destination][:, None])
    path = cost[origin] + unit_cost + inbound[destination][:, None]
    cheapest = (path <= cost[destination]) & np.isfinite(path)
    # Of paths that cost the same, the one over the fewest lanes: free lanes there and back must not feed each other.
    lanes_used = np.concatenate([unreached, np.where(made_by, 0.0, np.inf)])
    for _ in range(nodes):
        np.minimum.at(lanes_used, destination, np.where(cheapest, lanes_used[origin] + 1, np.inf))
    shortest = cheapest & (lanes_used[origin] + 1 <= lanes_used[destination])
    # Of those that are as short, the first in the file.
    primary = np.zeros_like(shortest)
    for node in np.unique(destination):
        rows = np.flatnonzero(destination == node)
        first = rows[np.argmax(shortest[rows], axis=0)]
        primary[first, np.arange(skus)] = shortest[first, np.arange(skus)]
    return primary


def echelon_share(origin: Integers, destination: Integers, primary: Booleans, direct: Floats) -> Floats:
    """Share of each market's demand that passes through each node along primary lanes.

    Args:
        origin: [L] endpoint where each lane starts.
        destination: [L] node where each lane ends.
        primary: [L, S] as from `primary_lanes`.
        direct: [N, M] share of the market's demand that the node serves itself.

    Returns:
        [N, M, S].
    """
    nodes, skus = direct.shape[0], primary.shape[1]
    own = np.repeat(direct[:, :, None], skus, axis=2)
    between = np.flatnonzero(origin < nodes)
    share = own
    for _ in range(nodes):
        upstream = own.copy()
        np.add.at(upstream, origin[between], share[destination[between]] * primary[between][:, None, :])
        share = upstream
    return share


def landed_usd(
    origin: Integers, destination: Integers, unit_cost: Floats, primary: Booleans, nodes: int, inbound: Floats
) -> Floats:
    """What a unit of each SKU costs to bring to each node along primary lanes, its own value left out.

    Args:
        origin: [L] endpoint where each lane starts.
        destination: [L] node where each lane ends.
        unit_cost: [L, S] USD per unit carried.
        primary: [L, S] as from `primary_lanes`.
        nodes: N.
        inbound: [N] USD per unit received.

    Returns:
        [N, S]; infinite where no primary lane brings the SKU.
    """
    step = np.where(primary, unit_cost + inbound[destination][:, None], np.inf)
    suppliers = int(max(origin.max(initial=0) + 1 - nodes, 0))
    cost = np.concatenate([np.full((nodes, step.shape[1]), np.inf), np.zeros((suppliers, step.shape[1]))])
    for _ in range(nodes):
        np.minimum.at(cost, destination, cost[origin] + step)
    return cost[:nodes]


def faster_lanes(destination: Integers, lead_days: Floats) -> Integers:
    """For every lane, the lanes to the same node that are faster (ties: earlier in the file).

    Returns:
        [L, J] lane indices, padded with L; J is at least 1.
    """
    lanes = len(destination)
    rank = np.lexsort((np.arange(lanes), lead_days))
    position = np.empty(lanes, np.int64)
    position[rank] = np.arange(lanes)
    lists = [np.flatnonzero((destination == destination[lane]) & (position < position[lane])) for lane in range(lanes)]
    width = max(1, *(len(faster) for faster in lists))
    return np.stack([np.pad(faster, (0, width - len(faster)), constant_values=lanes) for faster in lists])
