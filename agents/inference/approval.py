"""Orders too large to go out without a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.decision import Reason
from entrepot.agents.inference.feasibility import Bounds
from entrepot.agents.inference.order_up_to import LEAST_RATE
from entrepot.agents.inference.rows import Rows

NAMED_LANES = 20
"""So many lanes of a batch are told one by one, the largest excess of each row first; then their number alone."""


def lanes_to_hold(
    orders: NDArray[np.int64],
    bounds: Bounds,
    network: Mapping[str, NDArray[Any]],
    demand_slow: NDArray[Any],
    rows: Rows,
    lanes: tuple[str, ...],
) -> NDArray[np.bool_]:
    """[B, L] lanes whose order of the day exceeds a limit, counted over its SKUs.

    Args:
        orders: [B, L, S] whole units.
        bounds: of which approval limits and values are read.
        network: its attributes.
        demand_slow: [B, M, S] units a day, of the last month.
        rows: told of the lanes that are held.
        lanes: [L] names.
    """
    held = np.zeros(orders.shape[:2], np.bool_)
    units = orders.sum(axis=-1, dtype=np.float64)
    if bounds.approval_units is not None:
        held |= _above("approval_units", units, bounds.approval_units, "", rows, lanes)
    if bounds.approval_usd is not None:
        usd = (orders * bounds.value_usd).sum(axis=-1)
        held |= _above("approval_usd", usd, bounds.approval_usd, "", rows, lanes)
    if bounds.approval_sales_days is not None:
        days = bounds.approval_sales_days
        sold = sold_a_day(network, demand_slow)[:, network["lane_destination"]]
        told = f", {days:g} days of what its destination sold in the last month"
        held |= _above("approval_sales_days", units, days * sold, told, rows, lanes)
    return held


def sold_a_day(network: Mapping[str, NDArray[Any]], demand_slow: NDArray[Any]) -> NDArray[np.float64]:
    """[B, N] units that pass through each node, all SKUs together; at least the least rate of each SKU.

    Args:
        network: its attributes.
        demand_slow: [B, M, S] units a day.
    """
    nodes, markets, skus = network["echelon_share"].shape
    share = network["echelon_share"].reshape(nodes, markets * skus).astype(np.float64)
    sold = demand_slow.reshape(len(demand_slow), markets * skus).astype(np.float64) @ share.T
    return np.asarray(np.maximum(sold, LEAST_RATE * skus))


def _above(
    name: str, total: NDArray[Any], limit: NDArray[Any], told: str, rows: Rows, lanes: tuple[str, ...]
) -> NDArray[np.bool_]:
    """[B, L] where a lane's total is above its limit, [L] or [B, L]."""
    over = np.asarray(total > limit)
    if not over.any():
        return over
    limit = np.broadcast_to(limit, total.shape)
    for row in np.flatnonzero(over.any(axis=1)):
        found = np.flatnonzero(over[row])
        each = ", ".join(
            f"lane {lanes[lane] or lane} orders {total[row, lane]:,.0f}, above {limit[row, lane]:,.0f}"
            for lane in found[:NAMED_LANES]
        )
        more = f" and {len(found) - NAMED_LANES} more" if len(found) > NAMED_LANES else ""
        rows.note(np.array([row]), Reason("approval", name, f"{each}{more}{told}: held for approval"))
    return over
