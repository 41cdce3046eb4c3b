"""Racks laid out from a floor's area, a storage volume and a clear height."""

from __future__ import annotations

import numpy as np

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network.columns import Booleans, Floats, Integers
from entrepot.envs.network.layout.description import GOODS_TYPES, GoodsType, Layout
from entrepot.envs.network.layout.positions import Positions


def generated(layout: Layout, *, where: str) -> Positions:
    """Parallel aisles with a rack on both sides, filled level by level as far as the storage volume goes.

    The floor is `length_to_width` times as long as it is wide. Docks lie along its long side with the staging area
    behind them; aisles run from there to the back. Of each position half an aisle and half the rack's depth is floor.

    Args:
        layout: with area and storage volume.
        where: the file and key to name in an error.

    Raises:
        ConfigurationError: the volume doesn't fit under the roof of that floor; with the figures.
    """
    assert layout.area_m2 is not None
    assert layout.storage_m3 is not None
    size = layout.position
    length = float(np.sqrt(layout.area_m2 * layout.length_to_width))
    depth = layout.area_m2 / length * (1 - layout.staging_share)
    aisles = int(length / (layout.aisle_m + 2 * size.depth_m) + 1e-9)
    bays = max(int((depth - 2 * layout.cross_aisle_m) / size.width_m + 1e-9), 0)
    levels = int(layout.clear_height_m / size.height_m + 1e-9)
    volume = size.width_m * size.depth_m * size.height_m
    needed = int(np.ceil(layout.storage_m3 / volume - 1e-9))
    room = aisles * bays * levels * 2
    if needed > room:
        raise ConfigurationError(
            f"{where}: storage_m3: {layout.storage_m3:,g} m³ are {needed:,} positions of {volume:.2f} m³, but "
            f"{layout.area_m2:,g} m² hold {room:,}: {aisles} aisles of {2 * bays} places on {levels} levels "
            f"under {layout.clear_height_m:g} m; allowed: up to {room * volume:,.0f} m³"
        )
    # The lowest levels first, and on each of them the places nearest the front.
    level, bay, aisle, side = (index.ravel() for index in np.indices((levels, bays, aisles, 2)))
    level, bay, aisle, side = (index[:needed] for index in (level, bay, aisle, side))
    aisle_x: Floats = (np.arange(aisles, dtype=np.float64) + 0.5) * (length / aisles)
    y = layout.cross_aisle_m / 2 + (bay + 0.5) * size.width_m
    reach = (layout.aisle_m + size.depth_m) / 2
    names = tuple(
        f"{a + 1:02d}-{b * 2 + s + 1:03d}-{v + 1}" for a, b, s, v in zip(aisle, bay, side, level, strict=True)
    )
    count = len(names)
    return Positions(
        names=names,
        aisle=aisle,
        bay=bay,
        level=level,
        x=aisle_x[aisle] + np.where(side == 0, -reach, reach),
        y=y,
        z=level * size.height_m,
        width_m=np.full(count, size.width_m),
        depth_m=np.full(count, size.depth_m),
        height_m=np.full(count, size.height_m),
        most_kg=np.full(count, size.most_kg),
        allows=_allowed(layout, aisle, y),
        aisle_x=aisle_x,
        aisle_m=layout.cross_aisle_m + bays * size.width_m,
        depot_x=length / 2,
    )


def _allowed(layout: Layout, aisle: Integers, y: Floats) -> Booleans:
    """[P, 4]: from the last aisle on, positions that are one type's alone; the rest takes general and fragile goods."""
    count = len(aisle)
    allows = np.zeros((count, len(GOODS_TYPES)), dtype=np.bool_)
    common = [kind in (GoodsType.GENERAL, GoodsType.FRAGILE) for kind in GOODS_TYPES]
    allows[:] = common
    from_the_end = np.lexsort((-y, -aisle))
    taken = 0
    for kind, share in layout.reserved.items():
        places = from_the_end[taken : taken + round(share * count)]
        allows[places] = [kind is other for other in GOODS_TYPES]
        taken += len(places)
    return allows
