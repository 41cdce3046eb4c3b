"""The last look at orders before anybody sees them: what can't be right is not ordered, whatever let it through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.agents.inference.decision import Reason
from entrepot.agents.inference.feasibility import MOST_UNITS
from entrepot.agents.inference.rows import Rows


def sound(
    orders: NDArray[Any],
    raw: NDArray[Any],
    network: Mapping[str, NDArray[Any]],
    on_hand: NDArray[np.float64],
    lane_open: NDArray[Any],
    rows: Rows,
) -> NDArray[np.bool_]:
    """[B] whose orders are whole, of 0 to 2^53 units, on open lanes and within the origins' stock.

    It is written apart from the projection, and simply, so that the two don't share a mistake.

    Args:
        orders: [B, L, S] from the projection.
        raw: [B, L, S] units that were asked for.
        network: its attributes.
        on_hand: [B, N, S] units.
        lane_open: [B, L] share.
        rows: told of what is wrong.
    """
    batch, nodes, skus = on_hand.shape
    lanes = len(network["lane_origin"])
    good = np.ones(batch, np.bool_)
    if orders.shape != (batch, lanes, skus) or orders.dtype != np.int64:
        rows.note(
            slice(None), Reason("guard", "orders", f"are {orders.dtype} {list(orders.shape)}: nothing is ordered")
        )
        return ~good
    from_node = (network["lane_origin"] == np.arange(nodes)[:, None]).astype(np.float64)  # [N, L]
    taken = from_node @ orders.astype(np.float64)
    closed = ~(lane_open > 0)
    if (
        raw.max(initial=0) <= MOST_UNITS  # which NaN fails
        and orders.min(initial=0) >= 0
        and orders.max(initial=0) <= MOST_UNITS
        and (taken <= on_hand).all()
        and not (closed.any() and orders[closed].any())
    ):
        return good
    wrong = {
        "more than any order can be": (raw > MOST_UNITS).any(axis=(1, 2)) | (orders > MOST_UNITS).any(axis=(1, 2)),
        "not a number": np.isnan(raw).any(axis=(1, 2)),
        "below 0": (orders < 0).any(axis=(1, 2)),
        "on a closed lane": (orders.any(axis=2) & closed).any(axis=1),
        "more than the origin has": (taken > on_hand).any(axis=(1, 2)),
    }
    for why, found in wrong.items():
        for row in np.flatnonzero(found):
            rows.note(np.array([row]), Reason("guard", "orders", f"{why}: nothing is ordered"))
        good &= ~found
    return good
