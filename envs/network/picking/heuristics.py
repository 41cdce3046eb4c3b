"""Tours by simple rules (Hall 1993, "Distance approximations for routing manual pickers in a warehouse")."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from entrepot.envs.network.columns import Floats
from entrepot.envs.network.picking.aisles import PickedAisles


def s_shape(picked: PickedAisles) -> Floats:
    """[Q] m: visited aisles are walked through, one up, the next down; of an odd number, the last is turned back in."""
    last = picked.visited.shape[1] - 1 - picked.visited[:, ::-1].argmax(axis=1)
    turned = 2 * np.take_along_axis(picked.farthest, last[:, None], axis=1)[:, 0]
    odd = picked.count % 2 == 1
    through = picked.length_m * (picked.count - odd)
    metres: Floats = picked.across_m + through + np.where(odd, turned, 0.0)
    return metres


def back_the_way(picked: PickedAisles) -> Floats:
    """[Q] m, the return rule: each visited aisle is entered from the front, to the last pick and back."""
    metres: Floats = picked.across_m + 2 * picked.farthest.sum(axis=1)
    return metres


def largest_gap(picked: PickedAisles) -> Floats:
    """[Q] m: the first and the last visited aisle are walked through; the others from both ends up to the largest gap.

    A single visited aisle is entered and left by the front.
    """
    number = np.cumsum(picked.visited, axis=1)
    between = picked.visited & (number > 1) & (number < picked.count[:, None])
    inside = 2 * np.where(between, picked.length_m - picked.largest_gap, 0.0).sum(axis=1)
    along = np.where(picked.count > 1, 2 * picked.length_m + inside, 2 * picked.farthest.max(axis=1))
    metres: Floats = picked.across_m + along
    return metres


ROUTINGS: dict[str, Callable[[PickedAisles], Floats]] = {
    "s_shape": s_shape,
    "return": back_the_way,
    "largest_gap": largest_gap,
}
"""The rules by name; the exact tour stands in a file of its own."""


def s_shape_by_hall(*, aisles: int, aisle_m: float, width_m: float, lines: int) -> float:
    """Mean length in m of S-shape tours over lines that lie evenly anywhere (Hall 1993).

    2·W·(n - 1)/(n + 1) across, L·G·(1 - (1 - 1/G)ⁿ) through the visited aisles, and L/2 for turning back in the last of
    an odd number. An approximation for many lines: aisles as if they lay without gaps, a depot between the outermost
    picks, and every second tour with an odd number.

    Args:
        aisles: G.
        aisle_m: L, length of an aisle.
        width_m: W, from the first aisle to the last.
        lines: n, of a pick list.
    """
    across = 2 * width_m * (lines - 1) / (lines + 1)
    return across + aisle_m * aisles * (1 - (1 - 1 / aisles) ** lines) + aisle_m / 2
