"""What a person must know before they believe an evaluation's differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

SLOW_TURNS = 1.0
"""Turns a year below which most of what is sold was there when the days began."""
LARGE_SETTLEMENT = 0.1
"""Share of a policy's cost above which its settlement decides on its place."""


def remarks(rows: list[dict[str, Any]]) -> list[str]:
    """In lines; none where nothing is remarkable.

    Args:
        rows: one a policy, as `Evaluation.rows` has them.
    """
    return [*_of_dead_stock(rows), *_of_settlement(rows)]


def _of_dead_stock(rows: list[dict[str, Any]]) -> list[str]:
    turns = [row["inventory_turnover_per_year"] for row in rows if _known(row, "inventory_turnover_per_year")]
    if not turns or max(turns) >= SLOW_TURNS:
        return []
    span = (
        f"{min(turns):.1f}" if f"{min(turns):.1f}" == f"{max(turns):.1f}" else f"{min(turns):.1f} to {max(turns):.1f}"
    )
    return [
        f"every policy's stock turns {span} times a year: in these scenarios all of them mostly sell off what was "
        "there when the days began, so that they show little of how policies order. Test on a window whose sales are "
        "like those trained on, or on more days"
    ]


def _of_settlement(rows: list[dict[str, Any]]) -> list[str]:
    large = [
        f"{row['policy']} {row['settlement_usd_per_day']:+,.0f} USD a day"
        for row in rows
        if _known(row, "cost_usd_per_day")
        and abs(row["settlement_usd_per_day"]) > LARGE_SETTLEMENT * abs(row["settled_cost_usd_per_day"])
    ]
    if not large:
        return []
    return [
        f"stock at the end is far from that at the beginning ({', '.join(large)}): total before settlement says little"
    ]


def _known(row: Mapping[str, Any], name: str) -> bool:
    return bool(np.isfinite(row.get(name, np.nan)))
