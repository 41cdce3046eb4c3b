"""Goods as they lie in a warehouse: in cartons, of a size, a mass and a type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from entrepot.configs.loader import StrictModel
from entrepot.envs.network.columns import Floats, Integers
from entrepot.envs.network.layout.description import GOODS_TYPES, GoodsType, Metres, Part

if TYPE_CHECKING:
    from entrepot.envs.network.assortment import Assortment


class Carton(StrictModel):
    """A carton's measures, in m. As it stands: a European module of 600 mm by 400 mm, 400 mm high, an assumption."""

    width_m: Metres = 0.6
    depth_m: Metres = 0.4
    height_m: Metres = 0.4
    units: int | None = Field(None, ge=1, description="that it holds; as many as fit by volume if not given")


class Goods(StrictModel):
    """Of all SKUs: the carton they come in, and their types; of some by name, what is their own."""

    carton: Carton = Carton()
    filled_share: float = Field(0.85, gt=0, le=1, description="of a carton's volume that units take")
    type_shares: dict[GoodsType, Part] = Field(
        default_factory=dict, description="of SKUs that are not general; given out evenly over the list"
    )
    types: dict[str, GoodsType] = Field(default_factory=dict, description="of SKUs by name")
    cartons: dict[str, Carton] = Field(default_factory=dict, description="of SKUs by name")


@dataclass(frozen=True)
class GoodsArrays:
    """Of each SKU."""

    names: tuple[str, ...]
    units: Integers  # [S] in a carton
    sides_m: Floats  # [S, 3] width, depth and height of a carton
    kg: Floats  # [S] of a full carton
    kind: Integers  # [S] index of `GOODS_TYPES`
    replaced: tuple[str, ...]  # SKUs of which one unit is larger than the carton, so that each is a carton of its own

    @classmethod
    def of(cls, goods: Goods, assortment: Assortment) -> GoodsArrays:
        """Of an assortment. A unit larger than its carton is a cube of its own volume instead, and told."""
        cartons = [goods.cartons.get(name, goods.carton) for name in assortment.names]
        sides = np.array([[carton.width_m, carton.depth_m, carton.height_m] for carton in cartons])
        fit = np.floor(sides.prod(axis=1) * goods.filled_share / assortment.volume_m3 + 1e-9).astype(np.int64)
        units = np.array([carton.units or count for carton, count in zip(cartons, fit, strict=True)])
        alone = (fit < 1) & np.array([carton.units is None for carton in cartons])
        sides[alone] = np.cbrt(assortment.volume_m3[alone])[:, None]
        units = np.where(alone, 1, units)
        kind = _kinds(goods, assortment.names)
        replaced = tuple(np.array(assortment.names)[alone]) if alone.any() else ()
        return cls(assortment.names, units, sides, units * assortment.weight_kg, kind, replaced)


def _kinds(goods: Goods, names: tuple[str, ...]) -> Integers:
    """[S]: SKU number i has the type on which the share i·φ mod 1 falls, so that shares hold in every long stretch."""
    golden = (np.arange(1, len(names) + 1) * ((5**0.5 - 1) / 2)) % 1.0
    kind = np.full(len(names), GOODS_TYPES.index(GoodsType.GENERAL))
    edge = 0.0
    for name, share in goods.type_shares.items():
        kind[(golden >= edge) & (golden < edge + share)] = GOODS_TYPES.index(name)
        edge += share
    for at, sku in enumerate(names):
        if sku in goods.types:
            kind[at] = GOODS_TYPES.index(goods.types[sku])
    return kind


def cartons_held(goods: GoodsArrays, sides_m: Floats, most_kg: Floats) -> Integers:
    """[S, P] how many of each SKU's cartons a position holds, upright, in rows all one way round, within its load.

    Args:
        goods: S SKUs.
        sides_m: [P, 3] width, depth and height of positions.
        most_kg: [P] load of positions.
    """
    rows = [np.floor(sides_m[None, :, turn] / goods.sides_m[:, None, :] + 1e-9) for turn in ([0, 1, 2], [1, 0, 2])]
    count = np.maximum(rows[0].prod(axis=-1), rows[1].prod(axis=-1))
    by_mass = np.floor(most_kg[None, :] / goods.kg[:, None] + 1e-9)
    held: Integers = np.minimum(count, by_mass).astype(np.int64)
    return held
