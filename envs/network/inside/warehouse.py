"""One warehouse compiled: its positions, what lies there, and what its people and docks get done in a day."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from entrepot.configs.errors import ConfigurationError
from entrepot.envs.network.assortment import Assortment
from entrepot.envs.network.columns import Floats, Integers
from entrepot.envs.network.inside.description import Inside, WarehouseInside
from entrepot.envs.network.layout.csv_file import read_positions
from entrepot.envs.network.layout.generated import generated
from entrepot.envs.network.layout.goods import GoodsArrays
from entrepot.envs.network.layout.positions import Positions
from entrepot.envs.network.picking.aisles import PickedAisles
from entrepot.envs.network.picking.exact import exact
from entrepot.envs.network.picking.heuristics import ROUTINGS
from entrepot.envs.network.picking.lists import abc_curve, pick_lists
from entrepot.envs.network.slotting import Slotting, Stock, slotted

LISTS = 1000
"""Pick lists drawn for a mean tour."""
SEED = 0
"""Of those lists, and of random slots: a network's rates are the same whenever it is compiled."""


class NoPlaceError(ConfigurationError):
    """A layout takes nothing that is picked."""


@dataclass(frozen=True)
class Warehouse:
    """What is inside one node."""

    name: str
    described: WarehouseInside
    positions: Positions
    stock: Stock
    slotting: Slotting
    units_per_day: Floats | None = None  # [S] picked, as given; None where only the share of lines is assumed

    @classmethod
    def of(
        cls,
        name: str,
        inside: Inside,
        assortment: Assortment,
        *,
        units_per_day: Floats | None = None,
        units: Floats | None = None,
        slotting: str | None = None,
    ) -> Warehouse:
        """Lay out a node and give its stock a place.

        Args:
            name: of the node.
            inside: of the network.
            assortment: of the network.
            units_per_day: [S] picked; by the ABC curve in the order of the assortment if None.
            units: [S] stored; if None, what fills `filled_share` of the layout with equal days of stock.
            slotting: the method; the node's own if None.

        Raises:
            ConfigurationError: a layout that is impossible, or too small for the stock; with the figures.
        """
        described = inside.warehouses[name]
        where = f"inside.warehouses.{name}.layout"
        positions = positions_of(described, where)
        goods = GoodsArrays.of(inside.goods, assortment)
        if units_per_day is None or not units_per_day.sum() > 0:
            share = abc_curve(len(assortment.names), first_fifth=inside.lines_share_of_first_fifth)
        else:
            share = units_per_day / units_per_day.sum()
        if units is None:
            units = _filling(positions, goods, share, inside.filled_share)
        stock = Stock(positions, goods, units, share)
        stock.refuse_too_small(where)
        method = slotting or (described.picking.slotting if described.picking else "cube_per_order")
        return cls(name, described, positions, stock, slotted(stock, method, seed=SEED), units_per_day)

    @cached_property
    def lists(self) -> Integers:
        """[Q, lines] pick lists, of the node's own number of lines.

        Raises:
            NoPlaceError: no SKU that is picked lies anywhere.
        """
        lines = self.described.picking.lines_per_list if self.described.picking else 20
        rng = np.random.default_rng(SEED)
        lying = np.unique(self.slotting.sku_at[self.slotting.sku_at >= 0])
        if not self.stock.lines_share[lying].sum() > 0:
            raise NoPlaceError(
                f"inside.warehouses.{self.name}.layout: nothing that is picked finds a place, by size, load or type; "
                "allowed: positions that take a carton of some SKU (inside.goods says how large it is)"
            )
        return pick_lists(self.slotting.sku_at, self.stock.lines_share, lists=LISTS, lines=lines, rng=rng)

    @cached_property
    def tours_m(self) -> Floats:
        """[Q] length of the lists' tours, by the node's own routing."""
        return tours(self.positions, self.lists, self.described.picking.routing if self.described.picking else "exact")

    @cached_property
    def mean_level(self) -> float:
        """Of the lists' lines."""
        return float(self.positions.level[self.lists].mean())

    @cached_property
    def hours_a_list(self) -> float | None:
        """Of one person; None where nothing is said of picking."""
        work = self.described.picking
        return None if work is None else work.hours_a_list(tour_m=float(self.tours_m.mean()), levels=self.mean_level)

    @property
    def hours_a_unit(self) -> float | None:
        """Of one person, for each unit picked; None where nothing is said of picking."""
        work, hours = self.described.picking, self.hours_a_list
        return None if work is None or hours is None else hours / (work.lines_per_list * work.units_per_line)

    @property
    def picking_units_per_day(self) -> float | None:
        """What people and equipment pick; None where nothing is said of picking."""
        work, hours = self.described.picking, self.hours_a_list
        return None if work is None or hours is None else work.units_per_day(hours)

    @cached_property
    def stock_days(self) -> Floats:
        """[S] days that the stock of each SKU lasts, and so the age of the oldest where the oldest goes out first.

        Of units picked as given, or, where only shares of lines are assumed, of what all people pick in a day; infinite
        where nothing is picked.
        """
        rate = self.units_per_day
        if rate is None:
            rate = self.stock.lines_share * (self.picking_units_per_day or 0.0)
        days: Floats = np.divide(self.stock.units, rate, out=np.full(len(rate), np.inf), where=rate > 0)
        return days

    @cached_property
    def age_days(self) -> Floats:
        """[P] mean age of the goods at each position in a steady state; NaN where nothing lies or nothing is picked.

        An assumption: of a SKU with n positions, each in turn is filled with what comes in and picked empty, the oldest
        first. So the k-th oldest is n - k + 1/2 nths of its days of stock old, and the mean is half of them, as by
        Little's law. The nearest is taken for the oldest, since it is picked next.
        """
        sku_at, walk = self.slotting.sku_at, self.positions.walk_m
        age = np.full(len(sku_at), np.nan)
        places = np.flatnonzero(sku_at >= 0)
        places = places[np.lexsort((walk[places], sku_at[places]))]  # SKU by SKU, the nearest first
        skus = sku_at[places]
        count = np.bincount(skus, minlength=len(self.stock.units))
        nearer = np.arange(len(places)) - (np.cumsum(count) - count)[skus]
        days = np.where(np.isfinite(self.stock_days), self.stock_days, np.nan)[skus]
        age[places] = days * (count[skus] - nearer - 0.5) / count[skus]
        return age

    @property
    def dock_m3_per_day(self) -> float | None:
        """What doors and forklifts let through; None where nothing is said of docks."""
        return None if self.described.dock is None else self.described.dock.m3_per_day


