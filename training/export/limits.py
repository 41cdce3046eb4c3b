"""The limits of a network as they ship with a module."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network.arrays import NetworkArrays

APPROVAL_MULTIPLE = 2.0
"""Of the largest order that a lane had on any day of training."""
APPROVAL_SALES_DAYS = 90.0
"""Of what the last month sold a day: a quarter's sales. In 11 episodes of 150 days of kreen's history, of training and
held out, the released policy's largest order on a lane was of 24 days; orders that follow a peak that is over reach
hundreds."""
SALES_BASIS = "approval_sales_days: a quarter of what the lane's destination sold a day in the last month"
UNLIMITED = 1e9
"""From here on a capacity is none."""
LEAST_RATE = 0.02


def limits_content(
    network: NetworkArrays, demand_mean: NDArray[np.float64], largest: NDArray[np.float64] | None
) -> dict[str, Any]:
    """`limits` of the manifest; null where nothing limits.

    Args:
        network: whose capacities and minimums they are.
        demand_mean: [M, S] units a day in the long run.
        largest: [2, L] units and USD of each lane's largest order of a day; no approval limits if None.
    """
    nodes = len(network.nodes)
    from_supplier = network.lane.origin >= nodes
    supplier = np.where(from_supplier, network.lane.origin - nodes, 0)
    minimum = np.where(from_supplier, np.ceil(network.supplier.minimum_order_units[supplier]), 0.0)
    lanes, skus = network.lane.carries.shape
    approval: dict[str, Any] = {
        "approval_units": [None] * lanes,
        "approval_usd": [None] * lanes,
        "approval_days": None,
        "approval_sales_days": APPROVAL_SALES_DAYS,
        "approval_basis": f"none from training, as no orders of it were given; {SALES_BASIS}",
    }
    if largest is not None:
        rate = (network.market.echelon_share * demand_mean).sum(axis=1).clip(min=LEAST_RATE).sum(axis=-1)  # [N]
        days = largest[0] / rate[network.lane.destination]
        approval = {
            "approval_units": (APPROVAL_MULTIPLE * largest[0]).tolist(),
            "approval_usd": (APPROVAL_MULTIPLE * largest[1]).tolist(),
            "approval_days": float(APPROVAL_MULTIPLE * days.max(initial=0.0)),
            "approval_sales_days": APPROVAL_SALES_DAYS,
            "approval_basis": f"{APPROVAL_MULTIPLE:g} times the largest order of a day that each lane had in the "
            "training scenarios in which the envelope was recorded; approval_days: the same of any lane, in days of "
            f"its destination's long-run demand; {SALES_BASIS}",
        }
    return {
        "lane_m3": _or_none(network.lane.capacity_m3_per_day),
        "supplier_units": _or_none(network.supplier.capacity_units_per_day),
        "minimum_order_units": [value or None for value in minimum.tolist()],
        "pack_units": [None] * skus,
        **approval,
    }


def _or_none(capacities: NDArray[np.float64]) -> list[float | None]:
    return [value if value < UNLIMITED else None for value in capacities.tolist()]
