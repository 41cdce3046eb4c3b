"""Positions as arrays, and the walk that leads to each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from entrepot.envs.network.columns import Booleans, Floats, Integers
from entrepot.envs.network.layout.description import GOODS_TYPES, GoodsType


@dataclass(frozen=True)
class Positions:
    """P positions of one warehouse, in aisles that all begin at one cross aisle in front and end at one at the back.

    x runs across the aisles, y along them from the middle of the front cross aisle, z upwards; all in m, to a
    position's middle (x, y) and floor (z).
    """

    names: tuple[str, ...]
    aisle: Integers  # [P] from 0, in the order of the aisles' x
    bay: Integers  # [P]
    level: Integers  # [P] from 0
    x: Floats  # [P]
    y: Floats  # [P]
    z: Floats  # [P]
    width_m: Floats  # [P]
    depth_m: Floats  # [P]
    height_m: Floats  # [P]
    most_kg: Floats  # [P]
    allows: Booleans  # [P, 4] whether goods of each type may lie there, in the order of `GOODS_TYPES`
    aisle_x: Floats  # [G] where each aisle is walked
    aisle_m: float  # from the middle of the front cross aisle to that of the one at the back
    depot_x: float  # where pick lists begin and end, on the front cross aisle

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def volume_m3(self) -> Floats:
        """[P] of each position."""
        return self.width_m * self.depth_m * self.height_m

    @cached_property
    def walk_m(self) -> Floats:
        """[P] there and back from the depot, along aisles, for one position alone."""
        across = np.abs(self.aisle_x[self.aisle] - self.depot_x)
        return 2 * (across + self.y)

    @cached_property
    def kinds(self) -> tuple[Integers, Integers]:
        """[P] the kind of each position, and [kinds] one position of each: the same size, load and types."""
        columns = np.column_stack([self.width_m, self.depth_m, self.height_m, self.most_kg, self.allows])
        _, first, kind = np.unique(columns, axis=0, return_index=True, return_inverse=True)
        return kind.reshape(-1), first

    def allowed(self, kind: GoodsType) -> Booleans:
        """[P] whether goods of the type may lie there."""
        allowed: Booleans = self.allows[:, GOODS_TYPES.index(kind)]
        return allowed


def types_at(kinds: NDArray[np.str_] | list[str]) -> Booleans:
    """[4] which types a list of names allows."""
    return np.array([kind.value in kinds for kind in GOODS_TYPES])
