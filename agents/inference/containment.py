"""Trouble in one cell, lane or node is kept there: a stand-in is calculated with, and what it touches is held."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.checking import Checked
from entrepot.agents.inference.decision import Reason
from entrepot.agents.inference.manifest import Range
from entrepot.agents.inference.order_up_to import LEAST_RATE, echelon_rate

Network = Mapping[str, NDArray[Any]]
Booleans = NDArray[np.bool_]
DEMAND = ("demand_fast", "demand_slow", "demand_quarter", "demand_square")
ALL_CLOSED_DAYS = 366.0


class Held:
    """Cells [B, L, S] of which nothing goes out; none are kept in memory as long as all is well."""

    def __init__(self, network: Network, rows: int) -> None:
        """Args: the network; B."""
        self._network = network
        self._shape = (rows, len(network["lane_origin"]), len(network["value_usd"]))
        self.cells: Booleans | None = None

    def hold_lanes(self, lanes: Booleans) -> None:
        """Hold what is True in [B, L] or [B, L, S]."""
        if not lanes.any():
            return
        if self.cells is None:
            self.cells = np.zeros(self._shape, np.bool_)
        self.cells |= lanes if lanes.ndim == 3 else lanes[:, :, None]

    def hold_nodes(self, nodes: Booleans) -> None:
        """Hold the lanes into and out of nodes that are True in [B, N] or, of a SKU alone, [B, N, S]."""
        if not nodes.any():
            return
        supplier = np.zeros_like(nodes[:, :1])
        ends = np.concatenate([nodes, supplier], axis=1)
        origin = np.minimum(self._network["lane_origin"], nodes.shape[1])
        self.hold_lanes(nodes[:, self._network["lane_destination"]] | ends[:, origin])

    def hold_rows(self, rows: Booleans) -> None:
        """Hold all of the rows that are True in [B]."""
        self.hold_lanes(np.broadcast_to(rows[:, None], self._shape[:2]))


def contain(checked: Checked, network: Network, usual: Mapping[str, Range], held: Held) -> None:
    """Put stand-ins where values can't be used, and hold the lanes that they concern.

    A stock that isn't known stands in as what training usually saw, so that the network's other cells decide as if
    nothing were wrong there; one below 0 is 0. Demand is its long-run mean. Nothing is known to be on the way or to
    wait where that can't be read; a lane whose departure isn't known stays; one is taken for open, equipment for whole.
    """
    arrays, usable = checked.arrays, checked.usable
    if not usable:
        return
    stand_in_for_demand(checked, network)
    if "on_hand" in usable:
        days = usual["on_hand_days"].usual if "on_hand_days" in usual else 0.0
        rate = np.maximum(echelon_rate(network, network["demand_mean"][None]), LEAST_RATE)
        unknown = ~usable["on_hand"] & ~checked.below_zero
        np.copyto(arrays["on_hand"], np.asarray(days * rate, np.float32), where=unknown)
    for name, stand_in in (("lane_wait_days", ALL_CLOSED_DAYS), ("lane_open", 1.0), ("equipment", 1.0)):
        if name in usable:
            np.copyto(arrays[name], stand_in, where=~usable[name])
    if "storage_price" in usable:
        price = usual["storage_price"].usual if "storage_price" in usual else 0.0
        np.copyto(arrays["storage_price"], price, where=~usable["storage_price"])
    hold_unusable(checked, network, held)


def hold_unusable(checked: Checked, network: Network, held: Held) -> None:
    """Hold the lanes of all stock and lanes that can't be used.

    Demand holds nothing, as its long-run mean is nearly as good, nor do a storage price or a share of equipment, which
    bear little on an order. Lanes' conditions that are absent as a whole hold nothing either: their rows are decided by
    the fallback.
    """
    usable = checked.usable
    for name in ("on_hand", "dock"):
        if name in usable:
            held.hold_nodes(~usable[name])
    if "pipeline" in usable:
        held.hold_nodes(np.asarray(~usable["pipeline"].all(axis=-1), np.bool_))
    if "backlog" in usable:
        # A backlog concerns the nodes that serve its market first.
        serves = (network["direct_share"] > 0).astype(np.float32)
        waiting: NDArray[Any] = serves @ ~usable["backlog"]
        held.hold_nodes(np.greater(waiting, 0))
    for name in ("lane_wait_days", "lane_open"):
        if name in usable and name not in checked.absent:
            held.hold_lanes(~usable[name])


def stand_in_for_demand(checked: Checked, network: Network) -> None:
    """The long-run mean, and the square that goes with it, wherever demand can't be used."""
    for name in DEMAND:
        if name in checked.usable:
            mean = network["demand_mean"].astype(np.float64)
            value = mean if name != "demand_square" else mean**2 + network["demand_deviation"].astype(np.float64) ** 2
            np.copyto(checked.arrays[name], value.astype(np.float32), where=~checked.usable[name])


def close_lanes(checked: Checked, trained: Mapping[str, Range]) -> dict[str, NDArray[Any]]:
    """The snapshot as policy and fallback are told it: a closed lane doesn't depart, so that others order for it.

    Shares of lanes and equipment that training never saw are told as the nearest that it did: the limits that follow
    the policy know the true ones.
    """
    arrays = dict(checked.arrays)
    closed = arrays["lane_open"] <= 0
    if closed.any():
        arrays["lane_wait_days"] = np.where(closed, np.float32(ALL_CLOSED_DAYS), arrays["lane_wait_days"])
    for name in ("lane_open", "equipment"):
        if name in trained:
            arrays[name] = arrays[name].clip(np.float32(trained[name].low), np.float32(trained[name].high))
    return arrays


def note_stale_nodes(age: NDArray[np.float64], most: float, checked: Checked, held: Held) -> None:
    """Hold the lanes of nodes whose figures are too old; [B, N] seconds."""
    stale = ~((age >= 0) & (age <= most))
    if not stale.any():
        return
    held.hold_nodes(stale)
    called = checked.names.get("N", ())
    for row in np.flatnonzero(stale.any(axis=1)):
        node = int(np.flatnonzero(stale[row])[0])
        more = int(stale[row].sum()) - 1
        place = (called[node] if node < len(called) else "") or f"node {node}"
        also = f" and {more} more" if more else ""
        message = f"{age[row, node]:g} s at {place}{also}; 0 to {most:g} s is allowed: lanes of the node are held"
        checked.rows.note(np.array([row]), Reason("freshness", "age_seconds", message))
