"""Orders too large to go out without a person."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.decision import Reason
from entrepot.agents.inference.feasibility import Bounds
from entrepot.agents.inference.rows import Rows

NAMED_LANES = 20
"""So many lanes of a batch are told one by one, the largest excess of each row first; then their number alone."""


def lanes_to_hold(
    orders: NDArray[np.int64], value_usd: NDArray[Any], bounds: Bounds, rows: Rows, lanes: tuple[str, ...]
) -> NDArray[np.bool_]:
    """[B, L] lanes whose order of the day exceeds a limit, counted over its SKUs.

    Args:
        orders: [B, L, S] whole units.
        value_usd: [L, S] USD per unit.
        bounds: of which the approval limits are read.
        rows: told of the lanes that are held.
        lanes: [L] names.
    """
    held = np.zeros(orders.shape[:2], np.bool_)
    limits = {"approval_units": bounds.approval_units, "approval_usd": bounds.approval_usd}
    for name, limit in limits.items():
        if limit is None:
            continue
        total = orders.sum(axis=-1, dtype=np.float64) if name == "approval_units" else (orders * value_usd).sum(axis=-1)
        over = total > limit
        held |= over
        for row in np.flatnonzero(over.any(axis=1)):
            found = np.flatnonzero(over[row])
            told = ", ".join(
                f"lane {lanes[lane] or lane} orders {total[row, lane]:,.0f}, above {limit[lane]:,.0f}"
                for lane in found[:NAMED_LANES]
            )
            more = f" and {len(found) - NAMED_LANES} more" if len(found) > NAMED_LANES else ""
            rows.note(np.array([row]), Reason("approval", name, f"{told}{more}: held for approval"))
    return held
