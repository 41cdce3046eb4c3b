"""Pick lists by aisle: all that a tour's length hangs on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from entrepot.envs.network.columns import Booleans, Floats, Integers
from entrepot.envs.network.layout.positions import Positions


@dataclass(frozen=True)
class PickedAisles:
    """Of Q pick lists in one warehouse of G parallel aisles: what is picked where."""

    x: Floats  # [G] where aisles are, rising
    length_m: float  # of an aisle, from cross aisle to cross aisle
    depot_x: float  # on the front cross aisle
    visited: Booleans  # [Q, G] whether anything is picked there
    nearest: Floats  # [Q, G] m from the front to the first pick; the aisle's length where there is none
    farthest: Floats  # [Q, G] m from the front to the last pick; 0 where there is none
    largest_gap: Floats  # [Q, G] m, the longest stretch without a pick, ends included; the length where there is none

    @classmethod
    def of(cls, positions: Positions, lists: Integers) -> PickedAisles:
        """Of pick lists.

        Args:
            positions: of the warehouse.
            lists: [Q, lines] indices of positions; -1 where a list is shorter.
        """
        listed = lists >= 0
        aisle = np.where(listed, positions.aisle[lists], 0)
        y = np.where(listed, positions.y[lists], np.nan)
        return cls.at(positions.aisle_x, positions.aisle_m, positions.depot_x, aisle, y)

    @classmethod
    def at(cls, x: Floats, length_m: float, depot_x: float, aisle: Integers, y: Floats) -> PickedAisles:
        """Of picks by aisle and distance from the front.

        Args:
            x: [G] of aisles, rising.
            length_m: of an aisle.
            depot_x: on the front cross aisle.
            aisle: [Q, lines] indices.
            y: [Q, lines] m from the front; NaN for no pick.
        """
        (lists, lines), aisles = aisle.shape, len(x)
        row = np.repeat(np.arange(lists), lines)
        cell, at = row * aisles + aisle.ravel(), y.ravel()
        real = ~np.isnan(at)
        cell, at = cell[real], at[real]
        order = np.lexsort((at, cell))
        cell, at = cell[order], at[order]
        first = np.ones(len(cell), dtype=np.bool_)
        first[1:] = cell[1:] != cell[:-1]
        last = np.roll(first, -1)
        visited = np.zeros(lists * aisles, dtype=np.bool_)
        nearest, farthest = np.full(lists * aisles, length_m), np.zeros(lists * aisles)
        gap = np.full(lists * aisles, length_m)
        visited[cell] = True
        nearest[cell[first]], farthest[cell[last]] = at[first], at[last]
        before = np.where(first, 0.0, np.roll(at, 1))
        gap[cell[first]] = 0.0
        np.maximum.at(gap, cell, at - before)
        np.maximum.at(gap, cell[last], length_m - at[last])
        shape = (lists, aisles)
        return cls(x, length_m, depot_x, *(array.reshape(shape) for array in (visited, nearest, farthest, gap)))

    @cached_property
    def across_m(self) -> Floats:
        """[Q] along the cross aisles, of a tour from the depot past all visited aisles and back."""
        left = np.where(self.visited, self.x, np.inf).min(axis=1)
        right = np.where(self.visited, self.x, -np.inf).max(axis=1)
        anything = self.visited.any(axis=1)
        left, right = np.where(anything, left, self.depot_x), np.where(anything, right, self.depot_x)
        across: Floats = np.abs(self.depot_x - left) + (right - left) + np.abs(right - self.depot_x)
        return across

    @cached_property
    def count(self) -> Integers:
        """[Q] of visited aisles."""
        count: Integers = self.visited.sum(axis=1)
        return count
