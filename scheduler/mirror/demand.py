"""Sales and demand: what customers wait for, and daily sums of what was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from entrepot.envs.snapshot import calendar
from entrepot.scheduler.clock import microseconds
from entrepot.scheduler.events.data import Demand, Sale
from entrepot.scheduler.events.quantities import MILLION, millionths
from entrepot.scheduler.mirror.documents import Documents, Kept
from entrepot.scheduler.mirror.ranks import Amounts, Rank, add
from entrepot.scheduler.places import Places

NONE = np.int64(-1)


class DemandDump(msgspec.Struct, frozen=True):
    """As it is kept. Sums by day follow from the documents."""

    sales: Kept[Sale]
    picked: list[tuple[tuple[str, int], int]]
    told: list[tuple[tuple[int, int, int], tuple[int, int, bytes], int]]


class Waiting(NamedTuple):
    """Open units of a sale's SKU, in millionths."""

    market: int
    sku: int
    node: int | None  # to whose stock it is allocated; None where it waits for stock
    units: int


class DemandOfMarkets:
    """Of M markets and S SKUs."""

    def __init__(self, places: Places, kept: DemandDump | None = None) -> None:
        """Args: places: of the network. kept: what `dump` gave."""
        self._places = places
        self._shape = (len(places.names.markets), len(places.names.skus))
        self._daily: dict[int, NDArray[np.int64]] = {}  # by day: [M, S] millionths of units that sales ask for
        self.sales: Documents[Sale] = Documents(kept.sales if kept else None)
        self._open = {name for name, sale in self.sales.items() if sale.status == "open"}
        for sale in self.sales.values():
            self._add(sale, 1)
        self._picked: Amounts = dict(kept.picked) if kept else {}
        # Of a day, market and SKU of which all demand was told: by whose word, and by day how much; NONE elsewhere.
        self._told: dict[tuple[int, int, int], Rank] = {}
        self._told_daily: dict[int, NDArray[np.int64]] = {}
        for place, rank, units in kept.told if kept else ():
            self._tell(place, Rank(*rank), units)

    def sell(self, data: Sale, rank: Rank) -> None:
        """A sale, or what became of it."""
        holds, before = self.sales.put(data.sale, rank, data)
        if not holds:
            return
        if before is not None:
            self._add(before, -1)
        self._add(data, 1)
        if data.status == "open":
            self._open.add(data.sale)
        else:
            self._open.discard(data.sale)

    def tell(self, data: Demand, rank: Rank) -> None:
        """All the demand of a day."""
        names = self._places.names
        place = calendar.day_number(data.date), names.markets[data.market], names.skus[data.sku]
        if place not in self._told or rank > self._told[place]:
            self._tell(place, rank, self._millionths(data.units))

    def pick(self, sale: str, sku: int, units: int) -> None:
        """Units that were picked for a sale; below 0 undoes."""
        add(self._picked, (sale, sku), units)

    def waiting(self) -> Iterator[Waiting]:
        """What is open of every sale, less what was picked for it."""
        names = self._places.names
        for name in sorted(self._open):
            sale = self.sales.get(name)
            assert sale is not None
            picked: dict[int, int] = {}
            for line in sale.lines:
                sku = names.skus[line.sku]
                left = picked.setdefault(sku, max(self._picked.get((name, sku), 0), 0))
                units = self._millionths(line.units)
                taken = min(units, left)
                picked[sku] -= taken
                if units > taken:
                    node = None if line.node is None else names.nodes[line.node]
                    yield Waiting(names.markets[sale.market], sku, node, units - taken)

    def daily_units(self, first_day: int, days: int) -> NDArray[np.float64]:
        """[days, M, S] units asked for; 0 on days of which nothing was told."""
        sums = np.zeros((days, *self._shape), np.int64)
        for day in range(max(days, 0)):
            sold, told = self._daily.get(first_day + day), self._told_daily.get(first_day + day)
            if sold is not None:
                sums[day] = sold
            if told is not None:
                sums[day] = np.where(told == NONE, sums[day], told)
        return sums / MILLION

    def first_day(self) -> int | None:
        """The first day, in days since 1970-01-01, of which anything was told; None if there is none."""
        days = [*(day for day, sums in self._daily.items() if sums.any()), *self._told_daily]
        return min(days, default=None)

    def told_until(self, market: int) -> int | None:
        """The last day of which all of a market's demand was told; None where that never was."""
        days = [day for day, told in self._told_daily.items() if (told[market] != NONE).any()]
        return max(days, default=None)

    def dump(self) -> DemandDump:
        """In an order that doesn't depend on that of the events."""
        told = [
            (place, (rank.first, rank.second, rank.digest), int(self._told_daily[place[0]][place[1:]]))
            for place, rank in sorted(self._told.items())
        ]
        return DemandDump(self.sales.dump(), sorted(self._picked.items()), told)

    def _tell(self, place: tuple[int, int, int], rank: Rank, units: int) -> None:
        day, market, sku = place
        self._told[place] = rank
        if day not in self._told_daily:
            self._told_daily[day] = np.full(self._shape, NONE)
        self._told_daily[day][market, sku] = units

    def _add(self, sale: Sale, sign: int) -> None:
        if sale.status == "cancelled" or not sale.is_demand:
            return
        names = self._places.names
        day = self._places.day_at(sale.market, microseconds(sale.ordered))
        sums = self._daily.get(day)
        if sums is None:
            sums = self._daily[day] = np.zeros(self._shape, np.int64)
        for line in sale.lines:
            sums[names.markets[sale.market], names.skus[line.sku]] += sign * self._millionths(line.units)

    def _millionths(self, units: int | str) -> int:
        return millionths(units, divisible=self._places.divisible)
