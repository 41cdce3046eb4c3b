"""Customers' orders over many warehouses, made up, and how long and how well they are allocated."""

from __future__ import annotations

from typing import Any

import numpy as np

from entrepot.scheduler.allocation.problem import Problem
from entrepot.scheduler.allocation.solve import CAP_SECONDS, solved


def made_up(seed: int, lines: int, warehouses: int) -> Problem:
    """One order; nothing of it is measured.

    Warehouses and the customer lie in a square of 3,000 km; freight is by weight and distance; a share of 0.2, 0.5 or
    0.8 of the warehouses hold each SKU, 1 to 10 units of it; a parcel costs 2, 5 or 10 USD. Low fixed costs and wide
    stock are easy; the others make splitting a question.
    """
    random = np.random.default_rng(seed)
    share, shipment_usd = random.choice([0.2, 0.5, 0.8]), random.choice([2.0, 5.0, 10.0])
    km = 3000 * np.linalg.norm(random.random((warehouses, 2)) - random.random(2), axis=1)
    kg = np.exp(random.normal(0, 0.7, (lines, 1)))
    usd = kg * (0.4 + 0.0006 * km) + 0.5 * random.random((lines, warehouses))
    free = (random.random((lines, warehouses)) < share) * random.integers(1, 11, (lines, warehouses))
    wanted = random.integers(1, 6, lines).astype(np.float64)
    fixed = np.full(warehouses, shipment_usd)
    return Problem.of(wanted, free.astype(np.float64), usd, fixed, np.ceil(km / 800) + 1)


def allocate(lines: int, warehouses: int, orders: int) -> dict[str, Any]:
    """Orders one after the other, each of its own."""
    found = [solved(made_up(seed, lines, warehouses)) for seed in range(orders)]
    milliseconds = 1000 * np.array([one.seconds for one in found])
    gaps = np.array([one.gap for one in found])
    return {
        "case": "allocate",
        "lines": lines,
        "warehouses": warehouses,
        "orders": orders,
        "cap_ms": 1000 * CAP_SECONDS,
        "ms_p50": float(np.percentile(milliseconds, 50)),
        "ms_p99": float(np.percentile(milliseconds, 99)),
        "gap_p50": float(np.percentile(gaps, 50)),
        "gap_p99": float(np.percentile(gaps, 99)),
        "proved_share": float((gaps <= 1e-5).mean()),
        "nearest_cost_ratio": float(np.mean([one.nearest_usd / one.usd for one in found])),
    }