def positions_of(described: WarehouseInside, where: str) -> Positions:
    """The positions of a node, read or laid out.

    Raises:
        ConfigurationError: what can't be used and why.
    """
    layout = described.layout
    if layout.positions is None:
        return generated(layout, where=where)
    path = Path(layout.positions)
    if not path.is_file():
        raise ConfigurationError(f"{where}.positions: the file {str(path)!r} does not exist")
    return read_positions(path, cross_aisle_m=layout.cross_aisle_m)


def tours(positions: Positions, lists: Integers, routing: str) -> Floats:
    """[Q] m of pick lists' tours.

    Raises:
        ConfigurationError: there is no such routing.
    """
    rules = {**ROUTINGS, "exact": exact}
    if routing not in rules:
        raise ConfigurationError(f"routing: {routing!r}; allowed: {', '.join(rules)}")
    return rules[routing](PickedAisles.of(positions, lists))


def _filling(positions: Positions, goods: GoodsArrays, share: Floats, filled: float) -> Floats:
    """[S] units that take a share of the layout's positions, with equal days of stock of every SKU."""
    one = Stock(positions, goods, np.ones(len(share)), share)
    held = one.cartons_a_position * goods.units  # units a position
    taken = held > 0
    slots_per_unit = np.where(taken, share / np.maximum(held, 1), 0.0)
    if not taken.any():
        return share
    # A SKU fills its last position in part, so that one is kept back for each.
    room = max(filled * len(positions) - taken.sum(), taken.sum())
    units: Floats = np.ceil(share * room / slots_per_unit.sum())
    return units
