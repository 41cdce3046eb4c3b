"""What is seen of a warehouse: a box for each position, what each of them tells, and a pick tour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network.columns import Floats
from entrepot.envs.network.inside.warehouse import Warehouse
from entrepot.envs.network.layout.description import GOODS_TYPES
from entrepot.envs.network.picking.path import s_shape_path

COLOURINGS = {
    "velocity": "lines picked a day at the position, of the most picked one's (square root)",
    "occupancy": "whether anything lies there, by how full the SKU's positions are",
    "goods": "type of goods that lie there",
    "age": "age of the stock there, the oldest going out first",
}
"""What a position's colour may tell."""
EMPTY = -1.0


@dataclass(frozen=True)
class Scene:
    """One warehouse, P positions."""

    title: str
    corner: Floats  # [P, 3] m: least x, y, z of each box
    size: Floats  # [P, 3] m
    values: dict[str, Floats]  # [P] by colouring, from 0 to 1; `EMPTY` where nothing lies
    told: dict[str, str]  # by colouring, what the values tell
    labels: tuple[str, ...]  # [P] position and SKU, and how old it is if that is known
    tour: Floats  # [corners, 2] m
    tour_m: float
    length_m: float  # of an aisle

    @classmethod
    def of(cls, warehouse: Warehouse, *, network: str) -> Scene:
        """Of a warehouse whose stock has its places; the tour is of the first of its pick lists, S-shape."""
        positions, stock, sku_at = warehouse.positions, warehouse.stock, warehouse.slotting.sku_at
        # Along an aisle lies a position's width, across it its depth.
        size = np.column_stack([positions.depth_m, positions.width_m, positions.height_m])
        middle = np.column_stack([positions.x, positions.y, positions.z])
        filled = sku_at >= 0
        count = np.maximum(np.bincount(sku_at[filled], minlength=len(stock.slots)), 1)
        lines = np.where(filled, stock.lines_share[sku_at] / count[sku_at], 0.0)
        held = np.maximum(stock.slots * stock.cartons_a_position, 1)
        full = np.minimum(stock.cartons / held, 1.0)
        values = {
            "velocity": np.sqrt(lines / max(float(lines.max()), 1e-12)),
            "occupancy": full[sku_at],
            "goods": stock.goods.kind[sku_at] / (len(GOODS_TYPES) - 1),
        }
        age = warehouse.age_days
        known = np.isfinite(age)
        oldest = float(age[known].max(initial=0.0))
        values["age"] = np.where(known, age / max(oldest, 1e-12), EMPTY)
        of_age = f"1: {oldest:,.0f} days" if known.any() else "not known, as nothing is said of picking"
        told = COLOURINGS | {"age": f"{COLOURINGS['age']}; {of_age}"}
        names = (*stock.goods.names, "empty")
        days = [f", {value:,.0f} days" if there else "" for value, there in zip(age, known, strict=True)]
        tour = s_shape_path(positions, warehouse.lists[0])
        return cls(
            title=f"{warehouse.name} ({network}): {len(positions):,} positions, {filled.mean():.0%} taken",
            corner=middle - np.array([0.5, 0.5, 0.0]) * size,
            size=size,
            values={name: np.where(filled, value, EMPTY) for name, value in values.items()},
            told=told,
            labels=tuple(
                f"{name}: {names[sku]}{old}" for name, sku, old in zip(positions.names, sku_at, days, strict=True)
            ),
            tour=tour,
            tour_m=float(np.abs(np.diff(tour, axis=0)).sum()),
            length_m=positions.aisle_m,
        )

    def value(self, colouring: str) -> Floats:
        """[P] of one colouring.

        Raises:
            ConfigurationError: there is no such colouring.
        """
        if colouring not in self.values:
            raise ConfigurationError(f"--colour: {colouring!r}; allowed: {', '.join(COLOURINGS)}")
        return self.values[colouring]
