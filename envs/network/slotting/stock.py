"""What has to find a place, what place it may lie at, and where it lies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network.columns import Booleans, Floats, Integers
from entrepot.envs.network.layout.description import GOODS_TYPES
from entrepot.envs.network.layout.goods import GoodsArrays, cartons_held
from entrepot.envs.network.layout.positions import Positions


@dataclass(frozen=True)
class Stock:
    """S SKUs at one warehouse: how much of each is stored, how often it is picked."""

    positions: Positions
    goods: GoodsArrays
    units: Floats  # [S] stored
    lines_share: Floats  # [S] of all lines picked; adds up to 1

    @cached_property
    def cartons(self) -> Integers:
        """[S] to store."""
        return np.ceil(self.units / self.goods.units - 1e-9).astype(np.int64)

    @cached_property
    def _by_kind(self) -> tuple[Integers, Booleans]:
        """[S, kinds] cartons that positions of each kind hold, and whether they are offered to the SKU."""
        of_position, example = self.positions.kinds
        places = self.positions
        sides = np.column_stack([places.width_m[example], places.depth_m[example], places.height_m[example]])
        held = cartons_held(self.goods, sides, places.most_kg[example])
        fits = (held > 0) & places.allows[example][:, self.goods.kind].T
        # A position that holds fewer than the commonest of those that fit is left to other SKUs.
        number = np.bincount(of_position, minlength=len(example))
        commonest = np.where(fits, number, -1).argmax(axis=1)
        usual = np.take_along_axis(held, commonest[:, None], axis=1)
        return held, fits & (held >= usual)

    @cached_property
    def offered(self) -> Booleans:
        """[S, kinds] whether positions of a kind are offered to each SKU: by size, load and type."""
        return self._by_kind[1]

    @cached_property
    def cartons_a_position(self) -> Integers:
        """[S] that each of the SKU's positions holds, all alike; 0 where no position takes it."""
        held, offered = self._by_kind
        least = np.where(offered, held, np.iinfo(np.int64).max).min(axis=1)
        return np.where(offered.any(axis=1), least, 0)

    @cached_property
    def slots(self) -> Integers:
        """[S] positions that each SKU's stock takes; 0 where no position takes it."""
        held = self.cartons_a_position
        return np.where(held > 0, -(-self.cartons // np.maximum(held, 1)), 0)

    def refuse_too_small(self, where: str) -> None:
        """Say with figures that the layout can't hold the stock.

        Raises:
            ConfigurationError: more positions are needed than there are, in all or of one type.
        """
        needed, room = int(self.slots.sum()), len(self.positions)
        if needed > room:
            m3 = float((self.cartons * self.goods.sides_m.prod(axis=1)).sum())
            raise ConfigurationError(
                f"{where}: {room:,} positions, but the stock ({self.units.sum():,.0f} units in {self.cartons.sum():,} "
                f"cartons, {m3:,.0f} m³) takes {needed:,}; allowed: stock for at most {room:,}"
            )
        for number, kind in enumerate(GOODS_TYPES):
            wanted = int(self.slots[self.goods.kind == number].sum())
            there = int(self.positions.allowed(kind).sum())
            if wanted > there:
                raise ConfigurationError(
                    f"{where}: {there:,} positions allow {kind.value} goods, but their stock takes {wanted:,}; "
                    f"allowed: stock for at most {there:,}"
                )


@dataclass(frozen=True)
class Slotting:
    """Where everything lies."""

    method: str
    sku_at: Integers  # [P] -1 where nothing lies
    missing: Integers  # [S] positions that each SKU should have and has not
    unfit: Booleans  # [S] whether no position at all takes the SKU, by size, load or type

    def unplaced(self, names: tuple[str, ...]) -> list[str]:
        """A line for each SKU that found no place, or not enough."""
        return [
            f"{name}: no position takes it, by size, load or type"
            if self.unfit[sku]
            else f"{name}: {self.missing[sku]:,} of its positions not found"
            for sku, name in enumerate(names)
            if self.unfit[sku] or self.missing[sku] > 0
        ]

    def single_visit_m(self, stock: Stock) -> float:
        """Mean walk in m there and back where each order visits one position, any of the SKU's alike.

        Of the lines whose SKU lies somewhere.
        """
        filled = self.sku_at >= 0
        skus = self.sku_at[filled]
        count = np.bincount(skus, minlength=len(stock.lines_share))
        weight = stock.lines_share[skus] / count[skus]
        return float((weight * stock.positions.walk_m[filled]).sum() / weight.sum())
