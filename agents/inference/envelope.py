"""Whether a snapshot looks like those that the policy was trained on.

Quantities are those in which the policy generalises: stock in days of cover and demand as a ratio, so that a network
ten times as large, or a slow SKU, isn't called strange for its units.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.decision import Reason, Rows, Tolerance
from entrepot.agents.inference.manifest import Range
from entrepot.agents.inference.order_up_to import LEAST_RATE, demand_rate

AS_THEY_ARE = ("season_ahead", "lane_wait_days", "lane_open", "equipment", "storage_price")


def quantities(
    network: Mapping[str, NDArray[Any]], snapshot: Mapping[str, NDArray[Any]]
) -> dict[str, NDArray[np.float64]]:
    """Scale-free quantities of a valid snapshot, each [B, …]; names carry the unit."""
    rate = demand_rate(network, snapshot["demand_slow"])
    mean = np.maximum(network["demand_mean"], LEAST_RATE)
    return {
        "on_hand_days": snapshot["on_hand"] / rate,
        "dock_days": snapshot["dock"] / rate,
        "in_transit_days": snapshot["pipeline"].sum(axis=-1) / rate,
        "backlog_days": (network["direct_share"] @ snapshot["backlog"]) / rate,
        "demand_fast_ratio": snapshot["demand_fast"] / mean,
        "demand_slow_ratio": snapshot["demand_slow"] / mean,
        "demand_quarter_ratio": snapshot["demand_quarter"] / mean,
        **{name: np.asarray(snapshot[name], np.float64) for name in AS_THEY_ARE},
    }


def envelope_of(
    network: Mapping[str, NDArray[Any]], snapshots: Iterable[Mapping[str, NDArray[Any]]]
) -> dict[str, Range]:
    """Ranges of all quantities over snapshots seen in training."""
    ranges: dict[str, Range] = {}
    for snapshot in snapshots:
        for name, values in quantities(network, snapshot).items():
            low, high = float(values.min()), float(values.max())
            seen = ranges.get(name, Range(low, high))
            ranges[name] = Range(min(seen.low, low), max(seen.high, high))
    return ranges


def check_envelope(
    network: Mapping[str, NDArray[Any]],
    snapshot: Mapping[str, NDArray[Any]],
    envelope: Mapping[str, Range],
    tolerance: Tolerance,
    rows: Rows,
) -> None:
    """Send rows to the fallback that lie too far outside; rows that fell before are passed over."""
    trusted = np.flatnonzero(rows.trusted)
    if not len(trusted):
        return
    chosen = snapshot if len(trusted) == rows.count else {name: values[trusted] for name, values in snapshot.items()}
    for name, values in quantities(network, chosen).items():
        seen = envelope.get(name)
        if seen is None or not values.size:
            continue
        slack = tolerance.margin * max(seen.high - seen.low, abs(seen.high))
        low, high = seen.low - slack, seen.high + slack
        if values.min() >= low and values.max() <= high:
            continue
        flat = values.reshape(len(values), -1)
        outside = (flat < low) | (flat > high)
        for place in np.flatnonzero(outside.mean(axis=1) > tolerance.share):
            worst = max(flat[place], key=lambda value: max(low - value, value - high))
            message = (
                f"{outside[place].mean():.0%} of values lie outside {low:.4g} to {high:.4g} "
                f"(trained on {seen.low:.4g} to {seen.high:.4g}), such as {worst:.4g}"
            )
            rows.fall(trusted[[place]], Reason("envelope", name, message))
