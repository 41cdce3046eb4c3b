"""Orders too large to go out without a person."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.decision import Limits, Reason, Rows
from entrepot.agents.inference.errors import InputRefused


def lanes_to_hold(orders: NDArray[np.int64], value_usd: NDArray[Any], limits: Limits, rows: Rows) -> NDArray[np.bool_]:
    """[B, L] lanes whose order of the day exceeds a limit, counted over its SKUs.

    Args:
        orders: [B, L, S] whole units.
        value_usd: [L, S] USD per unit.
        limits: of which the approval limits are read.
        rows: told of each lane that is held.
    """
    held = np.zeros(orders.shape[:2], np.bool_)
    totals = {"approval_units": orders.sum(axis=-1), "approval_usd": (orders * value_usd).sum(axis=-1)}
    for name, total in totals.items():
        limit = getattr(limits, name)
        if limit is None:
            continue
        if not limit >= 0:
            raise InputRefused(f"limits.{name}: {limit}; 0 or more is allowed")
        over = total > limit
        held |= over
        for row, lane in np.argwhere(over):
            message = f"lane {lane} orders {total[row, lane]:,.0f}, above {limit:,.0f}: held for approval"
            rows.note(np.array([row]), Reason("approval", name, message))
    return held
