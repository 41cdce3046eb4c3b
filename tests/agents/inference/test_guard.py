"""The last look at orders, tried by itself: whatever the projection let through."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from entrepot.agents.inference.feasibility import MOST_UNITS
from entrepot.agents.inference.guard import sound
from entrepot.agents.inference.rows import Rows

NETWORK = {"lane_origin": np.array([2, 0]), "lane_destination": np.array([0, 1])}
"""From a supplier to the first of two nodes, and on to the second."""
ON_HAND = np.array([[[5.0], [0.0]], [[5.0], [0.0]]])  # [B, N, S]


def judged(supplier: int, transfer: int, *, asked: float = 5.0, lane_open: float = 1.0) -> tuple[list[bool], str]:
    """Which of two rows are sound, the second of which orders nothing; and what is said of the first."""
    orders: NDArray[np.int64] = np.array([[[supplier], [transfer]], [[0], [0]]])
    raw = np.array([[[asked], [asked]], [[0.0], [0.0]]])
    rows = Rows(2)
    good = sound(orders, raw, NETWORK, ON_HAND, np.full((2, 2), lane_open), rows)
    return good.tolist(), " ".join(str(reason) for reason in rows.reasons[0])


def test_orders_that_can_be_are_let_out() -> None:
    assert judged(100, 5) == ([True, True], "")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"supplier": 1, "transfer": 0, "asked": 2.0 * MOST_UNITS}, "more than any order can be"),
        ({"supplier": 1, "transfer": 0, "asked": float("nan")}, "not a number"),
        ({"supplier": -1, "transfer": 0}, "below 0"),
        ({"supplier": 1, "transfer": 0, "lane_open": 0.0}, "on a closed lane"),
        ({"supplier": 0, "transfer": 6}, "more than the origin has"),
    ],
)
def test_a_row_that_cannot_be_right_orders_nothing_and_says_why(given: dict[str, float], why: str) -> None:
    good, said = judged(**given)  # type: ignore[arg-type]
    assert good == [False, True]
    assert f"guard: orders: {why}" in said


def test_orders_of_another_shape_or_kind_are_none() -> None:
    rows = Rows(2)
    raw = np.zeros((2, 2, 1))
    good = sound(np.zeros((2, 2, 1)), raw, NETWORK, ON_HAND, np.ones((2, 2)), rows)
    assert not good.any()
    assert "are float64 [2, 2, 1]" in str(rows.reasons[1][0])
